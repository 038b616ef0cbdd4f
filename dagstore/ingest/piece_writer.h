// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "car/read_write_blockstore.h"
#include "car/unixfs/profile.h"
#include "mount/piece/piece_commitment.h"
#include "mount/piece/threaded_commp.h"

namespace dagfs::dagstore {

// A CAR that is complete and durable in a file, not yet a shard.
struct WrittenPiece {
  mount::PieceCommitment commitment;  // Of the whole file.
  std::vector<car::Cid> roots;
  std::uint64_t car_size = 0;     // Bytes of the file.
  std::uint64_t block_count = 0;  // Sections.
};

// A CARv2 that grows in a file while its piece commitment is computed beside
// it, so that nothing is read again. The sink is for one thread at a time, as
// is everything else but reading from the store.
class PieceWriter {
 public:
  // Makes the file at `path`, which must not exist, for a root that was made
  // with `profile`. kNoSpace, kIo.
  static Result<std::unique_ptr<PieceWriter>> create(
      const std::string& path, const car::ImportProfile& profile);

  car::BlockSink& sink() { return *store_; }
  car::ReadWriteBlockstore& store() { return *store_; }
  const car::ReadWriteBlockstore& store() const { return *store_; }

  // Ends the file with this root; durable when it returns. Once. Errors as
  // ReadWriteBlockstore::finish; kInvalidArgument: larger than any piece.
  Result<WrittenPiece> finish(const car::Cid& root);

 private:
  class Observer final : public car::AppendObserver {
   public:
    void appended(ByteView bytes) override { hasher.append(bytes); }
    void patched(std::uint64_t offset, ByteView bytes) override;

    mount::ThreadedPieceHasher hasher{{}};
    Status patch_status = ok_status();
  };

  PieceWriter() = default;

  std::unique_ptr<Observer> observer_;
  std::unique_ptr<car::ReadWriteBlockstore> store_;  // Tells the observer.
};

}  // namespace dagfs::dagstore
