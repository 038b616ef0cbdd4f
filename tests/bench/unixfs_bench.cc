// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <benchmark/benchmark.h>

#include <string>

#include "car/unixfs/directory_reader.h"
#include "car/unixfs/file_layout.h"
#include "tests/support/dag_builder.h"
#include "tests/support/fake_block_source.h"

namespace dagfs::car {
namespace {

using tests::DagBuilder;
using tests::DagLink;
using tests::FakeBlockSource;

constexpr int kEntryCount = 100'000;

enum class Layout : std::uint8_t { kPlain, kSharded };

Cid directory(DagBuilder* dag, Layout layout) {
  const Cid file = dag->raw("x");
  std::vector<DagLink> links;
  for (int i = 0; i < kEntryCount; ++i) {
    links.push_back({"file-" + std::to_string(i) + ".json", file});
  }
  return layout == Layout::kPlain ? dag->directory(std::move(links))
                                  : dag->sharded_directory(std::move(links));
}

void BM_OpenDirectory(benchmark::State& state) {
  DagBuilder dag;
  const Cid root = directory(&dag, Layout::kPlain);
  const FakeBlockSource source(dag.blocks());
  for (auto _ : state) {
    benchmark::DoNotOptimize(DirectoryReader::open(source, root));
  }
  state.SetItemsProcessed(state.iterations() * kEntryCount);
}
BENCHMARK(BM_OpenDirectory)->Unit(benchmark::kMillisecond);

// As readdir does it: so many entries a call, each call from a cookie.
void BM_ListDirectory(benchmark::State& state, Layout layout) {
  DagBuilder dag;
  const Cid root = directory(&dag, layout);
  const FakeBlockSource source(dag.blocks());
  const auto reader = DirectoryReader::open(source, root).value();
  const std::int64_t entries_per_call = state.range(0);
  std::size_t bytes = 0;
  for (auto _ : state) {
    std::uint64_t cookie = 0;
    for (bool more = true; more;) {
      std::int64_t count = 0;
      more = false;
      const Status status =
          reader->list(cookie, [&](const DirectoryEntry& entry) {
            if (count == entries_per_call) return !(more = true);
            ++count;
            cookie = entry.next_cookie;
            bytes += entry.name.size() + entry.cid.bytes.size();
            return true;
          });
      if (!status.ok()) state.SkipWithError(status.error().message().c_str());
    }
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(state.iterations() * kEntryCount);
}
BENCHMARK_CAPTURE(BM_ListDirectory, plain, Layout::kPlain)
    ->Arg(1000)
    ->Arg(kEntryCount)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_ListDirectory, sharded, Layout::kSharded)
    ->Arg(1000)
    ->Unit(benchmark::kMillisecond);

// Each name once, in the order of the listing, as `find` asks.
void BM_LookUpNames(benchmark::State& state, Layout layout) {
  DagBuilder dag;
  const Cid root = directory(&dag, layout);
  const FakeBlockSource source(dag.blocks());
  const auto reader = DirectoryReader::open(source, root).value();
  std::vector<std::string> names;
  const Status status = reader->list(0, [&](const DirectoryEntry& entry) {
    names.emplace_back(entry.name);
    return true;
  });
  if (!status.ok()) state.SkipWithError("cannot list");
  for (auto _ : state) {
    for (const std::string& name : names) {
      benchmark::DoNotOptimize(reader->lookup(name));
    }
  }
  state.SetItemsProcessed(state.iterations() * kEntryCount);
}
BENCHMARK_CAPTURE(BM_LookUpNames, plain, Layout::kPlain)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_LookUpNames, sharded, Layout::kSharded)
    ->Unit(benchmark::kMillisecond);

// A file of 64 Gi bytes in leaves of 1 MiB under nodes of 1,024 links, read in
// order, so many KiB a call. The leaves are one block: only its length counts.
void BM_MapFile(benchmark::State& state) {
  constexpr std::uint64_t kLeafSize = std::uint64_t{1} << 20;
  constexpr std::size_t kLinks = 1024;
  DagBuilder dag;
  const Cid leaf = dag.raw(Bytes(kLeafSize));
  const auto parent = [&](const Cid& child, std::size_t links,
                          std::uint64_t size, std::uint32_t mode) {
    return dag.node(
        std::vector<DagLink>(links, DagLink{"", child}),
        UnixfsNode{.type = UnixfsType::kFile,
                   .block_sizes = std::vector<std::uint64_t>(links, size),
                   .mode = mode});
  };
  const Cid middle = parent(leaf, kLinks, kLeafSize, 0);
  const Cid root = parent(middle, 64, kLinks * kLeafSize, 1);
  const FakeBlockSource source(dag.blocks());
  const auto layout = FileLayout::open(source, root).value();

  const auto count = static_cast<std::uint64_t>(state.range(0)) << 10;
  std::uint64_t offset = 0;
  std::vector<FileExtent> extents;
  for (auto _ : state) {
    extents.clear();
    const Status status = layout->map({offset, count}, &extents);
    if (!status.ok()) state.SkipWithError(status.error().message().c_str());
    benchmark::DoNotOptimize(extents.data());
    offset = (offset + count) % layout->size();
  }
}
BENCHMARK(BM_MapFile)->Arg(4)->Arg(128)->Arg(1024)->Arg(4096);

}  // namespace
}  // namespace dagfs::car
