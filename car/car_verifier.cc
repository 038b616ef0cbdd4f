// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/car_verifier.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include "car/car_extent.h"
#include "car/index_builder.h"
#include "car/index_comparison.h"
#include "car/ipld/sha256_many.h"
#include "car/scratch_buffer.h"
#include "car/section_span_queue.h"

namespace dagfs::car {
namespace {

// Large enough that handing it over costs nothing, small enough that several
// fit the processor's last cache.
constexpr std::uint64_t kSpanSizeMin = std::uint64_t{4} << 20;
constexpr std::size_t kSpansPerThread = 2;

// Enough for a block in each lane, of the size that importers make them.
constexpr std::uint64_t kUsualBlockSize = std::uint64_t{1} << 20;
constexpr std::uint64_t kScratchKept = 2 * kSha256LanesMax * kUsualBlockSize;

// Blocks that are hashed together; what is noted of each is small beside them.
constexpr std::size_t kBlocksTogether = 1024;

// For the spans of all threads together, as long as none has to be larger.
constexpr std::uint64_t kSpansSizeMax = std::uint64_t{256} << 20;

std::uint64_t span_size(unsigned threads) {
  const std::uint64_t wanted = sha256_lanes() * kUsualBlockSize;
  return std::max(kSpanSizeMin, std::min(wanted, kSpansSizeMax / threads));
}

struct Findings {
  std::uint64_t count = 0;
  std::vector<BlockFinding> listed;

  void add(const CidView& cid, std::uint64_t offset, const Error& error) {
    ++count;
    if (listed.size() >= kFindingsListed) return;
    listed.push_back({cid.to_cid(), offset, error.message()});
  }
};

// Hashes the sections of spans, the blocks of a span together. One a thread.
class SpanHasher {
 public:
  SpanHasher(const RandomAccessFile& file, const CarHeader& header)
      : file_(file), payload_(header.payload) {}

  // `span` is of the payload and holds whole sections.
  Status hash(ByteRange span) {
    const std::span<std::byte> bytes = scratch_.take(span.size);
    const std::uint64_t offset = payload_.offset + span.offset;
    DAGFS_TRY_CONTEXT(file_.read_at(offset, bytes), "read sections");
    ByteView rest = bytes;
    while (!rest.empty()) {
      const std::uint64_t at = offset + (bytes.size() - rest.size());
      const SectionHead head =
          DAGFS_TRY_CONTEXT(parse_section_head(rest, rest.size()),
                            fmt::format("section at {}", at));
      found_.push_back({head.cid, at + head.size});
      blocks_.push_back(
          {head.cid.multihash, rest.subspan(head.size, head.block_size)});
      rest = rest.subspan(head.size + head.block_size);
      if (blocks_.size() == kBlocksTogether) verify_found();
    }
    verify_found();
    scratch_.trim(kScratchKept);
    return ok_status();
  }

  Findings bad;
  Findings unverifiable;

 private:
  struct Found {
    CidView cid;
    std::uint64_t offset = 0;
  };

  void verify_found() {
    const std::vector<Status> verdicts = verify_many(blocks_);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      note(found_[i], verdicts[i]);
    }
    found_.clear();
    blocks_.clear();
  }

  void note(const Found& found, const Status& verdict) {
    if (verdict.ok()) return;
    const bool known = verdict.error().code() != ErrorCode::kUnsupported;
    (known ? bad : unverifiable).add(found.cid, found.offset, verdict.error());
  }

  const RandomAccessFile& file_;
  ByteRange payload_;
  ScratchBuffer scratch_;
  // What waits to be hashed, and where it was.
  std::vector<HashedBytes> blocks_;
  std::vector<Found> found_;
};

// The threads that hash, from the first span to the last.
class HasherPool {
 public:
  HasherPool(const RandomAccessFile& file, const CarHeader& header,
             unsigned threads)
      : queue_(kSpansPerThread * threads) {
    hashers_.reserve(threads);
    failures_.resize(threads);
    for (unsigned i = 0; i < threads; ++i) {
      hashers_.emplace_back(file, header);
    }
    for (unsigned i = 0; i < threads; ++i) {
      threads_.emplace_back([this, i] { run(i); });
    }
  }
  HasherPool(const HasherPool&) = delete;
  HasherPool& operator=(const HasherPool&) = delete;
  ~HasherPool() { queue_.abandon(); }  // Then the threads are joined.

  unsigned threads() const { return static_cast<unsigned>(hashers_.size()); }

  // False: some thread failed, finish() will say how.
  bool push(ByteRange span) { return queue_.push(span); }

  // After the last span: adds what was found to `report`.
  Status finish(CarReport* report) {
    queue_.close();
    threads_.clear();
    for (std::optional<Error>& failure : failures_) {
      if (failure) return *std::move(failure);
    }
    for (SpanHasher& hasher : hashers_) {
      merge(std::move(hasher.bad), &report->bad_count, &report->bad);
      merge(std::move(hasher.unverifiable), &report->unverifiable_count,
            &report->unverifiable);
    }
    shorten(&report->bad);
    shorten(&report->unverifiable);
    return ok_status();
  }

