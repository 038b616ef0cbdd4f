// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/car_adopter.h"
#include "car/unixfs/hash_pool.h"
#include "dagstore/ingest/piece_writer.h"
#include "mount/piece/threaded_commp.h"

namespace dagfs::dagstore {

// Checks a CAR that is being written into a file and computes its piece
// commitment, right behind the writer, in a thread of the pool.
//
// For one thread at a time.
class CarIntake {
 public:
  // `fd` is the file, open for reading; it and `pool` outlive the intake.
  CarIntake(int fd, car::HashPool* pool);
  ~CarIntake();  // Waits for what is being checked.

  CarIntake(const CarIntake&) = delete;
  CarIntake& operator=(const CarIntake&) = delete;

  // The file has `size` bytes by now, no less than before, which will not
  // change any more. Waits while the checking is far behind.
  void advance(std::uint64_t size);

  // The file is complete. What is wrong with the CAR, with the offset, is the
  // Error (CarAdopter::finish).
  Result<WrittenPiece> finish(std::uint64_t size);

 private:
  void check();  // In the pool.
  Status check_to(std::uint64_t size);

  const int fd_;
  car::HashPool* const pool_;

  // Of whoever checks.
  car::CarAdopter adopter_;
  mount::ThreadedPieceHasher hasher_{{}};
  std::uint64_t hashed_ = 0;

  Mutex mutex_;
  ConditionVariable changed_;
  std::uint64_t written_ DAGFS_GUARDED_BY(mutex_) = 0;
  std::uint64_t checked_ DAGFS_GUARDED_BY(mutex_) = 0;
  bool is_checking_ DAGFS_GUARDED_BY(mutex_) = false;
  std::optional<Error> failure_ DAGFS_GUARDED_BY(mutex_);
};

}  // namespace dagfs::dagstore
