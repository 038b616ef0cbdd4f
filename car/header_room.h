// SPDX-License-Identifier: Apache-2.0 OR MIT

// The bytes that a growing CARv2 keeps free for its inner header, as the roots
// are known last. docs/formats/car.md shows them.

#pragma once

#include <cstddef>
#include <cstdint>

#include "car/base/bytes.h"

namespace dagfs::car {

// After pragma and header.
inline constexpr std::uint64_t kHeaderRoomOffset = 51;

// A header without roots.
inline constexpr std::uint64_t kHeaderRoomMin = 18;

// One root of 36 bytes (CIDv1, a codec below 128, sha2-256): the inner header
// fills it and the payload begins at 51, as other writers have it. A CIDv0
// leaves 2 bytes of it unused.
inline constexpr std::uint64_t kHeaderRoomUsual = 59;

// Four such roots, or one identity CID of up to 177 bytes, 38 more than
// inlining up to 126 bytes ever takes; the first section begins at 256.
inline constexpr std::uint64_t kHeaderRoomLarge = 205;

// Pragma, header and room end in the first page of the file, so that a patch
// of them is on the disk whole or not at all.
inline constexpr std::uint64_t kHeaderRoomMax = 4096 - kHeaderRoomOffset;

// What `root_count` roots whose CIDs have at most `cid_size_max` bytes need.
std::uint64_t header_room_for(std::size_t root_count, std::size_t cid_size_max);

// What a CARv2 begins with until it is finished: the pragma, a header of zeros,
// and the room, which is at least kHeaderRoomMin, with a header without roots.
Bytes unfinished_head(std::uint64_t room);

// `header`, which is not longer than `room`, at the end of it; zeros before
// that are padding, for the payload of a CARv2 may begin anywhere.
Bytes right_aligned(ByteView header, std::uint64_t room);

}  // namespace dagfs::car
