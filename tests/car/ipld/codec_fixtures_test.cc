// SPDX-License-Identifier: Apache-2.0 OR MIT

// The IPLD project's fixtures, each node in every codec that can hold it, and
// those of DASL and multihash.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "car/ipld/dag_cbor.h"
#include "car/ipld/dag_json.h"
#include "car/ipld/dag_pb.h"
#include "tests/support/fixtures.h"
#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::_;
using tests::fixtures_folder;
using tests::from_hex;
using tests::IsOkAnd;
using tests::read_file;

std::filesystem::path aux_folder(std::string_view name) {
  return *fixtures_folder() / "aux" / name;
}

Result<IpldNode> decode(const std::string& codec, const Bytes& bytes) {
  if (codec == ".dag-cbor") {
    return decode_dag_cbor(bytes, DagCborForm::kCanonical);
  }
  if (codec == ".dag-json") return decode_dag_json(bytes);
  const DagPbNode node =
      DAGFS_TRY(DagPbNode::decode(std::make_shared<const Bytes>(bytes)));
  return ipld_node_of(node);
}

// dag-pb is written from the node in the data model, as an importer would.
Bytes encode_as_dag_pb(const IpldNode& node) {
  std::vector<DagPbLinkToWrite> links;
  for (const IpldNode& link : node.find("Links")->as_list()) {
    DagPbLinkToWrite& added = links.emplace_back();
    added.cid = link.find("Hash")->as_link();
    if (const auto* name = link.find("Name")) added.name = name->as_string();
    if (const auto* tsize = link.find("Tsize")) {
      added.tsize = tsize->as_integer().argument;
    }
  }
  const IpldNode* const data = node.find("Data");
  if (data == nullptr) return encode_dag_pb(links, std::nullopt);
  return encode_dag_pb(links, ByteView(data->as_bytes()));
}

Bytes encode(const std::string& codec, const IpldNode& node) {
  if (codec == ".dag-cbor") return encode_dag_cbor(node).value();
  if (codec == ".dag-pb") return encode_as_dag_pb(node);
  const std::string text = encode_dag_json(node).value();
  return Bytes(as_bytes(text).begin(), as_bytes(text).end());
}

nlohmann::json read_json(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path).value();
  return nlohmann::json::parse(as_text(bytes));
}

TEST(CodecFixtures, EveryCodecReadsTheSameNodeAndWritesTheSameBytes) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  std::size_t nodes = 0;
  for (const auto& folder : std::filesystem::directory_iterator(
           aux_folder("ipld__codec-fixtures") / "fixtures")) {
    std::map<std::string, Bytes> encodings;
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      encodings[file.path().extension()] = read_file(file.path()).value();
      const Bytes& bytes = encodings[file.path().extension()];
      const Cid cid = Cid::parse(file.path().stem().string()).value();
      EXPECT_THAT(verify_bytes(cid.multihash(), bytes), IsOkAnd(_)) << file;
    }
    for (const auto& [from, bytes] : encodings) {
      const auto node = decode(from, bytes);
      ASSERT_THAT(node, IsOkAnd(_)) << folder << from;
      for (const auto& [to, expected] : encodings) {
        EXPECT_EQ(as_text(encode(to, *node)), as_text(expected))
            << folder << from << to;
      }
    }
    ++nodes;
  }
  EXPECT_GT(nodes, 50u);
}

TEST(CodecFixtures, NegativeOnesAreRefused) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  std::size_t cases = 0;
  for (const auto& folder : std::filesystem::directory_iterator(
           aux_folder("ipld__codec-fixtures") / "negative-fixtures")) {
    const std::string codec = "." + folder.path().filename().string();
    for (const auto& file :
         std::filesystem::directory_iterator(folder.path() / "decode")) {
      for (const auto& one : read_json(file.path())) {
        const std::string hex = one["hex"];
        EXPECT_FALSE(decode(codec, from_hex(hex)).ok()) << codec << hex;
        ++cases;
      }
    }
  }
  EXPECT_GT(cases, 10u);
}

TEST(DaslFixtures, CanonicalFormIsTheirs) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  std::size_t cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(
           aux_folder("hyphacoop__dasl-testing") / "fixtures" / "cbor")) {
    for (const auto& one : read_json(file.path())) {
      const auto& tags = one["tags"];
      const bool applies = std::ranges::find(tags, "basic") != tags.end() ||
                           std::ranges::find(tags, "dag-cbor") != tags.end();
      if (!applies || one["type"] == "invalid_out") continue;
      const Bytes bytes = from_hex(one["data"].get<std::string>());
      const auto node = decode_dag_cbor(bytes, DagCborForm::kCanonical);
      EXPECT_EQ(node.ok(), one["type"] == "roundtrip") << one;
      if (node.ok()) {
        EXPECT_THAT(encode_dag_cbor(*node), IsOkAnd(bytes)) << one;
      }
      ++cases;
    }
  }
  EXPECT_GT(cases, 20u);
}

TEST(MultihashFixtures, DigestsOfTheTableMatch) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  const auto lines = tests::read_lines(aux_folder("multiformats__multihash") /
                                       "tests" / "values" / "test_cases.csv");
  ASSERT_THAT(lines, IsOkAnd(testing::SizeIs(testing::Gt(100u))));
  for (std::size_t i = 1; i < lines->size(); ++i) {
    const auto fields = tests::split((*lines)[i], ',');
    if (fields.size() != 4) continue;
    const Bytes encoded = from_hex(fields[3]);
    ByteView rest = encoded;
    const auto multihash = read_multihash(&rest);
    ASSERT_THAT(multihash, IsOkAnd(_)) << (*lines)[i];
    EXPECT_THAT(verify_bytes(*multihash, as_bytes(fields[2])), IsOkAnd(_))
        << (*lines)[i];
  }
}

TEST(AtprotoFixtures, ValidOnesSurviveBothCodecs) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  const auto cases =
      read_json(aux_folder("bluesky-social__atproto-interop-tests") /
                "data-model" / "data-model-valid.json");
  ASSERT_FALSE(cases.empty());
  for (const auto& one : cases) {
    const std::string text = one["json"].dump();
    const auto node = decode_dag_json(as_bytes(text));
    ASSERT_THAT(node, IsOkAnd(_)) << text;
    const Bytes cbor = encode_dag_cbor(*node).value();
    const auto back = decode_dag_cbor(cbor, DagCborForm::kCanonical);
    ASSERT_THAT(back, IsOkAnd(_)) << text;
    EXPECT_EQ(dag_json_text(*back), dag_json_text(*node));
  }
}

}  // namespace
}  // namespace dagfs::car
