// SPDX-License-Identifier: Apache-2.0 OR MIT

// Random blocks of a CAR with a million small ones, on one thread.
//
//   block_read_bench [FOLDER [RUNS]]
//
// Baseline, in the same run: reading the same bytes at offsets known already.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "car/base/file.h"
#include "car/car_header.h"
#include "car/car_index.h"
#include "car/car_reader.h"
#include "car/index_builder.h"
#include "car/read_only_blockstore.h"
#include "tests/bench/make_car.h"
#include "tests/bench/samples.h"

namespace dagfs::bench {
namespace {

using car::BlockLocation;
using car::CarHeader;
using car::CarIndex;
using car::Cid;
using car::ReadOnlyBlockstore;
using car::ZeroSection;

constexpr CarShape kShape{
    .block_count = 1'000'000, .block_size_min = 200, .block_size_max = 200};

struct Subject {
  std::shared_ptr<const RandomAccessFile> file;
  CarHeader header;
  std::shared_ptr<const CarIndex> index;
  std::vector<Cid> cids;          // Shuffled.
  std::vector<ByteRange> blocks;  // Of the same.
};

Result<Subject> prepare(const std::filesystem::path& folder) {
  const std::string path = folder / "small1M.car";
  DAGFS_TRY(make_car(path, kShape));
  Subject subject;
  subject.file = DAGFS_TRY(PosixFile::open(path));
  subject.header = DAGFS_TRY(car::read_car_header(*subject.file));
  UniqueFd fd = DAGFS_TRY(create_temporary_file());
  const car::IndexSummary summary =
      DAGFS_TRY(car::build_index(*subject.file, subject.header,
                                 ZeroSection::kEndsData, fd.get(), nullptr));
  std::shared_ptr<const RandomAccessFile> index_file =
      DAGFS_TRY(PosixFile::adopt(std::move(fd)));
  subject.index = DAGFS_TRY(CarIndex::open(
      std::move(index_file), {.offset = 0, .size = summary.index_size}));

  car::SectionReader reader(*subject.file, subject.header,
                            ZeroSection::kEndsData,
                            subject.header.first_section);
  while (true) {
    const auto section = DAGFS_TRY(reader.next());
    if (!section) break;
    subject.cids.push_back(section->cid.to_cid());
    subject.blocks.push_back(section->block);
  }
  std::mt19937_64 first(1);
  std::mt19937_64 second(1);
  std::ranges::shuffle(subject.cids, first);
  std::ranges::shuffle(subject.blocks, second);
  return subject;
}

// Thousands a second of processor time: on one thread that is the speed, and
// it holds on a busy machine too.
double rate(const Subject& subject, Stopwatch* stopwatch) {
  return static_cast<double>(subject.cids.size()) / stopwatch->take().cpu / 1e3;
}

Status run(const std::filesystem::path& folder, int runs) {
  const Subject subject = DAGFS_TRY(prepare(folder));
  Samples plain, found, located, first_get, second_get;
  for (int i = 0; i < runs; ++i) {
    const ReadOnlyBlockstore store(subject.file, subject.header, subject.index);
    Bytes buffer(kShape.block_size_max);
    Stopwatch stopwatch;
    for (const ByteRange& block : subject.blocks) {
      DAGFS_TRY(subject.file->read_at(block.offset, buffer));
    }
    plain.add(rate(subject, &stopwatch));
    for (const Cid& cid : subject.cids) {
      DAGFS_TRY(subject.index->find(cid.multihash()));
    }
    found.add(rate(subject, &stopwatch));
    for (const Cid& cid : subject.cids) DAGFS_TRY(store.locate(cid));
    located.add(rate(subject, &stopwatch));
    for (const Cid& cid : subject.cids) DAGFS_TRY(store.get(cid));
    first_get.add(rate(subject, &stopwatch));
    for (const Cid& cid : subject.cids) DAGFS_TRY(store.get(cid));
    second_get.add(rate(subject, &stopwatch));
  }
  plain.print("baseline: read at known offsets", "thousand/s");
  found.print("index look-up", "thousand/s");
  located.print("locate", "thousand/s");
  first_get.print("get, with hashing", "thousand/s");
  second_get.print("get, verified before", "thousand/s");
  return ok_status();
}

}  // namespace
}  // namespace dagfs::bench

int main(int argc, char** argv) {
  const std::filesystem::path base =
      argc > 1 ? argv[1] : std::filesystem::temp_directory_path();
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  const auto folder = base / fmt::format("dagfs-block-bench-{}", ::getpid());
  std::filesystem::create_directories(folder);
  const dagfs::Status status = dagfs::bench::run(folder, runs);
  std::filesystem::remove_all(folder);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << status.error().message() << '\n';
  return EXIT_FAILURE;
}
