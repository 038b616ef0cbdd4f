// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/memory_sink.h"

#include <algorithm>
#include <utility>

#include "car/ipld/multihash.h"

namespace dagfs::tests {

Result<std::uint64_t> MemorySink::put(const car::Cid& cid, ByteView block) {
  const bool is_right = verify_bytes(cid.multihash(), block).ok();

  const MutexLock lock(mutex_);
  if (is_inside_) complaint_ += "two calls at a time; ";
  if (!is_right) complaint_ += cid.to_string() + " is not its block's; ";
  is_inside_ = true;
  changed_.notify_all();
  while (is_held_) changed_.wait(mutex_);
  is_inside_ = false;
  if (puts_++ >= fails_from_) return *error_;
  if (cid.is_identity()) return car::kNotStored;
  const auto [found, is_new] = positions_.try_emplace(cid, end_);
  if (is_new) {
    blocks_.push_back({cid, Bytes(block.begin(), block.end())});
    end_ += block.size();
  }
  return found->second;
}

void MemorySink::fail_from(std::uint64_t count, Error error) {
  const MutexLock lock(mutex_);
  fails_from_ = count;
  error_ = std::move(error);
}

void MemorySink::hold() {
  const MutexLock lock(mutex_);
  is_held_ = true;
}

void MemorySink::release() {
  const MutexLock lock(mutex_);
  is_held_ = false;
  changed_.notify_all();
}

void MemorySink::wait_for_waiter() const {
  const MutexLock lock(mutex_);
  while (!is_inside_) changed_.wait(mutex_);
}

std::vector<DagBlock> MemorySink::blocks() const {
  const MutexLock lock(mutex_);
  return blocks_;
}

std::uint64_t MemorySink::put_count() const {
  const MutexLock lock(mutex_);
  return puts_;
}

std::string MemorySink::complaint() const {
  const MutexLock lock(mutex_);
  return complaint_;
}

Bytes MemorySink::read(std::uint64_t position, std::uint64_t size) const {
  const MutexLock lock(mutex_);
  Bytes out;
  std::uint64_t begin = 0;
  for (const DagBlock& block : blocks_) {
    const std::uint64_t end = begin + block.bytes.size();
    if (end > position && begin < position + size) {
      const std::uint64_t from = std::max(begin, position) - begin;
      const std::uint64_t to = std::min(end, position + size) - begin;
      const auto bytes = ByteView(block.bytes).subspan(from, to - from);
      out.insert(out.end(), bytes.begin(), bytes.end());
    }
    begin = end;
  }
  return out;
}

}  // namespace dagfs::tests
