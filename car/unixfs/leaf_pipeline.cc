// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/leaf_pipeline.h"

#include <algorithm>
#include <utility>

#include "car/ipld/dag_pb.h"
#include "car/unixfs/block_naming.h"
#include "car/unixfs/limits.h"
#include "car/unixfs/unixfs_node.h"

namespace dagfs::car {
namespace {

// Enough for every thread to have a next chunk while the caller fills another.
constexpr std::uint64_t kBytesInFlightMin = std::uint64_t{8} << 20;

std::vector<ByteView> chunks_of(const Slab& slab, std::size_t chunk_size) {
  std::vector<ByteView> chunks;
  const ByteView bytes = slab.bytes();
  std::size_t begin = 0;
  for (const std::size_t end : slab.chunk_ends()) {
    chunks.push_back(bytes.subspan(begin, end - begin));
    begin = end;
  }
  if (!chunks.empty()) return chunks;
  do {  // Once for the empty slab of an empty file.
    const std::size_t size = std::min(bytes.size() - begin, chunk_size);
    chunks.push_back(bytes.subspan(begin, size));
    begin += size;
  } while (begin < bytes.size());
  return chunks;
}

Bytes wrap_leaf(ByteView chunk) {
  const UnixfsNode node{
      .type = UnixfsType::kFile, .data = chunk, .file_size = chunk.size()};
  return encode_dag_pb({}, encode(node));
}

}  // namespace

LeafPipeline::LeafPipeline(const ImportProfile& profile, HashPool* pool,
                           Consumer consumer)
    : profile_(profile),
      pool_(pool),
      consumer_(std::move(consumer)),
      bytes_max_(
          std::clamp(2 * blocks_side_by_side(profile) * profile.chunk_size,
                     kBytesInFlightMin, std::uint64_t{kBytesInFlightMax})) {}

LeafPipeline::~LeafPipeline() {
  const MutexLock lock(mutex_);
  if (!error_) error_ = Error(ErrorCode::kUnavailable, "given up");
  while (!jobs_.empty()) changed_.wait(mutex_);
}

Status LeafPipeline::push(Batch batch) {
  if (pool_ == nullptr) return push_here(std::move(batch));
  JobPtr job = DAGFS_TRY(enqueue(std::move(batch)));
  pool_->run([this, job = std::move(job)] { process(job); });
  return ok_status();
}

Status LeafPipeline::push_here(Batch batch) {
  process(DAGFS_TRY(enqueue(std::move(batch))));
  const MutexLock lock(mutex_);
  return status_locked();
}

Status LeafPipeline::drain() {
  const MutexLock lock(mutex_);
  while (!jobs_.empty()) changed_.wait(mutex_);
  return status_locked();
}

std::optional<Slab> LeafPipeline::reuse_slab() {
  const MutexLock lock(mutex_);
  if (unused_slabs_.empty()) return std::nullopt;
  Slab slab = std::move(unused_slabs_.back());
  unused_slabs_.pop_back();
  return slab;
}

Result<LeafPipeline::JobPtr> LeafPipeline::enqueue(Batch batch) {
  auto job = std::make_shared<Job>();
  for (const Slab& slab : batch) job->size += slab.size();
  // What is wrapped is there twice.
  if (profile_.leaves == LeafFormat::kDagPb) job->size *= 2;
  job->batch = std::move(batch);

  const MutexLock lock(mutex_);
  // A batch that is too large by itself goes when it is alone.
  while (!error_ && !jobs_.empty() &&
         bytes_in_flight_ + job->size > bytes_max_) {
    changed_.wait(mutex_);
  }
  DAGFS_TRY(status_locked());
  bytes_in_flight_ += job->size;
  jobs_.push_back(job);
  return job;
}

// Whoever has hashed hands on what is complete at the front, and goes on while
// others complete more; one thread does that at a time. Nothing of this object
// is touched after the last job has left it, for then it may be gone.
void LeafPipeline::process(const JobPtr& job) {
  if (!has_failed()) job->outcome = hash(job.get());
  JobPtr next = end_hashing(job);
  while (next != nullptr) {
    Status outcome = has_failed() ? ok_status() : hand_on(*next);
    next = end_handing_on(next, std::move(outcome));
  }
}

Status LeafPipeline::hash(Job* job) const {
  const bool is_raw = profile_.leaves == LeafFormat::kRaw;
  std::vector<ByteView> blocks;
  for (const Slab& slab : job->batch) {
    for (const ByteView chunk : chunks_of(slab, profile_.chunk_size)) {
      if (!is_raw) job->wrapped.push_back(wrap_leaf(chunk));
      blocks.push_back(is_raw ? chunk : ByteView(job->wrapped.back()));
      job->leaves.push_back({.size = chunk.size(), .block = blocks.back()});
    }
  }
  std::vector<Cid> cids(blocks.size());
  DAGFS_TRY(name_blocks(profile_, is_raw ? Codec::kRaw : Codec::kDagPb, blocks,
                        cids));
  for (std::size_t i = 0; i < cids.size(); ++i) {
    job->leaves[i].cid = std::move(cids[i]);
  }
  return ok_status();
}

Status LeafPipeline::hand_on(const Job& job) const {
  DAGFS_TRY(job.outcome);
  for (const Leaf& leaf : job.leaves) {
    DAGFS_TRY(consumer_(leaf.cid, leaf.block, leaf.size));
  }
  return ok_status();
}

LeafPipeline::JobPtr LeafPipeline::end_hashing(const JobPtr& job) {
  const MutexLock lock(mutex_);
  job->is_hashed = true;
  return begin_handing_on_locked();
}

LeafPipeline::JobPtr LeafPipeline::end_handing_on(const JobPtr& job,
                                                  Status outcome) {
  const MutexLock lock(mutex_);
  is_handing_on_ = false;
  if (!outcome.ok() && !error_) error_ = std::move(outcome).error();
  jobs_.pop_front();
  bytes_in_flight_ -= job->size;
  for (Slab& slab : job->batch) {
    if (slab.capacity() == 0) continue;  // Of an empty file.
    slab.clear();
    unused_slabs_.push_back(std::move(slab));
  }
  changed_.notify_all();
  return begin_handing_on_locked();
}

LeafPipeline::JobPtr LeafPipeline::begin_handing_on_locked() {
  if (is_handing_on_ || jobs_.empty() || !jobs_.front()->is_hashed) {
    return nullptr;
  }
  is_handing_on_ = true;
  return jobs_.front();
}

bool LeafPipeline::has_failed() const {
  const MutexLock lock(mutex_);
  return error_.has_value();
}

Status LeafPipeline::status_locked() const {
  if (error_) return *error_;
  return ok_status();
}

}  // namespace dagfs::car