 private:
  void run(unsigned i) {
    while (const auto span = queue_.pop()) {
      Status status = hashers_[i].hash(*span);
      if (status.ok()) continue;
      failures_[i] = std::move(status).error();
      queue_.abandon();
    }
  }

  static void merge(Findings found, std::uint64_t* count,
                    std::vector<BlockFinding>* listed) {
    *count += found.count;
    std::ranges::move(found.listed, std::back_inserter(*listed));
  }

  static void shorten(std::vector<BlockFinding>* listed) {
    std::ranges::sort(*listed, {}, &BlockFinding::offset);
    if (listed->size() > kFindingsListed) {
      listed->erase(listed->begin() + kFindingsListed, listed->end());
    }
  }

  SectionSpanQueue queue_;
  std::vector<SpanHasher> hashers_;             // One a thread, as are ...
  std::vector<std::optional<Error>> failures_;  // ... these.
  std::vector<std::jthread> threads_;           // Last: joined first.
};

// Which roots were not met yet. `roots` must outlive it.
class MissingRoots {
 public:
  explicit MissingRoots(const std::vector<Cid>& roots)
      : roots_(roots), met_(roots.size()) {
    for (std::size_t i = 0; i < roots.size(); ++i) {
      met_[i] = roots[i].is_identity();
      if (!met_[i]) wanted_.emplace(as_text(roots[i].multihash().digest), i);
    }
  }

  void meet(const Multihash& multihash) {
    if (wanted_.empty()) return;
    auto [at, end] = wanted_.equal_range(as_text(multihash.digest));
    while (at != end) {
      const std::size_t root = at->second;
      met_[root] = roots_[root].multihash() == multihash;
      at = met_[root] ? wanted_.erase(at) : std::next(at);
    }
  }

  std::vector<Cid> list() const {
    std::vector<Cid> missing;
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      if (!met_[i]) missing.push_back(roots_[i]);
    }
    return missing;
  }

 private:
  const std::vector<Cid>& roots_;
  std::vector<bool> met_;
  // By digest, of those not met: the place among the roots.
  std::unordered_multimap<std::string_view, std::size_t> wanted_;
};

// Walks the CAR and gives it to `pool` in spans.
Status walk(const RandomAccessFile& file, const CarHeader& header,
            const VerifyOptions& options, HasherPool* pool, CarReport* report) {
  const std::uint64_t span_wanted = span_size(pool->threads());
  SectionReader reader(file, header, options.zero_section,
                       header.first_section);
  MissingRoots roots(header.roots);
  std::uint64_t begin = reader.position();
  while (true) {
    const auto section = DAGFS_TRY(reader.next());
    if (section) {
      ++report->section_count;
      report->block_bytes += section->block.size;
      roots.meet(section->cid.multihash);
    }
    const std::uint64_t size = reader.position() - begin;
    if (size >= span_wanted || (!section && size > 0)) {
      if (!pool->push({.offset = begin, .size = size})) break;
      begin = reader.position();
      if (options.progress) options.progress(begin);
      if (options.cancelled != nullptr && options.cancelled->load()) {
        return Error(ErrorCode::kUnavailable, "verification was cancelled");
      }
    }
    if (!section) break;
  }
  report->data_end = reader.position();
  report->missing_roots = roots.list();
  return ok_status();
}

Result<std::string> compare_index(
    const std::shared_ptr<const RandomAccessFile>& file,
    const CarHeader& header, const VerifyOptions& options) {
  if (!header.v2 || header.v2->index_offset == 0) return std::string("none");
  if (options.index != nullptr) {
    return compare_embedded_index(file, header, *options.index);
  }
  UniqueFd fd = DAGFS_TRY(create_temporary_file());
  const IndexSummary summary = DAGFS_TRY(build_index(
      *file, header, options.zero_section, fd.get(), options.cancelled));
  std::shared_ptr<const RandomAccessFile> index_file =
      DAGFS_TRY(PosixFile::adopt(std::move(fd)));
  const auto index = DAGFS_TRY(CarIndex::open(
      std::move(index_file), {.offset = 0, .size = summary.index_size}));
  return compare_embedded_index(file, header, *index);
}

}  // namespace

Result<CarReport> verify_car(
    const std::shared_ptr<const RandomAccessFile>& file,
    const CarHeader& header, const VerifyOptions& options) {
  const unsigned threads =
      options.threads != 0 ? options.threads
                           : std::max(1U, std::thread::hardware_concurrency());
  CarReport report;
  HasherPool pool(*file, header, threads);
  DAGFS_TRY(walk(*file, header, options, &pool, &report));
  DAGFS_TRY(pool.finish(&report));
  // Where data may end before the payload does, only zeros may follow.
  DAGFS_TRY(
      require_zeros(*file, {.offset = header.payload.offset + report.data_end,
                            .size = header.payload.size - report.data_end}));
  report.embedded_index = DAGFS_TRY(compare_index(file, header, options));
  return report;
}

}  // namespace dagfs::car
