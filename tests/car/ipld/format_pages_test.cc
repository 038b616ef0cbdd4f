// SPDX-License-Identifier: Apache-2.0 OR MIT

// The worked examples of docs/formats are what our readers say they are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "car/ipld/cid.h"
#include "car/ipld/dag_cbor.h"
#include "car/ipld/dag_json.h"
#include "car/ipld/dag_pb.h"
#include "tests/support/fixtures.h"
#include "tests/support/from_hex.h"
#include "tests/support/result_matchers.h"

namespace dagfs::car {
namespace {

using testing::_;
using testing::HasSubstr;
using tests::IsOkAnd;

constexpr std::string_view kAbc =
    "bafkreif2pall7dybz7vecqka3zo24irdwabwdi4wc55jznaq75q7eaavvu";

// The first fenced block of a kind ("hex", "json") on a page, a line each.
std::vector<std::string> example(std::string_view page, std::string_view kind) {
  const auto path =
      std::filesystem::path(DAGFS_SOURCE_DIR) / "docs" / "formats" / page;
  std::vector<std::string> lines;
  bool inside = false;
  const auto page_lines = tests::read_lines(path).value();
  for (const std::string& line : page_lines) {
    if (inside && line == "```") break;
    if (inside) lines.push_back(line);
    if (line == "```" + std::string(kind)) inside = true;
  }
  return lines;
}

// Bytes of lines such as "0a 24  # Comment."
Bytes hex_example(std::string_view page) {
  std::string digits;
  for (const std::string& line : example(page, "hex")) {
    digits += line.substr(0, line.find('#'));
  }
  return tests::from_hex(digits);
}

std::string page_text(std::string_view page) {
  const auto path =
      std::filesystem::path(DAGFS_SOURCE_DIR) / "docs" / "formats" / page;
  return std::string(as_text(tests::read_file(path).value()));
}

TEST(CidPage, ExampleIsTheRawBlockAbc) {
  const auto cid = Cid::from_bytes(hex_example("cid.md"));
  ASSERT_THAT(cid, IsOkAnd(Cid::parse(kAbc).value()));
  EXPECT_THAT(verify_bytes(cid->multihash(), as_bytes("abc")), IsOkAnd(_));
  EXPECT_THAT(page_text("cid.md"), HasSubstr(cid->to_string()));

  const auto v0 = Cid::from_bytes(cid->multihash_bytes());
  ASSERT_THAT(v0, IsOkAnd(_));
  EXPECT_THAT(page_text("cid.md"), HasSubstr(v0->to_string()));
}

TEST(DagPbPage, ExampleIsADirectoryWithOneEntry) {
  const auto node = DagPbNode::decode(
      std::make_shared<const Bytes>(hex_example("dag_pb.md")));
  ASSERT_THAT(node, IsOkAnd(_));
  ASSERT_EQ(node->link_count(), 1u);
  EXPECT_EQ(node->link_name(0), "abc");
  EXPECT_EQ(node->link(0).cid.to_cid().to_string(), kAbc);
  EXPECT_EQ(dag_json_text(ipld_node_of(*node).value()),
            example("dag_pb.md", "json").front());
}

TEST(DagCborPage, ExampleIsAMapOfThree) {
  const Bytes bytes = hex_example("dag_cbor.md");
  const auto node = decode_dag_cbor(bytes, DagCborForm::kCanonical);
  ASSERT_THAT(node, IsOkAnd(_));
  EXPECT_EQ(node->find("n")->as_integer(), IpldInteger::of(-1000));
  EXPECT_EQ(node->find("ab")->as_link().to_string(), kAbc);
  EXPECT_EQ(node->find("ppt")->as_float(), 1.5);
  EXPECT_THAT(encode_dag_cbor(*node), IsOkAnd(bytes));
}

TEST(DagJsonPage, ExampleHoldsTheMapOfTheCborPage) {
  const std::string text = example("dag_json.md", "json").front();
  const auto node = decode_dag_json(as_bytes(text));
  ASSERT_THAT(node, IsOkAnd(_));
  EXPECT_EQ(dag_json_text(node->as_list().front()),
            dag_json_text(decode_dag_cbor(hex_example("dag_cbor.md")).value()));
  EXPECT_EQ(as_text(node->as_list().back().as_bytes()), "hi");
  EXPECT_THAT(encode_dag_json(*node), IsOkAnd(text));
  EXPECT_TRUE(text.starts_with(as_text(hex_example("dag_json.md"))));
}

}  // namespace
}  // namespace dagfs::car
