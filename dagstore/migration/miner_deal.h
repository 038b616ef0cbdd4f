// SPDX-License-Identifier: Apache-2.0 OR MIT

// Records of go-fil-markets, which Lotus and Boost keep in LevelDB:
// docs/migration.md.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "mount/piece/piece_size.h"

namespace dagfs::dagstore {

struct MinerDeal {
  car::Cid proposal;  // Of the signed proposal.
  car::Cid piece;     // Version 1.
  mount::PieceSize piece_size;
  std::optional<std::uint64_t> miner;  // Actor; where the proposal names one.
  std::uint64_t state = 0;
  std::uint64_t deal_id = 0;
  std::uint64_t sector = 0;
  std::string inbound_car;  // Path; empty where the version has none.
};

// All of `bytes` is a MinerDeal, a map in any order of keys; members that are
// not named here may be anything that CBOR holds. kCorrupt: one is missing or
// of another type, or it is no CBOR. kExhausted: as decode_dag_cbor.
Result<MinerDeal> decode_miner_deal(ByteView bytes);

// Where one deal put a piece, in padded bytes.
struct DealPlace {
  std::uint64_t deal_id = 0;
  std::uint64_t sector = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  friend bool operator==(const DealPlace&, const DealPlace&) = default;
};

struct PieceInfo {
  car::Cid piece;
  std::vector<DealPlace> places;
};

// Errors as decode_miner_deal.
Result<PieceInfo> decode_piece_info(ByteView bytes);

// "StorageDealActive" and so on; "StorageDealState99" for a number that has no
// name.
std::string deal_state_name(std::uint64_t state);

// Whether the piece of a deal in that state is with the provider, or about to
// be: Staged, AwaitingPreCommit, Sealing, Finalizing, Active.
bool is_active_deal(std::uint64_t state);

}  // namespace dagfs::dagstore
