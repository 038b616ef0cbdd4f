// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/found_deal.h"

#include <fmt/core.h>

#include <charconv>

#include "car/ipld/varint.h"

namespace dagfs::dagstore {

std::optional<std::uint64_t> actor_from_address(ByteView address) {
  if (address.empty() || address.front() != std::byte{0}) return std::nullopt;
  ByteView rest = address.subspan(1);
  const auto actor = car::read_varint(&rest);
  if (!actor.ok() || !rest.empty()) return std::nullopt;
  return *actor;
}

std::optional<std::uint64_t> actor_from_text(std::string_view address) {
  if (!address.starts_with("f0") && !address.starts_with("t0")) {
    return std::nullopt;
  }
  address.remove_prefix(2);
  std::uint64_t actor = 0;
  const char* const end = address.data() + address.size();
  const auto [parsed, code] = std::from_chars(address.data(), end, actor);
  if (code != std::errc() || parsed != end) return std::nullopt;
  return actor;
}

Result<mount::PieceCopy> copy_at(const mount::SectorId& sector,
                                 std::uint64_t offset, std::uint64_t length) {
  const auto size = mount::PieceSize::from_padded(mount::PaddedSize(length));
  const bool is_place = size.ok() && offset % length == 0 &&
                        offset < mount::PieceSize::max().padded().bytes();
  if (!is_place) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("no piece of {} bytes can lie at {} in a sector",
                             length, offset));
  }
  return mount::PieceCopy{
      .sector = sector,
      .place = {.offset = mount::PaddedOffset(offset), .size = *size}};
}

}  // namespace dagfs::dagstore
