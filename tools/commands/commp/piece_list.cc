// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commp/piece_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "tools/rpc/json_rpc.h"

namespace dagfs::tools {
namespace {

using mount::PieceSize;

// A record before anything about it is checked.
struct RawPiece {
  std::string cid;
  std::string padded;
  std::string unpadded;
  std::string file_size;
  std::string any_size;
  std::string file;
};

struct Column {
  std::string_view name;  // In small letters and digits alone.
  std::string RawPiece::*member;
};

// As the programs name them that write such lists. Of several of one meaning
// the first counts.
constexpr std::array kColumns = {
    Column{"piececid", &RawPiece::cid},
    Column{"piececidv1", &RawPiece::cid},
    Column{"commp", &RawPiece::cid},
    Column{"piece", &RawPiece::cid},
    Column{"cid", &RawPiece::cid},
    Column{"key", &RawPiece::cid},
    Column{"piececidv2", &RawPiece::cid},
    Column{"paddedpiecesize", &RawPiece::padded},
    Column{"piecesize", &RawPiece::padded},
    Column{"unpaddedpiecesize", &RawPiece::unpadded},
    Column{"payloadsize", &RawPiece::file_size},
    Column{"carsize", &RawPiece::file_size},
    Column{"filesize", &RawPiece::file_size},
    Column{"size", &RawPiece::any_size},
    Column{"length", &RawPiece::any_size},
    Column{"filename", &RawPiece::file},
    Column{"file", &RawPiece::file},
    Column{"carfile", &RawPiece::file},
    Column{"carpath", &RawPiece::file},
    Column{"path", &RawPiece::file},
    Column{"name", &RawPiece::file},
};

// Of a table without a line of names.
constexpr std::array<std::string_view, 3> kUnnamedColumns = {"cid", "size",
                                                             "file"};

Error bad_record(std::size_t number, std::string_view why) {
  return {ErrorCode::kCorrupt, fmt::format("record {}: {}", number, why)};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) + 1 - first);
}

std::string bare_name(std::string_view name) {
  std::string bare;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') bare.push_back(static_cast<char>(c - 'A' + 'a'));
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) bare.push_back(c);
  }
  return bare;
}

// Position among the columns that are known; the end if it is none of them.
std::size_t column_of(std::string_view name) {
  const std::string bare = bare_name(name);
  const auto* const found = std::ranges::find(kColumns, bare, &Column::name);
  return static_cast<std::size_t>(found - kColumns.begin());
}

// Collects the fields of one record.
class RawPieceBuilder {
 public:
  void set(std::size_t column, std::string value) {
    if (column < values_.size()) values_[column] = std::move(value);
  }

  RawPiece build() && {
    RawPiece piece;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      std::string& member = piece.*kColumns[i].member;
      if (member.empty()) member = std::move(values_[i]);
    }
    return piece;
  }

 private:
  std::array<std::string, kColumns.size()> values_;
};

Result<std::optional<std::uint64_t>> parse_size(std::string_view text) {
  text = trimmed(text);
  if (text.empty()) return std::optional<std::uint64_t>();
  std::uint64_t value = 0;
  const auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("\"{}\" is no number of bytes", text));
  }
  return std::optional<std::uint64_t>(value);
}

Result<std::optional<PieceSize>> parse_piece_size(const RawPiece& raw) {
  const auto padded = DAGFS_TRY(parse_size(raw.padded));
  const auto unpadded = DAGFS_TRY(parse_size(raw.unpadded));
  std::optional<PieceSize> size;
  if (unpadded) {
    size = DAGFS_TRY(PieceSize::from_unpadded(mount::UnpaddedSize(*unpadded)));
  }
  if (!padded) return size;
  // Some programs write what Lotus calls a piece size, which is unpadded.
  auto piece = PieceSize::from_padded(mount::PaddedSize(*padded));
  if (!piece.ok()) {
    auto other = PieceSize::from_unpadded(mount::UnpaddedSize(*padded));
    if (!other.ok()) return std::move(piece).error();
    piece = std::move(other);
  }
  if (size && *size != *piece) {
    return Error(ErrorCode::kCorrupt, "its two piece sizes differ");
  }
  return std::optional<PieceSize>(*piece);
}

