// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/file_stream.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "car/base/endian.h"
#include "car/base/file.h"
#include "car/base/kill_point.h"
#include "car/base/read_write_file.h"
#include "dagstore/durable_file.h"

namespace dagfs::dagstore {
namespace {

constexpr std::size_t kPositionBytes = sizeof(std::uint64_t);
constexpr std::size_t kTailHeadSize = 2 * sizeof(std::uint64_t);
constexpr std::size_t kCopySize = std::size_t{1} << 20;

std::string path_in(const std::string& folder, std::string_view name) {
  return folder + '/' + std::string(name);
}

Result<UniqueFd> open_file(const std::string& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!fd) return error_from_errno(errno, path);
  return fd;
}

Result<Bytes> read_whole(const std::string& path) {
  const auto file = DAGFS_TRY(PosixFile::open(path));
  Bytes bytes(file->size());
  DAGFS_TRY_CONTEXT(file->read_at(0, bytes), path);
  return bytes;
}

// What `tail` says: how far the file reaches, and its bytes after the leaves.
struct Tail {
  std::uint64_t leaf_count = 0;
  std::uint64_t size = 0;  // Of the whole file.
  Bytes bytes;
};

Result<Tail> read_tail(const std::string& folder) {
  const std::string path = path_in(folder, kTailName);
  Bytes bytes = DAGFS_TRY(read_whole(path));
  if (bytes.size() < kTailHeadSize) {
    return Error(ErrorCode::kCorrupt, path + ": too short");
  }
  Tail tail{.leaf_count = load_le<std::uint64_t>(bytes.data()),
            .size = load_le<std::uint64_t>(bytes.data() + kPositionBytes)};
  bytes.erase(bytes.begin(), bytes.begin() + kTailHeadSize);
  tail.bytes = std::move(bytes);
  return tail;
}

// Leaves are never put anywhere for this one: it tells how they are wrapped.
class NoSink final : public car::BlockSink {
 public:
  Result<std::uint64_t> put(const car::Cid& /*cid*/,
                            ByteView /*block*/) override {
    return std::uint64_t{0};
  }
};

// Where a leaf's bytes are in its block.
struct LeafShape {
  std::size_t head = 0;
  std::uint64_t size = 0;
};

// How leaves of this tail's file lie in blocks of `block_size` bytes.
Result<LeafShape> shape_of_leaves(const Tail& tail, std::uint64_t block_size,
                                  car::ImportProfile profile) {
  const std::uint64_t leaf_bytes = tail.size - tail.bytes.size();
  if (tail.bytes.size() > tail.size || leaf_bytes % tail.leaf_count != 0) {
    return Error(ErrorCode::kCorrupt, "the tail contradicts itself");
  }
  LeafShape shape{.size = leaf_bytes / tail.leaf_count};
  if (shape.size != block_size) {
    profile.chunk_size = shape.size;
    profile.leaves = car::LeafFormat::kDagPb;
    DAGFS_TRY(car::check_import_profile(profile));
    NoSink nowhere;
    shape.head = car::FileBuilder(profile, nowhere, nullptr).leaf_head_size();
  }
  if (shape.size > block_size || shape.head > block_size - shape.size) {
    return Error(ErrorCode::kCorrupt, "leaves are shorter than they were");
  }
  return shape;
}

Status copy_leaves(const Tail& tail, const Bytes& positions,
                   const car::ReadWriteBlockstore& store,
                   const car::ImportProfile& profile, int fd) {
  std::optional<LeafShape> shape;
  Bytes chunk;
  for (std::uint64_t i = 0; i < tail.leaf_count; ++i) {
    const car::BlockLocation block = DAGFS_TRY(store.locate_at(
        load_le<std::uint64_t>(positions.data() + i * kPositionBytes)));
    if (!shape) {
      shape = DAGFS_TRY(shape_of_leaves(tail, block.size, profile));
      chunk.resize(shape->size);
    }
    DAGFS_TRY(store.read_at(block.offset + shape->head, chunk));
    DAGFS_TRY(write_all(fd, chunk));
  }
  return ok_status();
}

}  // namespace

FileStream::FileStream(const std::string& folder,
                       const car::ImportProfile& profile,
                       std::unique_ptr<PieceWriter> piece, UniqueFd leaves,
                       car::HashPool* pool)
    : folder_(folder),
      chunk_size_(profile.chunk_size),
      piece_(std::move(piece)),
      leaves_(std::move(leaves)),
      builder_(profile, piece_->sink(), pool) {}

Result<std::unique_ptr<FileStream>> FileStream::create(
    const std::string& folder, const car::ImportProfile& profile,
    car::HashPool* pool) {
  auto piece =
      DAGFS_TRY(PieceWriter::create(path_in(folder, kPieceName), profile));
  UniqueFd leaves = DAGFS_TRY(
      open_file(path_in(folder, kLeavesName), O_RDWR | O_CREAT | O_EXCL));
  return std::unique_ptr<FileStream>(new FileStream(
      folder, profile, std::move(piece), std::move(leaves), pool));
}

Status FileStream::cut(Status result) {
  if (!result.ok()) cut_at_ = builder_.leaf_count() * chunk_size_;
  return result;
}

Status FileStream::append(ByteView bytes) {
  return cut(builder_.append(bytes));
}

