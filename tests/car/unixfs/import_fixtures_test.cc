// SPDX-License-Identifier: Apache-2.0 OR MIT

// The roots that Kubo and the JavaScript importer give to the inputs of
// expected/import.tsv in the fixtures.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "car/ipld/multihash.h"
#include "car/unixfs/directory_builder.h"
#include "car/unixfs/file_builder.h"
#include "tests/support/chacha.h"
#include "tests/support/fixtures.h"
#include "tests/support/memory_sink.h"

namespace dagfs::car {
namespace {

namespace stdfs = std::filesystem;
using tests::MemorySink;

// Options of tools that have no name here; nullopt: layouts that we only read.
std::optional<ImportProfile> profile_of(const std::string& name) {
  if (name.find('+') != std::string::npos) return std::nullopt;
  ImportProfile profile;
  if (name == "kubo-cidv1" || name == "test-cid-v1") {
    profile.links_max = 174;
    profile.shard_estimate = DirectoryEstimate::kLinksBytes;
    if (name == "kubo-cidv1") profile.chunk_size = 262'144;
    return profile;
  }
  if (name == "lotus-noinline") {
    profile = find_import_profile("lotus").value();
    profile.inline_max.reset();
    return profile;
  }
  return find_import_profile(name).value();
}

// A file of the fixtures that is named so and has this digest: a row's second
// column.
std::optional<Bytes> fixture_file(const std::string& name,
                                  const std::string& sha256) {
  const auto matches = [&](const Bytes& content) {
    return to_hex(hash_bytes(HashCode::kSha2_256, content).value()) == sha256;
  };
  if (matches({})) return Bytes();
  if (name == "pinpie.jpg") {
    // The only block of a CAR, which is its last.
    constexpr std::size_t kSize = 47'874;
    auto car = tests::read_file(*tests::fixtures_folder() /
                                "car/ipfs-car--pinpie.car");
    if (!car.ok() || car->size() < kSize) return std::nullopt;
    Bytes content(car->end() - kSize, car->end());
    if (matches(content)) return content;
  }
  for (const auto& entry :
       stdfs::recursive_directory_iterator(*tests::fixtures_folder() / "aux")) {
    if (entry.path().filename() != name) continue;
    auto content = tests::read_file(entry.path());
    if (content.ok() && matches(*content)) return std::move(*content);
  }
  return std::nullopt;
}

Result<BuiltDag> import_bytes(const ImportProfile& profile, ByteView content) {
  MemorySink sink;
  HashPool pool;
  FileBuilder file(profile, sink, &pool);
  DAGFS_TRY(file.append(content));
  return file.finish();
}

Result<BuiltDag> import_names(const ImportProfile& profile,
                              const std::vector<std::string>& input) {
  MemorySink sink;
  const BuiltDag x = DAGFS_TRY(import_bytes(profile, as_bytes("x")));
  DirectoryBuilder directory(profile, sink);
  for (const std::string& name :
       tests::chacha_names(input[1], std::stoul(input[2]), std::stoul(input[3]),
                           std::stoul(input[4]))) {
    DAGFS_TRY(directory.add(name, x.cid, x.total_size));
  }
  return directory.finish();
}

// nullopt: the input is not here.
std::optional<std::string> root_of(const std::vector<std::string>& row,
                                   const ImportProfile& profile) {
  const std::vector<std::string> input = tests::split(row[0], ':');
  Result<BuiltDag> built = Error(ErrorCode::kNotFound, "no such input");
  if (input[0] == "hello") {
    built = import_bytes(profile, as_bytes("hello world"));
  } else if (input[0] == "chacha") {
    built = import_bytes(profile,
                         tests::chacha_bytes(input[1], std::stoull(input[2])));
  } else if (input[0] == "dirnames") {
    built = import_names(profile, input);
  } else if (const auto content = fixture_file(row[0], row[1])) {
    built = import_bytes(profile, *content);
  } else {
    return std::nullopt;
  }
  return built.ok() ? built->cid.to_string() : built.error().message();
}

TEST(ImportFixtures, RootsAreThoseOfOtherImporters) {
  DAGFS_SKIP_WITHOUT_FIXTURES();
  const auto lines =
      tests::read_lines(*tests::fixtures_folder() / "expected/import.tsv");
  ASSERT_TRUE(lines.ok());
  std::size_t equal = 0;
  std::map<std::string, int> left_out;
  for (const std::string& line : *lines) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> row = tests::split(line, '\t');
    const auto profile = profile_of(row[2]);
    const auto root = profile ? root_of(row, *profile) : std::nullopt;
    if (!root) {
      ++left_out[profile ? row[0] : row[2]];
      continue;
    }
    EXPECT_EQ(*root, row[3]) << row[0] << ' ' << row[2];
    if (*root == row[3]) ++equal;
  }
  EXPECT_GE(equal, 71U);
  fmt::print("{} roots are equal\n", equal);
  for (const auto& [what, count] : left_out) {
    fmt::print("left out: {} of {}\n", count, what);
  }
}

}  // namespace
}  // namespace dagfs::car