Result<ListedPiece> parse_piece(const RawPiece& raw) {
  ListedPiece piece;
  piece.cid = trimmed(raw.cid);
  if (piece.cid.empty()) return Error(ErrorCode::kCorrupt, "no piece CID");
  const car::Cid cid = DAGFS_TRY(car::Cid::parse(piece.cid));
  piece.expected.cid = DAGFS_TRY(mount::parse_piece_cid(cid));
  piece.expected.size = DAGFS_TRY(parse_piece_size(raw));
  piece.file_size = DAGFS_TRY(parse_size(raw.file_size));
  piece.any_size = DAGFS_TRY(parse_size(raw.any_size));
  piece.file = trimmed(raw.file);
  DAGFS_TRY(check_size(piece.expected,
                       piece.expected.cid.payload.value_or(
                           mount::UnpaddedSize(piece.file_size.value_or(0)))));
  return piece;
}

// Lines of a table, of which quoted fields may hold separators and newlines.
class TableReader {
 public:
  explicit TableReader(std::string_view text)
      : rest_(text), separator_(separator_of(text)) {}

  // The fields of the next line that has any; none at the end.
  std::vector<std::string> next() {
    std::vector<std::string> fields;
    while (fields.empty() && !rest_.empty()) {
      bool is_last = false;
      while (!is_last) fields.push_back(take_field(&is_last));
      const bool is_blank = fields.size() == 1 && trimmed(fields[0]).empty();
      if (is_blank || fields[0].starts_with('#')) fields.clear();
    }
    return fields;
  }

 private:
  static char separator_of(std::string_view text) {
    const std::string_view line = text.substr(0, text.find('\n'));
    for (const char candidate : {'\t', ';'}) {
      if (line.find(candidate) != std::string_view::npos) return candidate;
    }
    return ',';
  }

  std::string take_field(bool* is_last) {
    std::string field;
    bool is_quoted = false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"' && is_quoted && rest_.starts_with('"')) {
        field.push_back('"');
        rest_.remove_prefix(1);
      } else if (c == '"' && (is_quoted || trimmed(field).empty())) {
        is_quoted = !is_quoted;
      } else if (!is_quoted && c == separator_) {
        return field;
      } else if (!is_quoted && c == '\n') {
        break;
      } else {
        field.push_back(c);
      }
    }
    *is_last = true;
    return field;
  }

  std::string_view rest_;
  const char separator_;
};

bool is_cid(std::string_view text) {
  return car::Cid::parse(trimmed(text)).ok();
}

std::vector<std::size_t> columns_of(const std::vector<std::string>& names) {
  std::vector<std::size_t> columns;
  for (const std::string& name : names) columns.push_back(column_of(name));
  return columns;
}

using RawPieces = std::vector<RawPiece>;

Error no_list(std::string_view why) {
  return {ErrorCode::kCorrupt, fmt::format("not a list of pieces: {}", why)};
}

bool is_cid_column(std::size_t column) {
  return column < kColumns.size() && kColumns[column].member == &RawPiece::cid;
}

Result<RawPieces> read_table(std::string_view text) {
  RawPieces pieces;
  TableReader table(text);
  std::vector<std::string> fields = table.next();
  std::vector<std::size_t> columns = columns_of(fields);
  if (std::ranges::any_of(fields, is_cid)) {
    columns = columns_of({kUnnamedColumns.begin(), kUnnamedColumns.end()});
  } else if (std::ranges::none_of(columns, is_cid_column)) {
    return no_list("no piece CID in its first line");
  } else {
    fields = table.next();
  }
  for (; !fields.empty(); fields = table.next()) {
    RawPieceBuilder piece;
    for (std::size_t i = 0; i < std::min(fields.size(), columns.size()); ++i) {
      piece.set(columns[i], std::move(fields[i]));
    }
    pieces.push_back(std::move(piece).build());
  }
  return pieces;
}

