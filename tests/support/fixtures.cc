// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/fixtures.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <utility>

#include "car/base/file.h"

namespace dagfs::tests {
namespace {

constexpr std::size_t kReadSize = std::size_t{1} << 16;

struct GzClose {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, GzClose>;

// zlib hands plain files through as they are.
Result<std::string> read_gzipped(const std::filesystem::path& path) {
  const GzFile file(gzopen(path.c_str(), "rb"));
  if (!file) return Error(ErrorCode::kNotFound, path.string());

  std::string text;
  while (true) {
    const std::size_t before = text.size();
    text.resize(before + kReadSize);
    const int count = gzread(file.get(), text.data() + before, kReadSize);
    if (count < 0) return Error(ErrorCode::kIo, path.string());
    text.resize(before + static_cast<std::size_t>(count));
    if (count == 0) return text;
  }
}

Validity validity_from(std::string_view text) {
  if (text == "ok") return Validity::kOk;
  if (text == "ok-bad-hash") return Validity::kBadHash;
  if (text == "error") return Validity::kError;
  return Validity::kReadersDiffer;
}

std::vector<Fixture> load_fixtures() {
  std::vector<Fixture> all;
  const auto folder = fixtures_folder();
  if (!folder) return all;
  const auto lines = read_lines(*folder / "INVENTORY.tsv");
  if (!lines.ok() || lines->empty()) return all;

  const std::vector<std::string> columns = split(lines->front(), '\t');
  for (std::size_t i = 1; i < lines->size(); ++i) {
    const std::vector<std::string> cells = split((*lines)[i], '\t');
    std::map<std::string, std::string, std::less<>> row;
    for (std::size_t c = 0; c < columns.size() && c < cells.size(); ++c) {
      row[columns[c]] = cells[c];
    }
    all.push_back({.name = row["name"],
                   .car = *folder / row["dir"] / (row["name"] + ".car"),
                   .validity = validity_from(row["valid"]),
                   .status = row["status"],
                   .features = row["features"],
                   .note = row["note"]});
  }
  return all;
}

}  // namespace

bool Fixture::has_feature(std::string_view feature) const {
  const std::vector<std::string> all = split(features, ',');
  return std::ranges::find(all, feature) != all.end();
}

void PrintTo(const Fixture& fixture, std::ostream* out) {
  *out << fixture.name;
}

std::optional<std::filesystem::path> fixtures_folder() {
  // Tests are single-threaded where they ask for this.
  const char* named =
      std::getenv("DAGFS_FIXTURES");  // NOLINT(concurrency-mt-unsafe)
  const std::filesystem::path folder =
      named != nullptr && *named != '\0'
          ? std::filesystem::path(named)
          : std::filesystem::path(DAGFS_SOURCE_DIR) / "../shared/fixtures";
  std::error_code failure;
  if (!std::filesystem::exists(folder / "INVENTORY.tsv", failure)) {
    return std::nullopt;
  }
  return std::filesystem::weakly_canonical(folder, failure);
}

const std::vector<Fixture>& fixtures() {
  static const std::vector<Fixture> all = load_fixtures();
  return all;
}

const Fixture* find_fixture(std::string_view name) {
  const auto found = std::ranges::find(fixtures(), name, &Fixture::name);
  return found == fixtures().end() ? nullptr : &*found;
}

Result<std::optional<ExpectedTable>> expected_table(const Fixture& fixture,
                                                    std::string_view kind) {
  const auto folder = fixtures_folder();
  if (!folder) return Error(ErrorCode::kNotFound, "no fixtures");
  std::filesystem::path path = *folder / "expected" / fixture.name;
  path += "." + std::string(kind) + ".tsv";
  if (!std::filesystem::exists(path)) path += ".gz";
  if (!std::filesystem::exists(path)) return std::optional<ExpectedTable>();

  const std::vector<std::string> lines = DAGFS_TRY(read_lines(path));
  ExpectedTable table;
  for (const std::string& line : lines) {
    if (!line.starts_with("# ")) {
      table.rows.push_back(split(line, '\t'));
      continue;
    }
    std::vector<std::string> cells = split(line.substr(2), '\t');
    const std::string key = std::move(cells.front());
    cells.erase(cells.begin());
    table.heading[key] = std::move(cells);
  }
  return std::optional<ExpectedTable>(std::move(table));
}

Result<std::vector<std::string>> read_lines(const std::filesystem::path& path) {
  const std::string text = DAGFS_TRY(read_gzipped(path));
  std::vector<std::string> lines = split(text, '\n');
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Result<Bytes> read_file(const std::filesystem::path& path) {
  const auto file = DAGFS_TRY(PosixFile::open(path));
  Bytes bytes(file->size());
  DAGFS_TRY(file->read_at(0, bytes));
  return bytes;
}

}  // namespace dagfs::tests
