// SPDX-License-Identifier: Apache-2.0 OR MIT

// Piece commitments against what they are made of: sha2-256 of the same bytes
// by OpenSSL, on one core; a bare loop of each kernel over pairs of nodes,
// counted in bytes of payload; and fr32 against copying.

#include <benchmark/benchmark.h>

#include <cstring>
#include <string>

#include "car/ipld/multihash.h"
#include "mount/piece/commp.h"
#include "mount/piece/fr32.h"
#include "mount/piece/threaded_commp.h"

namespace dagfs::mount {
namespace {

constexpr std::size_t kPayload = std::size_t{64} << 20;
constexpr std::size_t kPortion = std::size_t{1} << 20;

Bytes payload_of(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t x = 1;
  for (std::byte& byte : bytes) {
    x = x * 1664525 + 1013904223;
    byte = static_cast<std::byte>(x >> 24);
  }
  return bytes;
}

void report_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() *
                          static_cast<std::int64_t>(bytes));
}

template <typename Hasher>
void append_in_portions(Hasher& hasher, ByteView payload) {
  for (; !payload.empty(); payload = payload.subspan(kPortion)) {
    hasher.append(payload.first(kPortion));
  }
}

void BM_OpensslSha256(benchmark::State& state) {
  const Bytes payload = payload_of(kPayload);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        car::hash_bytes(car::HashCode::kSha2_256, payload));
  }
  report_bytes(state, kPayload);
}
BENCHMARK(BM_OpensslSha256)->Unit(benchmark::kMillisecond);

void BM_PieceHasher(benchmark::State& state) {
  const Bytes payload = payload_of(kPayload);
  for (auto _ : state) {
    PieceHasher hasher;
    append_in_portions(hasher, payload);
    benchmark::DoNotOptimize(hasher.finish());
  }
  report_bytes(state, kPayload);
}
BENCHMARK(BM_PieceHasher)->Unit(benchmark::kMillisecond);

void BM_ThreadedPieceHasher(benchmark::State& state) {
  const Bytes payload = payload_of(kPayload);
  for (auto _ : state) {
    ThreadedPieceHasher hasher(
        {.threads = static_cast<unsigned>(state.range(0))});
    append_in_portions(hasher, payload);
    benchmark::DoNotOptimize(hasher.finish());
  }
  report_bytes(state, kPayload);
}
BENCHMARK(BM_ThreadedPieceHasher)
    ->Arg(1)
    ->Arg(2)
    ->Arg(4)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// A tree has one pair less than leaves: 127 bytes of payload are four of them.
void BM_NodeHashKernel(benchmark::State& state) {
  const auto kernels = node_hash_kernels();
  const auto index = static_cast<std::size_t>(state.range(0));
  if (index >= kernels.size()) {
    state.SkipWithError("this processor has no more kernels");
    return;
  }
  constexpr std::size_t kPairs = 256;  // 16 KiB, which stay in the cache.
  const Bytes nodes = payload_of(kPairs * 64);
  Bytes parents(kPairs * 32);
  for (auto _ : state) {
    kernels[index].hash(nodes.data(), kPairs, parents.data());
    benchmark::DoNotOptimize(parents.data());
    benchmark::ClobberMemory();
  }
  report_bytes(state, kPairs * kQuadUnpadded / 4);
  state.SetLabel(std::string(kernels[index].name));
}
BENCHMARK(BM_NodeHashKernel)->DenseRange(0, 3);

constexpr std::size_t kQuads = 1024;  // 128 KiB: what a reader asks for.

void BM_CopyAsMuch(benchmark::State& state) {
  const Bytes from = payload_of(kQuads * kQuadUnpadded);
  Bytes to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  report_bytes(state, from.size());
}
BENCHMARK(BM_CopyAsMuch);

template <bool kUnpad>
void BM_Fr32(benchmark::State& state) {
  const auto kernels = fr32_kernels();
  const auto index = static_cast<std::size_t>(state.range(0));
  if (index >= kernels.size()) {
    state.SkipWithError("this processor has no more kernels");
    return;
  }
  Bytes payload = payload_of(kQuads * kQuadUnpadded);
  Bytes padded(kQuads * kQuadPadded);
  kernels[index].pad(payload.data(), kQuads, padded.data());
  for (auto _ : state) {
    if (kUnpad) {
      kernels[index].unpad(padded.data(), kQuads, payload.data());
    } else {
      kernels[index].pad(payload.data(), kQuads, padded.data());
    }
    benchmark::ClobberMemory();
  }
  report_bytes(state, payload.size());
  state.SetLabel(std::string(kernels[index].name));
}
BENCHMARK_TEMPLATE(BM_Fr32, false)->DenseRange(0, 2);
BENCHMARK_TEMPLATE(BM_Fr32, true)->DenseRange(0, 2);

}  // namespace
}  // namespace dagfs::mount