Result<std::size_t> FileStream::read_leaf(std::uint64_t index,
                                          std::uint64_t offset,
                                          std::span<std::byte> out) const {
  const std::uint64_t size =
      std::min<std::uint64_t>(out.size(), chunk_size_ - offset);
  const car::BlockLocation block =
      DAGFS_TRY(piece_->store().locate_at(builder_.leaf_position(index)));
  const std::span<std::byte> part = out.first(size);
  DAGFS_TRY(piece_->store().read_at(
      block.offset + builder_.leaf_head_size() + offset, part));
  return part.size();
}

Result<std::size_t> FileStream::read(std::uint64_t offset,
                                     std::span<std::byte> out) {
  if (!cut_at_) DAGFS_TRY(cut(builder_.flush()));
  if (offset >= size()) return std::size_t{0};
  out = out.first(std::min<std::uint64_t>(out.size(), size() - offset));
  const std::uint64_t leaf_bytes = builder_.leaf_count() * chunk_size_;
  std::size_t done = 0;
  while (done < out.size() && offset + done < leaf_bytes) {
    const std::uint64_t at = offset + done;
    done += DAGFS_TRY(
        read_leaf(at / chunk_size_, at % chunk_size_, out.subspan(done)));
  }
  if (done < out.size()) {
    const ByteView tail =
        builder_.tail().subspan(offset + done - leaf_bytes, out.size() - done);
    std::ranges::copy(tail, out.subspan(done).begin());
  }
  return out.size();
}

Status FileStream::write_leaf_positions() {
  const std::uint64_t count = builder_.leaf_count();
  Bytes bytes((count - leaves_written_) * kPositionBytes);
  for (std::uint64_t i = leaves_written_; i < count; ++i) {
    store_le(bytes.data() + (i - leaves_written_) * kPositionBytes,
             builder_.leaf_position(i));
  }
  // At its own offset always: a write that failed halfway is written again.
  if (::lseek(leaves_.get(),
              static_cast<off_t>(leaves_written_ * kPositionBytes),
              SEEK_SET) < 0) {
    return error_from_errno(errno, path_in(folder_, kLeavesName));
  }
  DAGFS_TRY_CONTEXT(write_all(leaves_.get(), bytes),
                    path_in(folder_, kLeavesName));
  leaves_written_ = count;
  return ok_status();
}

Status FileStream::checkpoint(Durability durability) {
  // A tail that survives the machine must not give way to one that may not.
  if (was_synced_) durability = Durability::kMachine;
  const bool for_machine = durability == Durability::kMachine;
  if (kept_size_ == size() && (kept_for_machine_ || !for_machine)) {
    return ok_status();
  }
  const Status flushed = cut(builder_.flush());
  DAGFS_TRY(for_machine ? piece_->store().sync() : piece_->store().flush());
  DAGFS_TRY(write_leaf_positions());
  if (for_machine && ::fdatasync(leaves_.get()) != 0) {
    return error_from_errno(errno, path_in(folder_, kLeavesName));
  }
  kill_point("stream.before_tail");
  DAGFS_TRY(write_tail(cut_at_ ? ByteView() : builder_.tail(), durability));
  kill_point("stream.after_tail");
  DAGFS_TRY(flushed);
  kept_size_ = size();
  kept_for_machine_ = for_machine;
  was_synced_ = for_machine;
  return ok_status();
}

Status FileStream::write_tail(ByteView tail, Durability durability) {
  std::array<std::byte, kTailHeadSize> numbers{};
  store_le(numbers.data(), leaves_written_);
  store_le(numbers.data() + kPositionBytes, size());
  const std::array parts = {as_text(numbers), as_text(tail)};
  return replace_file(folder_, kTailName, parts, durability);
}

Result<WrittenPiece> FileStream::finish(const car::NodeAttributes& attributes) {
  const car::BuiltDag root = DAGFS_TRY(builder_.finish(attributes));
  return piece_->finish(root.cid);
}

Status FileStream::copy_to(int fd) {
  Bytes buffer(kCopySize);
  std::uint64_t offset = 0;
  while (offset < size()) {
    const std::size_t count = DAGFS_TRY(read(offset, buffer));
    DAGFS_TRY(write_all(fd, ByteView(buffer).first(count)));
    offset += count;
  }
  return ok_status();
}

Result<std::uint64_t> FileStream::recover(const std::string& folder,
                                          const car::ImportProfile& profile,
                                          int fd) {
  const Tail tail = DAGFS_TRY(read_tail(folder));
  const Bytes positions = DAGFS_TRY(read_whole(path_in(folder, kLeavesName)));
  if (positions.size() / kPositionBytes < tail.leaf_count) {
    return Error(ErrorCode::kCorrupt,
                 path_in(folder, kLeavesName) + ": shorter than it was");
  }
  if (tail.leaf_count > 0) {
    UniqueFd piece = DAGFS_TRY(open_file(path_in(folder, kPieceName), O_RDWR));
    auto file = DAGFS_TRY(PosixReadWriteFile::adopt(std::move(piece)));
    const auto resumed =
        DAGFS_TRY(car::ReadWriteBlockstore::resume(std::move(file), {}));
    DAGFS_TRY_CONTEXT(copy_leaves(tail, positions, *resumed.store, profile, fd),
                      folder);
  } else if (tail.bytes.size() != tail.size) {
    return Error(ErrorCode::kCorrupt,
                 path_in(folder, kTailName) + ": shorter than it was");
  }
  DAGFS_TRY(write_all(fd, tail.bytes));
  return tail.size;
}

}  // namespace dagfs::dagstore
