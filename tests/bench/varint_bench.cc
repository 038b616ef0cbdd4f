// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <benchmark/benchmark.h>

#include "car/ipld/varint.h"

namespace dagfs::car {
namespace {

void BM_ReadVarint(benchmark::State& state) {
  const Bytes input(1 << 16, std::byte{0x01});
  for (auto _ : state) {
    ByteView rest = input;
    while (!rest.empty()) benchmark::DoNotOptimize(read_varint(&rest));
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(input.size()));
}
BENCHMARK(BM_ReadVarint);

}  // namespace
}  // namespace dagfs::car
