// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/file_commp.h"

#include <fmt/core.h>

#include <algorithm>

#include "mount/piece/threaded_commp.h"

namespace dagfs::mount {
namespace {

// What is read at once: the disk's and the kernel's work is amortized, and the
// hasher, which copies it, finds it in the cache.
constexpr std::size_t kHashedAtOnce = std::size_t{1} << 20;
// How much is hashed between two looks at the progress.
constexpr std::uint64_t kProgressStep = std::uint64_t{64} << 20;

Error wrong_piece(std::string why) {
  return {ErrorCode::kCorrupt, std::move(why)};
}

Status hash_all(const RandomAccessFile& file, const FileCommpOptions& options,
                ThreadedPieceHasher* hasher) {
  Bytes buffer(kHashedAtOnce);
  for (std::uint64_t offset = 0; offset < file.size();) {
    if (options.cancelled != nullptr && options.cancelled->load()) {
      return Error(ErrorCode::kUnavailable, "stopped before it was hashed");
    }
    const auto portion = std::span(buffer).first(
        std::min<std::uint64_t>(kHashedAtOnce, file.size() - offset));
    DAGFS_TRY(file.read_at(offset, portion));
    hasher->append(portion);
    offset += portion.size();
    if (options.progress && offset % kProgressStep == 0) {
      options.progress(offset);
    }
  }
  return ok_status();
}

// The size of the piece, where the expectation says one.
Result<std::optional<PieceSize>> expected_size(
    const PieceExpectation& expected) {
  if (!expected.cid.payload) return expected.size;
  const PieceSize said = DAGFS_TRY(PieceSize::holding(*expected.cid.payload));
  if (expected.size && *expected.size != said) {
    return wrong_piece(fmt::format(
        "a piece of {} bytes padded is expected, but its CID says {}",
        expected.size->padded().bytes(), said.padded().bytes()));
  }
  return std::optional<PieceSize>(said);
}

}  // namespace

Result<PieceCommitment> commitment_of(const RandomAccessFile& file,
                                      const FileCommpOptions& options) {
  const FileStamp stamp = DAGFS_TRY(file.stamp());
  DAGFS_TRY(PieceSize::holding(UnpaddedSize(file.size())));
  ThreadedPieceHasher hasher({.threads = options.threads});
  DAGFS_TRY(hash_all(file, options, &hasher));
  if (DAGFS_TRY(file.stamp()) != stamp) {
    return Error(ErrorCode::kStale, "somebody wrote to it meanwhile");
  }
  return hasher.finish();
}

Status check_size(const PieceExpectation& expected, UnpaddedSize bytes) {
  const auto least = PieceSize::holding(bytes);
  if (!least.ok()) return wrong_piece(least.error().message());
  const auto size = DAGFS_TRY(expected_size(expected));
  if (size && *size < *least) {
    return wrong_piece(
        fmt::format("{} bytes do not fit a piece of {} bytes padded",
                    bytes.bytes(), size->padded().bytes()));
  }
  const auto& payload = expected.cid.payload;
  const bool is_as_said = !payload || bytes == *payload ||
                          bytes == size->unpadded() ||
                          *payload == size->unpadded();
  if (is_as_said) return ok_status();
  return wrong_piece(fmt::format("has {} bytes, and its piece CID says {}",
                                 bytes.bytes(), payload->bytes()));
}

Status check_commitment(const PieceExpectation& expected,
                        const PieceCommitment& found) {
  DAGFS_TRY(check_size(expected, found.payload));
  const auto size = DAGFS_TRY(expected_size(expected));
  const unsigned first = size.value_or(found.piece).height();
  const unsigned last = size.value_or(PieceSize::max()).height();
  for (unsigned height = first; height <= last; ++height) {
    const PieceSize grown = DAGFS_TRY(PieceSize::from_height(height));
    const PieceCommitment candidate = DAGFS_TRY(grown_to(found, grown));
    if (candidate.root == expected.cid.root) return ok_status();
  }
  const PieceCommitment seen =
      DAGFS_TRY(grown_to(found, size.value_or(found.piece)));
  return wrong_piece(fmt::format("its bytes are the piece {}",
                                 piece_cid_v1(seen.root).to_string()));
}

}  // namespace dagfs::mount
