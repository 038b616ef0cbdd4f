// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "car/ipld/dag_pb.h"

namespace dagfs::car {
namespace {

Block directory_of(std::size_t count) {
  std::vector<DagPbLinkToWrite> links;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "file-" + std::to_string(i);
    const Cid cid =
        Cid::of(Codec::kRaw, HashCode::kSha2_256, as_bytes(name)).value();
    links.push_back({.cid = cid, .name = name, .tsize = 1000 + i});
  }
  return std::make_shared<const Bytes>(
      encode_dag_pb(links, as_bytes("\x08\x01")));
}

void BM_DecodeDagPb(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const Block block = directory_of(count);
  for (auto _ : state) {
    const auto node = DagPbNode::decode(block);
    if (node->link_count() != count) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_DecodeDagPb)->Arg(10)->Arg(1000)->Arg(100'000);

void BM_VisitDagPbLinks(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const DagPbNode node = DagPbNode::decode(directory_of(count)).value();
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      benchmark::DoNotOptimize(node.link(i));
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_VisitDagPbLinks)->Arg(100'000);

}  // namespace
}  // namespace dagfs::car
