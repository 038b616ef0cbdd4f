// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/sha256_many.h"

#include <openssl/evp.h>

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <cassert>
#include <cstring>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "car/ipld/sha256_constants.h"
#include "car/ipld/sha256_kernels.h"

namespace dagfs::car {
namespace {

struct EvpContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Messages in memory, each of which is one slice.
class MemorySource final : public Sha256Source {
 public:
  explicit MemorySource(std::span<const ByteView> messages)
      : messages_(messages) {}

  ByteView slice(std::size_t index, std::uint64_t offset) override {
    return messages_[index].subspan(offset);
  }

 private:
  std::span<const ByteView> messages_;
};

// A message that waits for a lane.
struct Message {
  std::size_t index = 0;
  std::uint64_t size = 0;
};

// A message on its way through a lane.
struct Lane {
  enum class Stage : std::uint8_t { kBody, kTail, kIdle };

  Stage stage = Stage::kIdle;
  Message message;
  std::uint64_t offset = 0;  // Of what comes after `rest`.
  ByteView rest;             // Of the slice, not yet in `run`.
  // What is to be hashed next: whole blocks, in the slice or in `tail`.
  const std::byte* run = nullptr;
  std::size_t run_blocks = 0;
  std::array<std::byte, 2 * kSha256BlockSize> tail;
};

// The end of the message: what does not fill a block, and the padding.
void start_tail(Lane& lane) {
  const ByteView rest = lane.rest;
  assert(rest.size() < kSha256BlockSize);
  lane.tail.fill({});
  std::ranges::copy(rest, lane.tail.begin());
  lane.tail[rest.size()] = std::byte{0x80};
  lane.run = lane.tail.data();
  // The length in bits takes the last eight bytes.
  lane.run_blocks = rest.size() + 1 + 8 <= kSha256BlockSize ? 1 : 2;
  const std::uint64_t bits = __builtin_bswap64(lane.message.size * 8);
  std::memcpy(&lane.tail[lane.run_blocks * kSha256BlockSize - 8], &bits, 8);
  lane.rest = {};
  lane.stage = Lane::Stage::kTail;
}

// On the stack as long as there are not more than lanes.
template <typename Item>
using SmallVector = boost::container::small_vector<Item, kSha256LanesMax>;

// Runs messages through the lanes of a kernel: a lane whose message ends takes
// the next one.
class LaneHasher {
 public:
  // `digests` are found by the index of a message.
  LaneHasher(const Sha256Kernel& kernel, Sha256Source& source,
             std::span<Sha256Digest> digests)
      : kernel_(kernel), source_(source), digests_(digests) {}

  void hash(std::span<const Message> messages) {
    waiting_ = messages;
    for (std::size_t i = 0; i < kernel_.lanes; ++i) prepare(i);
    while (const std::size_t blocks = common_blocks()) {
      std::array<const std::byte*, kSha256LanesMax> runs;
      for (std::size_t i = 0; i < kernel_.lanes; ++i) runs[i] = lanes_[i].run;
      kernel_.compress(states_.data(), runs.data(), blocks);
      for (std::size_t i = 0; i < kernel_.lanes; ++i) advance(i, blocks);
    }
  }

 private:
  // As far as all lanes go that are not idle; 0 when all are.
  std::size_t common_blocks() const {
    std::size_t blocks = 0;
    for (const Lane& lane : std::span(lanes_).first(kernel_.lanes)) {
      if (lane.run == nullptr) continue;
      blocks =
          blocks == 0 ? lane.run_blocks : std::min(blocks, lane.run_blocks);
    }
    return blocks;
  }

  void advance(std::size_t i, std::size_t blocks) {
    Lane& lane = lanes_[i];
    if (lane.run == nullptr) return;
    lane.run += blocks * kSha256BlockSize;
    lane.run_blocks -= blocks;
    if (lane.run_blocks > 0) return;
    if (lane.stage == Lane::Stage::kTail) {
      store_digest(i);
      lane.stage = Lane::Stage::kIdle;
    }
    prepare(i);
  }

  // Gives a lane whose run is over its next one, of the next message if need
  // be. Without any it is idle.
  void prepare(std::size_t i) {
    Lane& lane = lanes_[i];
    lane.run = nullptr;
    while (lane.stage != Lane::Stage::kIdle || start_message(i)) {
      if (lane.rest.empty() && lane.offset < lane.message.size) {
        lane.rest = source_.slice(lane.message.index, lane.offset);
        lane.offset += lane.rest.size();
        assert(lane.offset <= lane.message.size);
        if (lane.rest.empty()) {
          lane.stage = Lane::Stage::kIdle;
          continue;
        }
      }
      lane.run_blocks = lane.rest.size() / kSha256BlockSize;
      if (lane.run_blocks == 0) return start_tail(lane);
      lane.run = lane.rest.data();
      lane.rest = lane.rest.subspan(lane.run_blocks * kSha256BlockSize);
      assert(lane.rest.empty() || lane.offset == lane.message.size);
      return;
    }
  }

