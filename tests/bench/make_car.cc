// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/bench/make_car.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "car/base/endian.h"
#include "car/base/file.h"
#include "car/base/unique_fd.h"
#include "car/car_header.h"
#include "car/ipld/cid.h"
#include "car/ipld/varint.h"

namespace dagfs::bench {
namespace {

using car::Cid;
using car::Codec;
using car::HashCode;

constexpr std::size_t kWriteSize = std::size_t{4} << 20;

// splitmix64: fast, and uniform in all bits.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t value = state_ += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

  void fill(std::span<std::byte> out) {
    while (out.size() >= sizeof(std::uint64_t)) {
      store_le(out.data(), next());
      out = out.subspan(sizeof(std::uint64_t));
    }
    for (std::byte& byte : out) byte = static_cast<std::byte>(next());
  }

 private:
  std::uint64_t state_;
};

// Collects small writes, and leaves holes where asked to.
class CarWriter {
 public:
  explicit CarWriter(UniqueFd fd) : fd_(std::move(fd)) {}

  Status append(ByteView bytes) {
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    return pending_.size() < kWriteSize ? ok_status() : flush();
  }

  Status leave_hole(std::uint64_t size) {
    DAGFS_TRY(flush());
    if (::lseek(fd_.get(), static_cast<off_t>(size), SEEK_CUR) < 0) {
      return error_from_errno(errno, "lseek");
    }
    return ok_status();
  }

  Status finish() {
    DAGFS_TRY(flush());
    const off_t end = ::lseek(fd_.get(), 0, SEEK_CUR);
    if (::ftruncate(fd_.get(), end) != 0) {
      return error_from_errno(errno, "ftruncate");
    }
    return ok_status();
  }

 private:
  Status flush() {
    DAGFS_TRY(write_all(fd_.get(), pending_));
    pending_.clear();
    return ok_status();
  }

  UniqueFd fd_;
  Bytes pending_;
};

Result<Cid> make_cid(const CarShape& shape, ByteView block, Random* random) {
  if (shape.digests == Digests::kReal) {
    return Cid::of(Codec::kRaw, HashCode::kSha2_256, block);
  }
  std::array<std::byte, 32> digest = {};
  random->fill(digest);
  return Cid::v1(Codec::kRaw, {.code = HashCode::kSha2_256, .digest = digest});
}

}  // namespace

Status make_car(const std::string& path, const CarShape& shape) {
  UniqueFd fd(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd) return error_from_errno(errno, path);
  CarWriter writer(std::move(fd));
  Random random(shape.seed);
  Bytes block(shape.block_size_max);
  for (std::uint64_t i = 0; i < shape.block_count; ++i) {
    const std::uint64_t spread =
        shape.block_size_max - shape.block_size_min + 1;
    block.resize(shape.block_size_min + random.next() % spread);
    const bool holes = shape.contents == Contents::kHoles;
    if (!holes) random.fill(block);
    const Cid cid = DAGFS_TRY(make_cid(shape, block, &random));
    if (i == 0) DAGFS_TRY(writer.append(car::encode_car_header({cid})));

    Bytes head;
    car::append_varint(cid.bytes().size() + block.size(), &head);
    head.insert(head.end(), cid.bytes().begin(), cid.bytes().end());
    DAGFS_TRY(writer.append(head));
    DAGFS_TRY(holes ? writer.leave_hole(block.size()) : writer.append(block));
  }
  return writer.finish();
}

}  // namespace dagfs::bench
