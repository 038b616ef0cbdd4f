// SPDX-License-Identifier: Apache-2.0 OR MIT

// Writes a UnixFS file whose bytes arrive one after the other.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "car/base/bytes.h"
#include "car/base/mutex.h"
#include "car/base/result.h"
#include "car/block_sink.h"
#include "car/unixfs/balanced_layout.h"
#include "car/unixfs/chunker.h"
#include "car/unixfs/hash_pool.h"
#include "car/unixfs/leaf_pipeline.h"
#include "car/unixfs/node_writer.h"
#include "car/unixfs/profile.h"

namespace dagfs::car {

// Cuts, hashes and puts a file while it is written: leaves first, each interior
// node when it is full, all in one order whatever the threads do. Chunks are
// hashed and put by the pool's threads beside the caller, who waits in append()
// when they do not keep up. What is put is what IPFS knows as a file: one chunk
// is a leaf, more are a balanced DAG.
//
// Memory for each builder: up to kBytesInFlightMax on their way to the sink,
// half of that collected for the next batch, a slab that is filled, about
// 100 KiB of links a level: below 52 MiB, and 8 bytes a leaf, that is 8 MiB for
// a TiB in chunks of 1 MiB. What was used stays for the next file. A small
// file takes one slab.
//
// An Error of the sink comes back from the next call that can return one, and
// from all after it. For one thread at a time; leaf_count() and leaf_position()
// for any.
class FileBuilder {
 public:
  // `profile` passed check_import_profile(). Null `pool`: everything happens
  // in the calling thread. `sink` and `pool` must outlive the builder; nobody
  // else uses the sink while bytes are appended and not yet flushed.
  FileBuilder(const ImportProfile& profile, BlockSink& sink, HashPool* pool);
  // Waits for what the pool is doing for it. A file that was not finished has
  // left its leaves in the sink.
  ~FileBuilder();

  FileBuilder(const FileBuilder&) = delete;
  FileBuilder& operator=(const FileBuilder&) = delete;

  // Adds bytes of the file. Waits while too much is on its way. An Error is
  // the sink's; of these bytes, some may have been put.
  Status append(ByteView bytes);

  // append() without the copy: read the next bytes, at least one, into room()
  // and say with advance() how many they were. The room ends where the chunk
  // does (small chunks: where several do) and is invalid after any other call.
  // Errors as append().
  Result<std::span<std::byte>> room();
  Status advance(std::size_t count);

  // Returns when every whole chunk so far is in the sink. Errors as append().
  Status flush();

  // Puts the rest and the root; then the builder is as new, ready for another
  // file. Errors as append().
  Result<BuiltDag> finish(const NodeAttributes& attributes = {});

  // Bytes appended so far.
  std::uint64_t size() const { return size_; }

  // Reading back what was appended, after flush(): the chunks are in the sink's
  // sections, leaf_count() of them, and the bytes after them in tail().

  std::uint64_t leaf_count() const;
  // What BlockSink::put answered for the leaf; `index` is below leaf_count().
  std::uint64_t leaf_position(std::uint64_t index) const;
  // Where a chunk begins within its block: behind what it is wrapped into.
  std::size_t leaf_head_size() const;
  // Valid until the next call of another function. Less than a chunk, or the
  // first chunk of a file whose attributes are kept: it may become the root.
  ByteView tail() const {
    return held_.capacity() == 0 ? chunker_.bytes() : held_.bytes();
  }

 private:
  Status take_leaf(const Cid& cid, ByteView block, std::uint64_t size);
  Slab empty_slab();
  bool may_be_only_chunk() const;
  void collect(Slab slab);
  void collect_held();
  Status push_full_slab();
  Result<BuiltDag> put_only_chunk(const UnixfsNode& attributes);
  void start_anew();

  const ImportProfile profile_;
  BlockSink& sink_;
  const std::size_t batch_chunks_;  // That many are hashed side by side.

  std::uint64_t size_ = 0;
  Chunker chunker_;
  // A first chunk that is full and may be all there is; `chunker_` is empty.
  Slab held_;
  LeafPipeline::Batch batch_;
  std::size_t chunks_in_batch_ = 0;

  mutable Mutex mutex_;
  std::deque<std::uint64_t> positions_ DAGFS_GUARDED_BY(mutex_);

  BalancedLayout layout_;  // Touched by the pipeline's consumer alone.
  LeafPipeline pipeline_;  // Last: its threads use all of the above.
};

}  // namespace dagfs::car