  bool start_message(std::size_t i) {
    if (waiting_.empty()) return false;
    Lane& lane = lanes_[i];
    lane.stage = Lane::Stage::kBody;
    lane.message = waiting_.front();
    lane.offset = 0;
    lane.rest = {};
    waiting_ = waiting_.subspan(1);
    for (std::size_t word = 0; word < kSha256StateWords; ++word) {
      states_[word * kernel_.lanes + i] = kSha256InitialState[word];
    }
    return true;
  }

  void store_digest(std::size_t i) {
    Sha256Digest& digest = digests_[lanes_[i].message.index];
    for (std::size_t word = 0; word < kSha256StateWords; ++word) {
      const std::uint32_t big_endian =
          __builtin_bswap32(states_[word * kernel_.lanes + i]);
      std::memcpy(&digest[word * sizeof(big_endian)], &big_endian,
                  sizeof(big_endian));
    }
  }

  const Sha256Kernel& kernel_;
  Sha256Source& source_;
  std::span<Sha256Digest> digests_;
  std::span<const Message> waiting_;
  std::array<Lane, kSha256LanesMax> lanes_;
  // As Sha256Kernel::compress has them.
  alignas(64)
      std::array<std::uint32_t, kSha256StateWords * kSha256LanesMax> states_;
};

// Of messages from the longest to the shortest, how many of the first ones to
// hash alone. The lanes are busy until the longest of their messages is
// through: a long one among short ones is cheaper without them.
std::size_t count_alone(const Sha256Kernel& kernel,
                        std::span<const Message> messages) {
  if (kernel.compress == nullptr) return messages.size();
  const auto work = [](const Message& message) {
    return message.size / kSha256BlockSize + 1;
  };
  std::uint64_t in_lanes = 0;
  for (const Message& message : messages) in_lanes += work(message);
  std::uint64_t alone = 0;
  std::uint64_t best = ~std::uint64_t{0};
  std::size_t count = 0;
  for (std::size_t i = 0; i <= messages.size(); ++i) {
    const std::uint64_t longest = i < messages.size() ? work(messages[i]) : 0;
    const std::uint64_t busy =
        std::max(longest, (in_lanes + kernel.lanes - 1) / kernel.lanes);
    const std::uint64_t cost = alone * 100 + busy * kernel.cost_alone;
    if (cost < best) {
      best = cost;
      count = i;
    }
    alone += longest;
    in_lanes -= longest;
  }
  return count;
}

// With OpenSSL.
void hash_alone(const Message& message, Sha256Source& source,
                Sha256Digest& digest) {
  // Fetched and made once, as either takes as long as hashing a small block.
  static const EVP_MD* const function =
      EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, EvpContextDeleter> context(
      EVP_MD_CTX_new());
  bool is_fine = EVP_DigestInit_ex2(context.get(), function, nullptr) == 1;
  for (std::uint64_t offset = 0; offset < message.size;) {
    const ByteView slice = source.slice(message.index, offset);
    if (slice.empty()) return;
    is_fine &= EVP_DigestUpdate(context.get(), slice.data(), slice.size()) == 1;
    offset += slice.size();
  }
  is_fine &= EVP_DigestFinal_ex(context.get(),
                                reinterpret_cast<unsigned char*>(digest.data()),
                                nullptr) == 1;
  assert(is_fine && "sha2-256 with memory for its context does not fail");
}

std::vector<Sha256Kernel> available_sha256_kernels() {
  std::vector<Sha256Kernel> kernels;
  for (const auto& kernel :
       {sha256_pair_kernel(), sha256_avx512_kernel(), sha256_avx2_kernel()}) {
    if (kernel) kernels.push_back(*kernel);
  }
  kernels.push_back({.name = "openssl"});
  return kernels;
}

}  // namespace

std::span<const Sha256Kernel> sha256_kernels() {
  static const std::vector<Sha256Kernel> kernels = available_sha256_kernels();
  return kernels;
}

void sha256_many_with(const Sha256Kernel& kernel,
                      std::span<const std::uint64_t> sizes,
                      Sha256Source& source, std::span<Sha256Digest> digests) {
  assert(sizes.size() == digests.size());
  SmallVector<Message> messages(sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    messages[i] = {.index = i, .size = sizes[i]};
  }
  std::ranges::stable_sort(messages, std::greater<>(), &Message::size);
  const std::span<const Message> ordered(messages.data(), messages.size());
  const std::size_t alone = count_alone(kernel, ordered);
  for (const Message& message : ordered.first(alone)) {
    hash_alone(message, source, digests[message.index]);
  }
  if (alone == ordered.size()) return;
  LaneHasher(kernel, source, digests).hash(ordered.subspan(alone));
}

std::size_t sha256_lanes() { return sha256_kernels().front().lanes; }

void sha256_many(std::span<const std::uint64_t> sizes, Sha256Source& source,
                 std::span<Sha256Digest> digests) {
  sha256_many_with(sha256_kernels().front(), sizes, source, digests);
}

void sha256_many(std::span<const ByteView> messages,
                 std::span<Sha256Digest> digests) {
  SmallVector<std::uint64_t> sizes(messages.size());
  std::ranges::transform(messages, sizes.begin(), &ByteView::size);
  MemorySource source(messages);
  sha256_many({sizes.data(), sizes.size()}, source, digests);
}

}  // namespace dagfs::car
