// SPDX-License-Identifier: Apache-2.0 OR MIT

// Lists of pieces that other programs write: a table with commas, semicolons or
// tabs, a JSON array of objects, or JSON with an object a line. docs/cli.md has
// the names of the columns.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"
#include "mount/piece/file_commp.h"

namespace dagfs::tools {

// A list of a million pieces has a tenth of that.
inline constexpr std::uint64_t kPieceListSizeMax = std::uint64_t{1} << 30;

struct ListedPiece {
  std::size_t number = 0;  // Of the record in the list, from 1.
  std::string cid;         // As the list spells it.
  mount::PieceExpectation expected;
  std::optional<std::uint64_t> file_size;  // Exact.
  // Of a column that does not say of what: of the file, or of the piece with or
  // without padding.
  std::optional<std::uint64_t> any_size;
  std::string file;  // Empty: not listed.
};

// kCorrupt, with the number of the record: no piece CID, a size that is none,
// sizes that contradict each other, or no list at all.
Result<std::vector<ListedPiece>> parse_piece_list(std::string_view text);

// As mount::check_size and mount::check_commitment, with all the list says.
Status check_file_size(const ListedPiece& listed, std::uint64_t size);
Status check_file(const ListedPiece& listed,
                  const mount::PieceCommitment& found);

}  // namespace dagfs::tools
