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

}  // namespace dagfs::car