// Numbers and CIDs may be spelled in other ways than as text.
std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return to_line(value);
  const bool is_link = value.is_object() && value.size() == 1 &&
                       value.contains("/") && value["/"].is_string();
  return is_link ? value["/"].get<std::string>() : std::string();
}

RawPiece raw_piece_from(const Json& object) {
  RawPieceBuilder piece;
  for (const auto& [name, value] : object.items()) {
    piece.set(column_of(name), text_of(value));
  }
  return std::move(piece).build();
}

// The array itself, or the first array that an object holds.
const Json* records_of(const Json& document) {
  if (document.is_array()) return &document;
  if (!document.is_object()) return nullptr;
  const auto array = std::ranges::find_if(
      document, [](const Json& member) { return member.is_array(); });
  return array == document.end() ? nullptr : &*array;
}

Result<RawPieces> read_json(std::string_view text) {
  const Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return no_list("not JSON");
  RawPieces pieces;
  if (document.is_object()) {
    pieces.push_back(raw_piece_from(document));
    if (!pieces.back().cid.empty()) return pieces;
    pieces.clear();
  }
  const Json* const records = records_of(document);
  if (records == nullptr) return no_list("no array of objects");
  for (const Json& record : *records) pieces.push_back(raw_piece_from(record));
  return pieces;
}

Result<RawPieces> read_json_lines(std::string_view text) {
  RawPieces pieces;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (trimmed(line).empty()) continue;
    const Json document = Json::parse(line, nullptr, false);
    if (!document.is_object()) {
      return bad_record(pieces.size() + 1, "not a JSON object");
    }
    pieces.push_back(raw_piece_from(document));
  }
  return pieces;
}

Result<RawPieces> read_records(std::string_view text) {
  const std::string_view content = trimmed(text);
  if (content.empty()) return no_list("it is empty");
  if (content.front() != '[' && content.front() != '{') {
    return read_table(content);
  }
  auto pieces = read_json(content);
  if (pieces.ok() || content.front() == '[') return pieces;
  return read_json_lines(content);
}

}  // namespace

Result<std::vector<ListedPiece>> parse_piece_list(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  const RawPieces records = DAGFS_TRY(read_records(text));
  std::vector<ListedPiece> pieces;
  for (const RawPiece& raw : records) {
    const std::size_t number = pieces.size() + 1;
    auto piece = parse_piece(raw);
    if (!piece.ok()) return bad_record(number, piece.error().message());
    piece->number = number;
    pieces.push_back(std::move(piece).value());
  }
  return pieces;
}

Status check_file_size(const ListedPiece& listed, std::uint64_t size) {
  const mount::UnpaddedSize payload(size);
  DAGFS_TRY(check_size(listed.expected, payload));
  if (listed.file_size && *listed.file_size != size) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("has {} bytes, and {} are listed", size,
                             *listed.file_size));
  }
  if (!listed.any_size || *listed.any_size == size) return ok_status();
  auto piece = PieceSize::from_padded(mount::PaddedSize(*listed.any_size));
  if (!piece.ok()) {
    piece = PieceSize::from_unpadded(mount::UnpaddedSize(*listed.any_size));
  }
  const auto least = DAGFS_TRY(PieceSize::holding(payload));
  if (piece.ok() && *piece >= least) return ok_status();
  return Error(ErrorCode::kCorrupt,
               fmt::format("has {} bytes, and a size of {} is listed", size,
                           *listed.any_size));
}

Status check_file(const ListedPiece& listed,
                  const mount::PieceCommitment& found) {
  DAGFS_TRY(check_file_size(listed, found.payload.bytes()));
  mount::PieceExpectation expected = listed.expected;
  const bool is_of_piece =
      listed.any_size && *listed.any_size != found.payload.bytes();
  if (is_of_piece && !expected.size) {
    auto size = PieceSize::from_padded(mount::PaddedSize(*listed.any_size));
    if (!size.ok()) {
      size = PieceSize::from_unpadded(mount::UnpaddedSize(*listed.any_size));
    }
    expected.size = DAGFS_TRY(std::move(size));
  }
  return check_commitment(expected, found);
}

}  // namespace dagfs::tools
