// SPDX-License-Identifier: Apache-2.0 OR MIT

// The blocks of one CAR, found through its index, checked before they leave.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/block_source.h"
#include "car/block_states.h"
#include "car/car_header.h"
#include "car/car_index.h"
#include "car/car_reader.h"

namespace dagfs::car {

// A block as a CAR holds it.
struct StoredBlock {
  // As written in the section: version and codec may differ from what was
  // asked for.
  Cid cid;
  BlockLocation location;
};

// Remembers which blocks were already hashed (two bits an index entry), so that
// none is hashed twice as long as this object lives; whoever owns it drops it
// when the file's stamp changes. Safe for use from many threads at once.
//
// A CAR may hold several copies of a block, some of them damaged. Up to
// kCopiesMax are tried before a block counts as damaged.
class ReadOnlyBlockstore final : public BlockSource {
 public:
  // `file` is the CAR, `index` one that was built from it or checked.
  ReadOnlyBlockstore(std::shared_ptr<const RandomAccessFile> file,
                     CarHeader header, std::shared_ptr<const CarIndex> index);

  // The bytes handed out are the very ones that were hashed, then or by an
  // earlier call. kCorrupt also where the index points at something else.
  Result<Block> get(const Cid& cid) const override;

  // Where there are several copies, hashes them until one is right: a caller
  // that verifies its location later could only fail.
  Result<BlockLocation> locate(const Cid& cid) const override;

  // The sections under the multihash of `cid`, at most kCopiesMax: those with
  // this very CID first, those known to be damaged last. Empty: not here.
  // kCorrupt: the index points at something else.
  Result<std::vector<StoredBlock>> find(const Cid& cid) const;

  bool is_verified(const BlockLocation& location) const;

  // Hashes those blocks that were not hashed yet, sha256_lanes() of them side
  // by side. Blocks being hashed by another thread are waited for, not hashed
  // again. The locations must be ones this store gave. On an error, which
  // names the CID, the others may or may not have been checked.
  Status verify(std::span<const BlockLocation> locations) const;

  // Hashes those that nobody has hashed or is hashing, without waiting for
  // others. What is wrong with them is told to who needs them.
  void verify_early(std::span<const BlockLocation> locations) const;

  const RandomAccessFile& file() const { return *file_; }
  const CarHeader& header() const { return header_; }
  const CarIndex& index() const { return *index_; }

 private:
  class Claim;
  class Batch;

  using SectionStartBuffer = std::array<std::byte, kSectionHeadSizeMax>;

  // The first bytes of a section, in a SectionStartBuffer.
  struct SectionStart {
    std::uint64_t offset = 0;  // In the file.
    SectionHead head;
    ByteView bytes;
  };

  Result<IndexEntries> entries_of(const Cid& cid) const;
  Result<SectionStart> read_start(const Multihash& multihash,
                                  const IndexEntry& entry,
                                  std::size_t first_size,
                                  SectionStartBuffer* buffer) const;
  Result<StoredBlock> read_head(const Multihash& multihash,
                                const IndexEntry& entry) const;
  Result<Block> read_block(const Cid& cid, const IndexEntry& entry) const;
  Status check_head(const Multihash& expected, const CidView& found,
                    std::uint64_t offset) const;
  Status check_location(const BlockLocation& location) const;

  Status verify_waiting(const BlockLocation& location) const;
  Error known_bad(const BlockLocation& location) const;

  // Constant after construction.
  std::shared_ptr<const RandomAccessFile> file_;
  CarHeader header_;
  std::shared_ptr<const CarIndex> index_;
  // What is known only grows, and that the blocks seem not to change through
  // it is the point: hence mutable.
  mutable BlockStates states_;
};

}  // namespace dagfs::car
