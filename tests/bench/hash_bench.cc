// SPDX-License-Identifier: Apache-2.0 OR MIT

// sha2-256 of many messages at once, in each way that this processor can:
// "openssl" is one after the other, and what the others are to be compared
// with.

#include <benchmark/benchmark.h>

#include <string>

#include "car/ipld/multihash.h"
#include "car/ipld/sha256_kernels.h"

namespace dagfs::car {
namespace {

// The same bytes as often as wanted, so that it is hashing that is measured,
// in slices as files are read.
class RepeatedSource final : public Sha256Source {
 public:
  RepeatedSource(std::size_t count, std::size_t size) : size_(size) {
    constexpr std::size_t kSliceSize = std::size_t{32} << 10;
    // A line more, or all slices would be in the same lines of the cache.
    for (std::size_t i = 0; i < count; ++i) {
      slices_.emplace_back(kSliceSize + 64, static_cast<std::byte>(i));
    }
  }

  ByteView slice(std::size_t index, std::uint64_t offset) override {
    const ByteView slice = ByteView(slices_[index]).subspan(64);
    return slice.first(std::min<std::uint64_t>(slice.size(), size_ - offset));
  }

 private:
  std::size_t size_;
  std::vector<Bytes> slices_;
};

void hash_messages(benchmark::State& state, const Sha256Kernel& kernel) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(1));
  RepeatedSource source(count, size);
  const std::vector<std::uint64_t> sizes(count, size);
  std::vector<Sha256Digest> digests(count);
  for (auto _ : state) {
    sha256_many_with(kernel, sizes, source, digests);
    benchmark::DoNotOptimize(digests.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1));
}

[[maybe_unused]] const bool kAreRegistered = [] {
  for (const Sha256Kernel& kernel : sha256_kernels()) {
    benchmark::RegisterBenchmark(
        ("BM_Sha256/" + std::string(kernel.name)).c_str(),
        [kernel](benchmark::State& state) { hash_messages(state, kernel); })
        ->ArgNames({"size", "count"})
        ->ArgsProduct({{64, 4096, 1 << 18, 1 << 20}, {16}})
        ->ArgsProduct({{1 << 20}, {1, 2, 3, 4, 8}});
  }
  return true;
}();

// What comes on top: looking at each block's multihash, comparing, verdicts.
void BM_VerifyMany(benchmark::State& state) {
  constexpr std::size_t kCount = 16;
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<Bytes> bytes;
  std::vector<Bytes> digests;
  for (std::size_t i = 0; i < kCount; ++i) {
    bytes.emplace_back(size, static_cast<std::byte>(i));
    digests.push_back(hash_bytes(HashCode::kSha2_256, bytes.back()).value());
  }
  std::vector<HashedBytes> blocks;
  for (std::size_t i = 0; i < kCount; ++i) {
    blocks.push_back({{HashCode::kSha2_256, digests[i]}, bytes[i]});
  }
  for (auto _ : state) {
    for (const Status& verdict : verify_many(blocks)) {
      if (!verdict.ok()) state.SkipWithError("digest differs");
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(kCount) *
                          state.iterations() * state.range(0));
}
BENCHMARK(BM_VerifyMany)->RangeMultiplier(16)->Range(64, 1 << 20);

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
