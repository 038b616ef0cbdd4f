// SPDX-License-Identifier: Apache-2.0 OR MIT

// inverted_bench FOLDER SHARDS BLOCKS: an inverted index of SHARDS shards with
// BLOCKS blocks each, made in FOLDER: how fast it grows, what an entry takes on
// the disk, and how long a look-up takes.

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "car/base/file.h"
#include "car/car_index.h"
#include "car/index_records.h"
#include "dagstore/inverted_index.h"

namespace dagfs::dagstore {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

const std::atomic<bool> kNotCancelled = false;

// The digest of block `number` of all: as good as a hash.
Bytes digest_of(std::uint64_t number) {
  std::mt19937_64 random(number);
  Bytes digest;
  while (digest.size() < 32) {
    const std::uint64_t word = random();
    for (unsigned i = 0; i < 8; ++i) {
      digest.push_back(static_cast<std::byte>(word >> (8 * i) & 0xff));
    }
  }
  return digest;
}

std::unique_ptr<car::CarIndex> index_of(std::uint64_t first,
                                        std::uint64_t count) {
  car::IndexRecords records;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Bytes digest = digest_of(first + i);
    if (!records.add({car::HashCode::kSha2_256, digest}, i).ok()) std::abort();
  }
  records.sort();
  Bytes bytes;
  const Status encoded = records.encode(0, [&](ByteView part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
    return ok_status();
  });
  if (!encoded.ok()) std::abort();
  const std::uint64_t size = bytes.size();
  return car::CarIndex::open(std::make_shared<MemoryFile>(std::move(bytes)),
                             {0, size})
      .value();
}

std::uint64_t size_of_folder(const std::string& folder) {
  std::uint64_t size = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) size += entry.file_size();
  }
  return size;
}

void measure_look_ups(const InvertedIndex& inverted, std::uint64_t below,
                      std::uint64_t from, std::string_view what) {
  constexpr int kLookUps = 20'000;
  std::mt19937_64 random(from);
  std::vector<double> times;
  std::uint64_t found = 0;
  for (int i = 0; i < 2 * kLookUps; ++i) {
    const Bytes digest = digest_of(from + random() % below);
    const auto start = Clock::now();
    found += inverted.find({car::HashCode::kSha2_256, digest}, 64)->size();
    // The first half warms up.
    if (i >= kLookUps) times.push_back(Seconds(Clock::now() - start).count());
  }
  std::ranges::sort(times);
  fmt::print("{}: median {:.1f} us, 99% {:.1f} us, found {}\n", what,
             times[times.size() / 2] * 1e6,
             times[times.size() * 99 / 100] * 1e6, found);
}

int run(const std::string& folder, std::uint64_t shards, std::uint64_t blocks) {
  auto opened = InvertedIndex::open(folder);
  if (!opened.ok()) return EXIT_FAILURE;
  InvertedIndex& inverted = **opened;
  Seconds total(0);
  Seconds last(0);
  for (std::uint64_t shard = 0; shard < shards; ++shard) {
    const auto index = index_of(shard * blocks, blocks);
    const auto key = ShardKey::parse(fmt::format("baga{:060}", shard)).value();
    const std::string checksum(64, 'a');
    const auto start = Clock::now();
    if (!inverted.add(key, {checksum, *index}, kNotCancelled).ok()) {
      return EXIT_FAILURE;
    }
    last = Clock::now() - start;
    total += last;
  }
  const std::uint64_t entries = shards * blocks;
  const auto count = static_cast<double>(entries);
  fmt::print("filled: {} entries in {:.1f} s, {:.0f}/s; last shard {:.2f} s\n",
             entries, total.count(), count / total.count(), last.count());
  fmt::print("on disk: {:.1f} bytes an entry\n",
             static_cast<double>(size_of_folder(folder)) / count);
  measure_look_ups(inverted, entries, 0, "present");
  measure_look_ups(inverted, entries, entries, "absent");
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace dagfs::dagstore

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: inverted_bench FOLDER SHARDS BLOCKS\n");
    return EXIT_FAILURE;
  }
  return dagfs::dagstore::run(argv[1], std::strtoull(argv[2], nullptr, 10),
                              std::strtoull(argv[3], nullptr, 10));
}
