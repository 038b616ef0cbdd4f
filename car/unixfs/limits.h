// SPDX-License-Identifier: Apache-2.0 OR MIT

// Bounds on what UnixFS DAGs may ask of us. Blocks themselves are bounded by
// car/limits.h.

#pragma once

#include <cstddef>
#include <cstdint>

namespace dagfs::car {

// Sizes are shown as off_t, and sums of two of them must not wrap.
inline constexpr std::uint64_t kFileSizeMax = (std::uint64_t{1} << 63) - 1;

// Links from a file's root to its farthest leaf. A balanced file of 2^63 bytes
// with two links a node and 1-byte leaves needs 63; trickle DAGs of any real
// size stay below 20. Independent readers stop here too.
inline constexpr std::size_t kFileDepthMax = 64;

// Nodes and leaves looked at when a file's declared sizes are no use and the
// real ones are added up. At a few microseconds each that is below a second,
// and at 1 MiB a leaf it still measures a file of 128 GiB.
inline constexpr std::size_t kMeasuredNodesMax = std::size_t{1} << 17;

// Memory for the interior nodes one open file keeps decoded. A full node of
// 1,024 links counts for about 200 KB, so some 20 stay: the way down and
// whatever several readers of different places, or a random reader of 20 GiB,
// come back to. A file of 1 TiB has a thousand of them.
inline constexpr std::size_t kFileNodesCostMax = std::size_t{4} << 20;

// The fan-out up to which a name's place in a HAMT is computed from its hash.
// Writers use 256 and Kubo reads up to 1,024; no hash bits are saved above
// 2^20, whose shards would not fit into any block. Shards beyond it are
// searched name by name.
inline constexpr std::uint64_t kHamtFanoutMax = std::uint64_t{1} << 20;

// Links from a HAMT's root shard to its deepest. A hash of 64 bits is used up
// after as many levels of two slots, and after 8 of the usual 256.
inline constexpr std::size_t kHamtDepthMax = 64;

// Shards visited in a row without meeting a name, after which a listing or a
// search gives up. Writers leave no shard without names below it, but a DAG of
// a few blocks can describe 2^64 empty ones, and a partial CAR may lack
// all 65,536 shards of a level.
inline constexpr std::size_t kEmptyShardsMax = std::size_t{1} << 17;

// Memory for the shards one open HAMT keeps decoded. A shard of 256 names is
// about 30 KB: enough for the shards that a listing and the look-ups of its
// names go through at a time.
inline constexpr std::size_t kHamtShardsCostMax = std::size_t{2} << 20;

// What writers may choose.

// IPFS moves blocks of at most 2 MiB; Kubo keeps back 256 bytes of that for
// what a leaf is wrapped into, and so do we.
inline constexpr std::uint64_t kBlockSizeToMoveMax = std::uint64_t{2} << 20;
inline constexpr std::uint64_t kChunkSizeMax = kBlockSizeToMoveMax - 256;

// Links of an interior node. So many to blocks with 32-byte digests are 1 MiB,
// and to inlined ones at most kBlockSizeToMoveMax.
inline constexpr std::size_t kFileLinksMax = std::size_t{1} << 14;

// A plain directory is one block.
inline constexpr std::uint64_t kShardThresholdMax = kBlockSizeToMoveMax;

// Kubo writes and reads fan-outs from 8, whose bitfield is a byte, to 1,024.
inline constexpr std::uint64_t kWrittenFanoutMin = 8;
inline constexpr std::uint64_t kWrittenFanoutMax = 1024;

// Readers refuse identity CIDs with longer digests.
inline constexpr std::size_t kInlineSizeMax = 128;

// NAME_MAX of Linux: what a name of the mount can hold.
inline constexpr std::size_t kNameSizeMax = 255;

// PATH_MAX of Linux, its NUL included: no system call takes a longer target.
inline constexpr std::size_t kSymlinkTargetMax = 4095;

// Levels of a local tree that is imported. Each holds a descriptor open, and
// processes have 1,024 unless told otherwise. PATH_MAX allows 2,047, which
// nobody meets in practice.
inline constexpr std::size_t kTreeDepthMax = 512;

// Bytes that wait to be hashed or put, for one file: two times what 16 hashes
// side by side (the widest there is) take of 1 MiB chunks.
inline constexpr std::size_t kBytesInFlightMax = std::size_t{32} << 20;

}  // namespace dagfs::car
