// SPDX-License-Identifier: Apache-2.0 OR MIT

// CARs that nobody here wrote, and what independent readers say of them. They
// are not part of the repository: docs/testing.md says where they come from.

#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::tests {

// What the fixtures' inventory expects of a CAR.
enum class Validity : std::uint8_t {
  kOk,
  kBadHash,        // Readable; at least one block does not hash to its CID.
  kError,          // Malformed: a clear error, and nothing else.
  kReadersDiffer,  // Independent readers disagree; `note` says how.
};

struct Fixture {
  std::string name;           // "go-car--sample-v1"; unique.
  std::filesystem::path car;  // Absolute.
  Validity validity = Validity::kOk;
  std::string status;    // What a strict reader says: "ok" or "error: ...".
  std::string features;  // Comma-separated: "carv1,cidv1,missing-blocks".
  std::string note;

  bool has_feature(std::string_view feature) const;
};

// How GoogleTest names the parameter of a failing test.
void PrintTo(const Fixture& fixture, std::ostream* out);

// DAGFS_FIXTURES, or "../shared/fixtures" beside the source tree; nullopt where
// neither is there, and then tests skip.
std::optional<std::filesystem::path> fixtures_folder();

// Every CAR of INVENTORY.tsv, in its order; empty without fixtures.
const std::vector<Fixture>& fixtures();

// The one called `name`, or null.
const Fixture* find_fixture(std::string_view name);

// A table of tab-separated text under a heading of "# key<TAB>value..." lines.
struct ExpectedTable {
  std::map<std::string, std::vector<std::string>, std::less<>> heading;
  std::vector<std::vector<std::string>> rows;
};

// expected/NAME.KIND.tsv, gzipped or not; `kind` is "blocks", "tree" or
// "index". nullopt where the readers gave none.
Result<std::optional<ExpectedTable>> expected_table(const Fixture& fixture,
                                                    std::string_view kind);

// The lines of a text file, which may be gzipped, without their ends.
// kNotFound, kIo.
Result<std::vector<std::string>> read_lines(const std::filesystem::path& path);

std::vector<std::string> split(std::string_view text, char separator);

// The whole file. kNotFound, kIo.
Result<Bytes> read_file(const std::filesystem::path& path);

}  // namespace dagfs::tests

// First line of a test that needs the fixtures.
#define DAGFS_SKIP_WITHOUT_FIXTURES()                     \
  if (!dagfs::tests::fixtures_folder()) {                 \
    GTEST_SKIP() << "no fixtures: DAGFS_FIXTURES is not " \
                    "set to a folder that has them";      \
  }
