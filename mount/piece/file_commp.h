// SPDX-License-Identifier: Apache-2.0 OR MIT

// Commitments of files, and whether they are those that were promised.

#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "car/base/file.h"
#include "car/base/result.h"
#include "mount/piece/piece_cid.h"
#include "mount/piece/piece_commitment.h"

namespace dagfs::mount {

struct FileCommpOptions {
  unsigned threads = 1;  // That hash, beside the one that calls.
  // May be empty. Told bytes done now and then, on the thread that called.
  std::function<void(std::uint64_t)> progress;
  const std::atomic<bool>* cancelled = nullptr;  // May be null.
};

// What all bytes of `file` commit to, in the smallest piece that holds them.
// kInvalidArgument: no piece does, which is found out before any is read.
// kStale: somebody wrote to it meanwhile. kUnavailable: cancelled. Else as
// reading it. Hold no lock.
Result<PieceCommitment> commitment_of(const RandomAccessFile& file,
                                      const FileCommpOptions& options);

// What is known of a piece before its bytes are read.
struct PieceExpectation {
  PieceCid cid;
  // Where it is known. A piece CID of version 2 says one too.
  std::optional<PieceSize> size;
};

// Whether that many bytes, with zeros behind them, can be the piece. kCorrupt
// says why not. Bytes may include the zeros behind a payload, or lack them.
Status check_size(const PieceExpectation& expected, UnpaddedSize bytes);

// Whether bytes that commit to `found` are the piece: of the size that is
// expected, or of any where that is not known. kCorrupt says why not.
Status check_commitment(const PieceExpectation& expected,
                        const PieceCommitment& found);

}  // namespace dagfs::mount
