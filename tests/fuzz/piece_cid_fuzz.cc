// SPDX-License-Identifier: Apache-2.0 OR MIT

// What is read as the CID of a piece is made again from what was read; each
// version leads to the other and back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "mount/piece/piece_cid.h"

namespace {

using dagfs::car::Cid;
using dagfs::mount::PieceSize;

void check(const Cid& cid) {
  const auto piece = dagfs::mount::parse_piece_cid(cid);
  if (!piece.ok()) return;
  const auto v1 = dagfs::mount::to_piece_cid_v1(cid);
  if (!v1.ok() || *v1 != dagfs::mount::piece_cid_v1(piece->root)) std::abort();
  if (!piece->payload) {
    if (*v1 != cid) std::abort();
    return;
  }
  const auto size = PieceSize::holding(*piece->payload);
  if (!size.ok()) std::abort();
  const auto v2 = dagfs::mount::to_piece_cid_v2(*v1, *piece->payload);
  if (!v2.ok() || *v2 != cid) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto from_bytes = Cid::from_bytes(input);
  if (from_bytes.ok()) check(*from_bytes);
  const auto from_text = Cid::parse(dagfs::as_text(input));
  if (from_text.ok()) check(*from_text);
  return 0;
}
