// SPDX-License-Identifier: Apache-2.0 OR MIT

// Bounds on what CARs and indices may ask of us, checked before anything is
// added, multiplied, allocated or recursed into.

#pragma once

#include <cstddef>
#include <cstdint>

namespace dagfs::car {

// go-car's default; a header of 32 MiB lists about 800,000 roots.
inline constexpr std::uint64_t kHeaderSizeMax = std::uint64_t{32} << 20;

// A block is held in memory whole while its digest is checked. IPFS moves
// blocks of at most 2 MiB and go-car reads 8 MiB, but Filecoin chain snapshots
// (FRC-0108) carry metadata blocks far beyond that.
inline constexpr std::uint64_t kBlockSizeMax = std::uint64_t{256} << 20;

// go-car's MaxIndexCidSize: longer CIDs (identity ones, in practice) cannot be
// indexed by anybody else either.
inline constexpr std::size_t kCidSizeMax = 2048;

// A root takes 72 bytes of memory but as few as 8 of a header, so the header's
// size alone would let 32 MiB of file ask for 300 MiB. As many roots with
// 32-byte digests would fill a header of 40 MiB.
inline constexpr std::size_t kRootCountMax = std::size_t{1} << 20;

// Pairs of hash function and digest length in one index. Identity digests
// alone can have 2,000 lengths; hash functions add a few. Each costs memory
// whatever it holds.
inline constexpr std::size_t kIndexBucketsMax = 4096;

// The index is sorted in memory. 4 GiB are 100 million sections with 32-byte
// digests, or a 32 GiB sector filled with blocks of 340 bytes.
inline constexpr std::uint64_t kIndexSizeMax = std::uint64_t{4} << 30;

// Copies of one block that are tried when the first ones are damaged. Padding
// blocks are written a million times by some importers; nobody gains from
// listing or trying each.
inline constexpr std::size_t kCopiesMax = 16;

// A node that is decoded: its links and values take a multiple of its bytes in
// memory. A plain directory of a million entries, far beyond what importers
// write without sharding, is about 50 MiB.
inline constexpr std::size_t kNodeSizeMax = std::size_t{64} << 20;

// Values in one decoded node, up to 72 bytes of memory each. A block of 2 MiB,
// and IPFS moves none larger, holds no more unless they are of one byte.
inline constexpr std::size_t kNodeValuesMax = std::size_t{1} << 20;

// Lists and maps within each other. Decoders recurse and threads of the mount
// have stacks of a few MiB; a path of PATH_MAX bytes cannot lead deeper than
// four times this.
inline constexpr std::size_t kNodeDepthMax = 512;

}  // namespace dagfs::car
