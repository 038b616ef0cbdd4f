// SPDX-License-Identifier: Apache-2.0 OR MIT

// Verifying blocks one after the other, and two at once. Run on a machine with
// SHA extensions: elsewhere the two are the same.

#include <benchmark/benchmark.h>

#include "car/ipld/multihash.h"

namespace dagfs::car {
namespace {

struct TwoBlocks {
  explicit TwoBlocks(std::int64_t size)
      : first(static_cast<std::size_t>(size), std::byte{1}),
        second(static_cast<std::size_t>(size), std::byte{2}),
        first_digest(hash_bytes(HashCode::kSha2_256, first).value()),
        second_digest(hash_bytes(HashCode::kSha2_256, second).value()) {}

  Bytes first;
  Bytes second;
  Bytes first_digest;
  Bytes second_digest;
};

void report(benchmark::State& state) {
  state.SetBytesProcessed(2 * state.iterations() * state.range(0));
}

void BM_VerifyOneAfterTheOther(benchmark::State& state) {
  const TwoBlocks blocks(state.range(0));
  for (auto _ : state) {
    const bool fine =
        verify_bytes({HashCode::kSha2_256, blocks.first_digest}, blocks.first)
            .ok() &&
        verify_bytes({HashCode::kSha2_256, blocks.second_digest}, blocks.second)
            .ok();
    if (!fine) state.SkipWithError("digest differs");
  }
  report(state);
}
BENCHMARK(BM_VerifyOneAfterTheOther)->RangeMultiplier(16)->Range(64, 1 << 20);

void BM_VerifyTwo(benchmark::State& state) {
  const TwoBlocks blocks(state.range(0));
  for (auto _ : state) {
    const VerifyPair pair =
        verify_two({HashCode::kSha2_256, blocks.first_digest}, blocks.first,
                   {HashCode::kSha2_256, blocks.second_digest}, blocks.second);
    if (!pair.first.ok() || !pair.second.ok()) {
      state.SkipWithError("digest differs");
    }
  }
  report(state);
}
BENCHMARK(BM_VerifyTwo)->RangeMultiplier(16)->Range(64, 1 << 20);

void BM_HashBytes(benchmark::State& state) {
  const auto code = static_cast<HashCode>(state.range(0));
  const Bytes block(std::size_t{1} << 20, std::byte{1});
  for (auto _ : state) benchmark::DoNotOptimize(hash_bytes(code, block));
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(block.size()));
  state.SetLabel(name_of(code));
}
BENCHMARK(BM_HashBytes)
    ->Arg(0x11)     // sha1
    ->Arg(0x12)     // sha2-256
    ->Arg(0x13)     // sha2-512
    ->Arg(0x16)     // sha3-256
    ->Arg(0x1b)     // keccak-256
    ->Arg(0x1e)     // blake3
    ->Arg(0xb220);  // blake2b-256

}  // namespace
}  // namespace dagfs::car
