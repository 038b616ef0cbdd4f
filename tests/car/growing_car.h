// SPDX-License-Identifier: Apache-2.0 OR MIT

// What the tests of growing CARs share.

#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "car/append_observer.h"
#include "car/ipld/cid.h"
#include "car/read_write_blockstore.h"
#include "tests/support/fake_read_write_file.h"

namespace dagfs::tests {

struct TestBlock {
  car::Cid cid;
  Bytes bytes;
};

// Under its CIDv1 by sha2-256.
inline TestBlock test_block(ByteView bytes,
                            car::Codec codec = car::Codec::kRaw) {
  return {car::Cid::of(codec, car::HashCode::kSha2_256, bytes).value(),
          Bytes(bytes.begin(), bytes.end())};
}

inline TestBlock test_block(std::string_view text) {
  return test_block(as_bytes(text));
}

// `count` different ones of `size` bytes or a little more.
inline std::vector<TestBlock> test_blocks(std::size_t count, std::size_t size) {
  std::vector<TestBlock> blocks;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = std::to_string(i);
    text.resize(std::max(size + i % 7, text.size()),
                static_cast<char>('a' + i % 26));
    blocks.push_back(test_block(text));
  }
  return blocks;
}

// Holds a file's bytes as an observer is told of them.
class RecordingObserver final : public car::AppendObserver {
 public:
  void appended(ByteView more) override {
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  void patched(std::uint64_t offset, ByteView patch) override {
    ++patch_count;
    std::ranges::copy(patch,
                      bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  Bytes bytes;
  int patch_count = 0;
};

// Small, so that a few blocks fill it.
inline car::ReadWriteOptions small_options(
    car::AppendObserver* observer = nullptr) {
  return {.buffer_size = 256, .observer = observer};
}

inline std::unique_ptr<car::ReadWriteBlockstore> create_store(
    const std::shared_ptr<FakeDisk>& disk,
    const car::ReadWriteOptions& options = small_options()) {
  return car::ReadWriteBlockstore::create(FakeDisk::open(disk), options)
      .value();
}

inline Result<car::ReadWriteBlockstore::Resumed> resume_store(
    const std::shared_ptr<FakeDisk>& disk,
    const car::ReadWriteOptions& options = small_options()) {
  return car::ReadWriteBlockstore::resume(FakeDisk::open(disk),
                                          {.write = options});
}

// The finished file of these blocks, rooted at the first one.
inline Bytes finished_file(
    const std::vector<TestBlock>& blocks,
    const car::ReadWriteOptions& options = small_options()) {
  const auto disk = std::make_shared<FakeDisk>();
  const auto store = create_store(disk, options);
  for (const TestBlock& block : blocks)
    store->put(block.cid, block.bytes).value();
  store->finish({blocks.front().cid}).value();
  return disk->content();
}

}  // namespace dagfs::tests
