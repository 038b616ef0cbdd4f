// SPDX-License-Identifier: Apache-2.0 OR MIT

// Appending blocks to a growing CAR, large ones and small ones.
//
//   car_write_bench [FOLDER [RUNS]]
//
// Baseline, in the same run: write() of as many bytes, a MiB at a time. CIDs
// are invented beforehand, so that no hashing is measured.

#include <fcntl.h>
#include <sodium/randombytes.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "car/read_write_blockstore.h"
#include "tests/bench/samples.h"

namespace dagfs::bench {
namespace {

struct Subject {
  std::string name;
  std::size_t block_size = 0;
  std::size_t block_count = 0;
};

UniqueFd open_new(const std::filesystem::path& path) {
  std::filesystem::remove(path);
  return UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

std::vector<car::Cid> invent_cids(std::size_t count) {
  std::vector<car::Cid> cids;
  cids.reserve(count);
  Bytes digest(32);
  for (std::size_t i = 0; i < count; ++i) {
    randombytes_buf(digest.data(), digest.size());
    cids.push_back(
        car::Cid::v1(car::Codec::kRaw, {car::HashCode::kSha2_256, digest}));
  }
  return cids;
}

Status write_plainly(int fd, std::uint64_t size) {
  const Bytes piece(std::size_t{1} << 20, std::byte{'x'});
  for (; size > piece.size(); size -= piece.size()) {
    DAGFS_TRY(write_all(fd, piece));
  }
  return write_all(fd, ByteView(piece).first(size));
}

Status measure(const Subject& subject, const std::filesystem::path& folder,
               int runs) {
  const std::vector<car::Cid> cids = invent_cids(subject.block_count);
  const Bytes block(subject.block_size, std::byte{'x'});
  const auto path = folder / subject.name;
  Samples put_wall, put_cpu, finish_per_block;
  for (int i = 0; i < runs; ++i) {
    auto file = DAGFS_TRY(PosixReadWriteFile::adopt(open_new(path)));
    auto store =
        DAGFS_TRY(car::ReadWriteBlockstore::create(std::move(file), {}));
    Stopwatch stopwatch;
    for (const car::Cid& cid : cids) DAGFS_TRY(store->put(cid, block));
    DAGFS_TRY(store->flush());
    const Stopwatch::Times put = stopwatch.take();
    DAGFS_TRY(store->sync());
    stopwatch.take();
    DAGFS_TRY(store->finish({}));
    finish_per_block.add(stopwatch.take().cpu /
                         static_cast<double>(cids.size()) * 1e6);
    const std::uint64_t size = store->end();
    store.reset();

    const UniqueFd plain = open_new(path);
    stopwatch.take();
    DAGFS_TRY(write_plainly(plain.get(), size));
    const Stopwatch::Times written = stopwatch.take();
    if (::fdatasync(plain.get()) != 0) return error_from_errno(errno, "sync");
    put_wall.add(put.wall / written.wall);
    put_cpu.add(put.cpu / written.cpu);
  }
  put_wall.print(subject.name + " put, wall", "plain writes");
  put_cpu.print(subject.name + " put, processor", "plain writes");
  finish_per_block.print(subject.name + " finish, processor", "us/block");
  std::filesystem::remove(path);
  return ok_status();
}

Status run(const std::filesystem::path& folder, int runs) {
  DAGFS_TRY(measure({"blocks-of-1MiB", 1 << 20, 1024}, folder, runs));
  DAGFS_TRY(measure({"blocks-of-100", 100, 4'000'000}, folder, runs));
  return ok_status();
}

}  // namespace
}  // namespace dagfs::bench

int main(int argc, char** argv) {
  const std::filesystem::path base =
      argc > 1 ? argv[1] : std::filesystem::temp_directory_path();
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  const auto folder = base / fmt::format("dagfs-write-bench-{}", ::getpid());
  std::filesystem::create_directories(folder);
  const dagfs::Status status = dagfs::bench::run(folder, runs);
  std::filesystem::remove_all(folder);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << status.error().message() << '\n';
  return EXIT_FAILURE;
}
