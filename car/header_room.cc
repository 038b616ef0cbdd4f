// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/header_room.h"

#include <algorithm>
#include <cassert>
#include <vector>

#include "car/car_header.h"
#include "car/ipld/cid.h"

namespace dagfs::car {

static_assert(kHeaderRoomOffset == kPragmaSize + kCarV2HeaderSize);

std::uint64_t header_room_for(std::size_t root_count,
                              std::size_t cid_size_max) {
  // An identity CID of any length is: version, codec, hash function, length of
  // one byte below 128 and of two from there on.
  const std::size_t around = cid_size_max < 4 + 128 ? 4 : 5;
  const Bytes digest(cid_size_max < around ? 0 : cid_size_max - around);
  const Cid longest =
      Cid::v1(Codec::kRaw, {.code = HashCode::kIdentity, .digest = digest});
  return encode_car_header(std::vector<Cid>(root_count, longest)).size();
}

Bytes unfinished_head(std::uint64_t room) {
  Bytes head(kHeaderRoomOffset);
  std::ranges::copy(as_bytes(kPragma), head.begin());
  const Bytes inner = right_aligned(encode_car_header({}), room);
  head.insert(head.end(), inner.begin(), inner.end());
  return head;
}

Bytes right_aligned(ByteView header, std::uint64_t room) {
  assert(header.size() <= room);
  Bytes bytes(room);
  std::ranges::copy_backward(header, bytes.end());
  return bytes;
}

}  // namespace dagfs::car
