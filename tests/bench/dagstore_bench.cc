// SPDX-License-Identifier: Apache-2.0 OR MIT

// What a dagstore with many shards costs: to open, in memory, to list, and to
// look into a shard that is open. Prints its figures.
//
//   dagstore_bench [SHARDS]   (default 100000)

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "car/base/file.h"
#include "car/car_header.h"
#include "car/ipld/cid.h"
#include "dagstore/dagstore.h"
#include "mount/file_mount.h"

namespace dagfs::dagstore {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;

template <typename T>
T must(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  fmt::print(stderr, "{}\n", result.error().message());
  std::exit(1);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Resident memory of this process, in MiB.
double resident() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t pages = 0;
  file >> total >> pages;
  return static_cast<double>(pages) *
         static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::unique_ptr<Dagstore> open(const std::string& repo) {
  mount::MountRegistry mounts;
  mounts.add("file", mount::FileMount::factory(repo));
  return must(Dagstore::open({.repo = repo}, std::move(mounts)));
}

// Keys as long as piece CIDs, in no order.
ShardKey key_number(std::uint64_t number) {
  return must(ShardKey::parse(fmt::format(
      "baga6ea4seaq{:016x}{:036}", number * 0x9e3779b97f4a7c15, number)));
}

void register_all(Dagstore& store, std::uint64_t count) {
  constexpr std::uint64_t kBatch = 10'000;
  const auto start = Clock::now();
  for (std::uint64_t first = 0; first < count; first += kBatch) {
    std::vector<Dagstore::Registration> batch;
    for (std::uint64_t i = first; i < std::min(first + kBatch, count); ++i) {
      batch.push_back(
          {.key = key_number(i),
           .url = fmt::format("file:///srv/sealed/unsealed/s-t01000-{}", i)});
    }
    must(store.register_shards(batch));
  }
  fmt::print("register, batches of {}: {:.0f} shards/s\n", kBatch,
             static_cast<double>(count) / seconds_since(start));
}

void measure_open(const std::string& repo) {
  std::vector<double> times;
  const double before = resident();
  double after = before;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    const auto store = open(repo);
    times.push_back(seconds_since(start) * 1e3);
    after = std::max(after, resident());
  }
  fmt::print("open: median {:.1f} ms, first {:.1f} ms, worst {:.1f} ms\n",
             median(times), times[0], std::ranges::max(times));
  fmt::print("open: resident {:.1f} MiB, {:.1f} MiB more than before\n", after,
             after - before);
}

void measure_lists(const Dagstore& store) {
  std::vector<double> keys_rates;
  std::vector<double> info_rates;
  for (int round = 0; round < kRounds; ++round) {
    std::uint64_t count = 0;
    auto start = Clock::now();
    must(store.for_each_key("", [&](std::string_view) { return ++count > 0; }));
    keys_rates.push_back(static_cast<double>(count) / seconds_since(start));

    count = 0;
    start = Clock::now();
    must(store.for_each("", [&](const ShardInfo&) { return ++count > 0; }));
    info_rates.push_back(static_cast<double>(count) / seconds_since(start));
  }
  fmt::print("list keys: {:.0f}/s, records: {:.0f}/s; resident {:.1f} MiB\n",
             median(keys_rates), median(info_rates), resident());
}

void measure_acquire(Dagstore& store, const std::string& repo) {
  constexpr int kCalls = 100'000;
  const std::string path = repo + "/one.car";
  const Bytes header = car::encode_car_header({});
  std::ofstream(path, std::ios::binary) << as_text(header);
  const ShardKey key = must(ShardKey::parse("one"));
  must(store.register_shards({{.key = key, .url = "file:one.car"}}));
  must(store.acquire(key));

  std::vector<double> acquires;
  std::vector<double> stats;
  for (int round = 0; round < kRounds; ++round) {
    auto start = Clock::now();
    for (int i = 0; i < kCalls; ++i) must(store.acquire(key));
    acquires.push_back(seconds_since(start) / kCalls * 1e9);
    start = Clock::now();
    for (int i = 0; i < kCalls; ++i) must(stamp_of_path(path));
    stats.push_back(seconds_since(start) / kCalls * 1e9);
  }
  fmt::print(
      "acquire and return, open shard: {:.0f} ns, of which a stat {:.0f} "
      "ns\n",
      median(acquires), median(stats));
}

int run(std::uint64_t count) {
  std::string folder =
      (std::filesystem::temp_directory_path() / "dagfs-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const std::string repo = folder + "/repo";
  must(Dagstore::create(repo));
  fmt::print("{} shards\n", count);
  register_all(*open(repo), count);
  measure_open(repo);
  {
    const auto store = open(repo);
    measure_lists(*store);
    measure_acquire(*store, repo);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace dagfs::dagstore

int main(int argc, char** argv) {
  const std::uint64_t count =
      argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  return dagfs::dagstore::run(count);
}
