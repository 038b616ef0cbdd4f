// SPDX-License-Identifier: Apache-2.0 OR MIT

// Building the index of CARs with small and with large blocks.
//
//   index_bench [FOLDER [RUNS]]
//
// Baselines, in the same run: reading the same bytes, and sorting the same
// records with std::sort.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <compare>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "car/base/file.h"
#include "car/car_header.h"
#include "car/car_reader.h"
#include "car/index_builder.h"
#include "tests/bench/make_car.h"
#include "tests/bench/samples.h"

namespace dagfs::bench {
namespace {

using car::CarHeader;
using car::IndexSummary;
using car::ZeroSection;

struct Subject {
  std::string name;
  CarShape shape;
};

struct Record {
  std::array<unsigned char, 32> digest;
  std::uint64_t position;

  friend auto operator<=>(const Record&, const Record&) = default;
};

Result<IndexSummary> build(const RandomAccessFile& file,
                           const std::string& index_path) {
  const CarHeader header = DAGFS_TRY(car::read_car_header(file));
  const UniqueFd fd(::open(index_path.c_str(),
                           O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  return car::build_index(file, header, ZeroSection::kEndsData, fd.get(),
                          nullptr);
}

Status read_plainly(const RandomAccessFile& file) {
  Bytes buffer(std::size_t{256} << 10);
  for (std::uint64_t offset = 0; offset < file.size();) {
    offset += DAGFS_TRY(file.read_some_at(offset, buffer));
  }
  return ok_status();
}

Result<std::vector<Record>> read_records(const RandomAccessFile& file) {
  const CarHeader header = DAGFS_TRY(car::read_car_header(file));
  car::SectionReader reader(file, header, ZeroSection::kEndsData,
                            header.first_section);
  std::vector<Record> records;
  while (true) {
    const auto section = DAGFS_TRY(reader.next());
    if (!section) return records;
    Record& record = records.emplace_back();
    std::memcpy(record.digest.data(), section->cid.multihash.digest.data(),
                record.digest.size());
    record.position = section->position;
  }
}

// Of a line like "VmHWM:     123 kB" in /proc/self/status, in bytes.
double memory_of_self(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != field + ":") continue;
    double kib = 0;
    status >> kib;
    return kib * 1024;
  }
  return 0;
}

// Peak memory of indexing over the index's size, in a process of its own so
// that nothing else is counted.
double measure_memory(const RandomAccessFile& file, const std::string& path) {
  std::array<int, 2> ends = {};
  if (::pipe(ends.data()) != 0) return 0;
  const pid_t child = ::fork();
  if (child == 0) {
    std::ofstream("/proc/self/clear_refs") << "5";  // Resets the peak.
    const double before = memory_of_self("VmRSS");
    const auto summary = build(file, path);
    const double peak = memory_of_self("VmHWM") - before;
    const double ratio =
        summary.ok() ? peak / static_cast<double>(summary->index_size) : 0;
    const bool told = ::write(ends[1], &ratio, sizeof(ratio)) == sizeof(ratio);
    std::_Exit(told ? 0 : 1);
  }
  double ratio = 0;
  if (::read(ends[0], &ratio, sizeof(ratio)) != sizeof(ratio)) ratio = 0;
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return ratio;
}

Status measure(const Subject& subject, const std::filesystem::path& folder,
               int runs) {
  const std::string car = folder / (subject.name + ".car");
  const std::string index = folder / (subject.name + ".idx");
  DAGFS_TRY(make_car(car, subject.shape));
  const auto file = DAGFS_TRY(PosixFile::open(car));
  const auto blocks = static_cast<double>(subject.shape.block_count);
  const bool small = subject.shape.block_size_max < 4096;
  std::vector<Record> records;
  if (small) records = DAGFS_TRY(read_records(*file));

  Samples build_cpu, build_wall, read_cpu, sort_cpu;
  for (int i = 0; i < runs; ++i) {
    Stopwatch stopwatch;
    DAGFS_TRY(build(*file, index));
    const Stopwatch::Times built = stopwatch.take();
    build_cpu.add(built.cpu / blocks * 1e6);
    build_wall.add(built.wall / blocks * 1e6);
    if (!small) continue;  // Nobody would read or sort that to compare.
    DAGFS_TRY(read_plainly(*file));
    read_cpu.add(stopwatch.take().cpu / blocks * 1e6);
    std::vector<Record> sorted = records;
    stopwatch.take();
    std::ranges::sort(sorted);
    sort_cpu.add(stopwatch.take().cpu / blocks * 1e6);
  }
  build_cpu.print(subject.name + " build, processor", "us/block");
  build_wall.print(subject.name + " build, wall", "us/block");
  if (small) {
    read_cpu.print(subject.name + " baseline: read the file", "us/block");
    sort_cpu.print(subject.name + " baseline: std::sort", "us/block");
  }
  records = {};
  Samples memory;
  memory.add(measure_memory(*file, index));
  memory.print(subject.name + " peak memory", "index sizes");
  std::filesystem::remove(car);
  std::filesystem::remove(index);
  return ok_status();
}

Status run(const std::filesystem::path& folder, int runs) {
  const CarShape small{.block_count = 1'000'000,
                       .block_size_min = 200,
                       .block_size_max = 400,
                       .digests = Digests::kInvented};
  CarShape four = small;
  four.block_count = 4'000'000;
  const CarShape large{.block_count = 16'384,
                       .block_size_min = 1 << 20,
                       .block_size_max = 1 << 20,
                       .digests = Digests::kInvented,
                       .contents = Contents::kHoles};
  DAGFS_TRY(measure({"small1M", small}, folder, runs));
  DAGFS_TRY(measure({"small4M", four}, folder, runs));
  DAGFS_TRY(measure({"blocks-of-1MiB", large}, folder, runs));
  return ok_status();
}

}  // namespace
}  // namespace dagfs::bench

int main(int argc, char** argv) {
  const std::filesystem::path base =
      argc > 1 ? argv[1] : std::filesystem::temp_directory_path();
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  const auto folder = base / fmt::format("dagfs-index-bench-{}", ::getpid());
  std::filesystem::create_directories(folder);
  const dagfs::Status status = dagfs::bench::run(folder, runs);
  std::filesystem::remove_all(folder);
  if (status.ok()) return EXIT_SUCCESS;
  std::cerr << status.error().message() << '\n';
  return EXIT_FAILURE;
}
