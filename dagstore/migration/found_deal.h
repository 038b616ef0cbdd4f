// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "mount/sector/piece_table.h"

namespace dagfs::dagstore {

// A deal, or anything else that says that a storage provider has a piece, as
// the software of the provider recorded it.
struct FoundDeal {
  // Whether it is a deal, or only says once more that a piece is there.
  enum class Kind : std::uint8_t { kDeal, kPiece };
  Kind kind = Kind::kDeal;
  std::string id;  // Names it where it was found: a CID or UUID, or any bytes.
  std::string problem;            // Why its record cannot be read.
  std::string inactive;           // Why it is none to register: its state.
  std::optional<car::Cid> piece;  // Version 1; none where there is a problem.
  std::optional<mount::PieceSize> piece_size;
  std::vector<mount::PieceCopy> copies;  // The best first.
  std::string inbound_car;               // Path it came in by; empty: unknown.
};

// Told each deal; an Error ends the walk.
using DealVisitor = std::function<Status(FoundDeal&& deal)>;

// What a provider's software left on the disk. One thread at a time.
class DealSource {
 public:
  DealSource() = default;
  DealSource(const DealSource&) = delete;
  DealSource& operator=(const DealSource&) = delete;
  virtual ~DealSource() = default;

  // Streams: memory does not grow with the deals. A record that cannot be read
  // is a deal with a problem. kCorrupt: part of the source cannot be read. kIo.
  virtual Status for_each(const DealVisitor& visit) = 0;
};

// The miner's actor in an address as the chain has it in binary (protocol 0
// alone names an actor); nullopt: another kind of address.
std::optional<std::uint64_t> actor_from_address(ByteView address);
// "f01000" and "t01000".
std::optional<std::uint64_t> actor_from_text(std::string_view address);

// Where a deal put its piece, in padded bytes. kCorrupt: no piece can be there.
Result<mount::PieceCopy> copy_at(const mount::SectorId& sector,
                                 std::uint64_t offset, std::uint64_t length);

}  // namespace dagfs::dagstore
