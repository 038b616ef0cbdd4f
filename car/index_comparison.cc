// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/index_comparison.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "car/base/endian.h"

namespace dagfs::car {
namespace {

// Buckets whose entries a 0x0400 index mixes into one. Hash functions with
// digests of one length are few; the bound keeps merging them cheap.
constexpr std::size_t kMergedBucketsMax = 32;

// All entries under one digest.
struct Run {
  Bytes digest;
  std::uint64_t count = 0;
  std::uint64_t first_position = 0;  // The smallest.
  // Sum of a mix of each position: the same for the same positions in any
  // order, for writers leave that open, and a block may have a million copies.
  std::uint64_t fingerprint = 0;

  friend bool operator==(const Run&, const Run&) = default;
};

// splitmix64's finalizer: no two positions give the same.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// The runs of one or several buckets of one width, merged by digest.
class RunReader {
 public:
  static Result<RunReader> open(const CarIndex& index,
                                const std::vector<IndexBucket>& buckets) {
    RunReader reader;
    for (const IndexBucket& bucket : buckets) {
      reader.digest_size_ = bucket.digest_size();
      reader.sources_.push_back({IndexCursor(index.file(), bucket), {}});
      Source& source = reader.sources_.back();
      source.record = DAGFS_TRY(source.cursor.next());
    }
    return reader;
  }

  // False at the end.
  Result<bool> next(Run* run) {
    const Source* least = nullptr;
    for (const Source& source : sources_) {
      if (source.record.empty()) continue;
      if (least == nullptr || digest(source) < digest(*least)) least = &source;
    }
    if (least == nullptr) return false;

    run->digest.assign(least->record.begin(),
                       least->record.end() - sizeof(std::uint64_t));
    run->count = 0;
    run->first_position = ~std::uint64_t{0};
    run->fingerprint = 0;
    for (Source& source : sources_) DAGFS_TRY(take_equal(&source, run));
    return true;
  }

 private:
  struct Source {
    IndexCursor cursor;
    ByteView record;
  };

  std::string_view digest(const Source& source) const {
    return as_text(source.record.first(digest_size_));
  }

  Status take_equal(Source* source, Run* run) const {
    while (!source->record.empty() && digest(*source) == as_text(run->digest)) {
      const auto position =
          load_le<std::uint64_t>(source->record.data() + digest_size_);
      ++run->count;
      run->first_position = std::min(run->first_position, position);
      run->fingerprint += mix(position);
      source->record = DAGFS_TRY(source->cursor.next());
    }
    return ok_status();
  }

  std::vector<Source> sources_;
  std::uint64_t digest_size_ = 0;
};

// Code and width; the code is 0 where the embedded index has none.
using CodeAndWidth = std::pair<std::uint64_t, std::uint64_t>;

std::string name(const CodeAndWidth& key, const CarIndex& embedded) {
  const std::uint64_t digest_size = key.second - sizeof(std::uint64_t);
  if (embedded.codec() == IndexCodec::kIndexSorted) {
    return fmt::format("{}-byte digests", digest_size);
  }
  return fmt::format("{} digests of {} bytes",
                     name_of(static_cast<HashCode>(key.first)), digest_size);
}

class Comparison {
 public:
  Comparison(const CarHeader& header, const CarIndex& embedded,
             const CarIndex& built)
      : header_(header), embedded_(embedded), built_(built) {}

  // The first difference, or nullopt.
  Result<std::optional<std::string>> run();

 private:
  using Difference = std::optional<std::string>;

  bool expects_identity() const;
  std::map<CodeAndWidth, std::vector<IndexBucket>> expected_buckets() const;
  Result<Difference> compare_bucket(const IndexBucket& found,
                                    const std::vector<IndexBucket>& expected);
  Difference compare_runs(const Run& found, const Run& expected) const;
  Result<std::string> describe_missing(
      const std::vector<IndexBucket>& buckets) const;

  std::string where(std::uint64_t position) const {
    return fmt::format("the section at {}", header_.payload.offset + position);
  }
  std::string missing(const Run& run) const {
    return fmt::format("no entry for {}", where(run.first_position));
  }

  const CarHeader& header_;
  const CarIndex& embedded_;
  const CarIndex& built_;
};

bool is_identity(const IndexBucket& bucket) {
  return static_cast<HashCode>(bucket.code) == HashCode::kIdentity;
}

std::uint64_t identity_count(const CarIndex& index) {
  std::uint64_t count = 0;
  for (const IndexBucket& bucket : index.buckets()) {
    if (is_identity(bucket)) count += bucket.count();
  }
  return count;
}

// Writers leave identity sections out unless told otherwise. An IndexSorted
// does not say what is an identity digest, but how many entries it has.
bool Comparison::expects_identity() const {
  if (header_.v2->fully_indexed()) return true;
  if (embedded_.codec() != IndexCodec::kIndexSorted) {
    return identity_count(embedded_) > 0;
  }
  return embedded_.entry_count() + identity_count(built_) !=
         built_.entry_count();
}

// The built buckets under the keys that the embedded index would give them.
std::map<CodeAndWidth, std::vector<IndexBucket>> Comparison::expected_buckets()
    const {
  const bool with_identity = expects_identity();
  const bool has_codes = embedded_.codec() != IndexCodec::kIndexSorted;
  std::map<CodeAndWidth, std::vector<IndexBucket>> expected;
  for (const IndexBucket& bucket : built_.buckets()) {
    if (is_identity(bucket) && !with_identity) continue;
    expected[{has_codes ? bucket.code : 0, bucket.width}].push_back(bucket);
  }
  return expected;
}

Result<Comparison::Difference> Comparison::run() {
  auto expected = expected_buckets();
  std::optional<CodeAndWidth> last;
  for (const IndexBucket& bucket : embedded_.buckets()) {
    const CodeAndWidth key(bucket.code, bucket.width);
    if (last && key <= *last) {
      return Difference(fmt::format("buckets out of order: {} at {}",
                                    name(key, embedded_),
                                    bucket.entries.offset));
    }
    last = key;
    if (bucket.entries.size == 0) continue;
    const auto found = expected.find(key);
    if (found == expected.end()) {
      return Difference(
          fmt::format("entries for {} at {}, the payload has "
                      "none",
                      name(key, embedded_), bucket.entries.offset));
    }
    auto difference = DAGFS_TRY(compare_bucket(bucket, found->second));
    if (difference) return difference;
    expected.erase(found);
  }
  if (expected.empty()) return Difference();
  return Difference(DAGFS_TRY(describe_missing(expected.begin()->second)));
}

Result<Comparison::Difference> Comparison::compare_bucket(
    const IndexBucket& found, const std::vector<IndexBucket>& expected) {
  if (expected.size() > kMergedBucketsMax) {
    return Difference(fmt::format("not compared: {} hash functions have {}",
                                  expected.size(),
                                  name({0, found.width}, embedded_)));
  }
  auto found_runs = DAGFS_TRY(RunReader::open(embedded_, {found}));
  auto expected_runs = DAGFS_TRY(RunReader::open(built_, expected));
  Run found_run;
  Run expected_run;
  std::uint64_t entries = 0;
  Bytes last;
  while (true) {
    last.swap(found_run.digest);
    const bool has_found = DAGFS_TRY(found_runs.next(&found_run));
    const bool has_expected = DAGFS_TRY(expected_runs.next(&expected_run));
    if (has_found && entries > 0 &&
        as_text(found_run.digest) <= as_text(last)) {
      return Difference(
          fmt::format("not sorted: the entry at {}",
                      found.entries.offset + entries * found.width));
    }
    if (!has_found && !has_expected) return Difference();
    if (!has_found) return Difference(missing(expected_run));
    if (!has_expected) {
      return Difference(
          fmt::format("the entry at {} is for no section",
                      found.entries.offset + entries * found.width));
    }
    auto difference = compare_runs(found_run, expected_run);
    if (difference) return difference;
    entries += found_run.count;
  }
}

Comparison::Difference Comparison::compare_runs(const Run& found,
                                                const Run& expected) const {
  if (found == expected) return std::nullopt;
  if (as_text(expected.digest) < as_text(found.digest)) {
    return missing(expected);
  }
  const std::string digest = to_hex(found.digest);
  if (as_text(found.digest) < as_text(expected.digest)) {
    return fmt::format("digest {} is in no section, said to be {}", digest,
                       where(found.first_position));
  }
  if (found.count != expected.count) {
    return fmt::format("{} entries for digest {}, which is in {} sections",
                       found.count, digest, expected.count);
  }
  return fmt::format("digest {} is said to be in {}, it is in {}", digest,
                     where(found.first_position),
                     where(expected.first_position));
}

Result<std::string> Comparison::describe_missing(
    const std::vector<IndexBucket>& buckets) const {
  auto runs = DAGFS_TRY(RunReader::open(built_, buckets));
  Run run;
  DAGFS_TRY(runs.next(&run));
  return missing(run);
}

// Whether the trouble lies in the embedded index and not in reading the file.
bool is_damage(const Error& error) {
  return error.code() == ErrorCode::kCorrupt ||
         error.code() == ErrorCode::kUnsupported;
}

std::string differs(const std::string& why) { return "differs: " + why; }

}  // namespace

Result<std::string> compare_embedded_index(
    const std::shared_ptr<const RandomAccessFile>& file,
    const CarHeader& header, const CarIndex& built) {
  if (!header.v2 || header.v2->index_offset == 0) return std::string("none");
  const std::uint64_t offset = header.v2->index_offset;
  const std::uint64_t payload_end = header.payload.offset + header.payload.size;
  if (offset < payload_end) {
    return differs(
        fmt::format("it is said to begin at {}, the payload ends "
                    "at {}",
                    offset, payload_end));
  }
  if (offset >= file->size()) {
    return differs(fmt::format("it is said to begin at {}, the file ends at {}",
                               offset, file->size()));
  }
  auto embedded =
      CarIndex::open(file, {.offset = offset, .size = file->size() - offset});
  if (!embedded.ok()) {
    if (!is_damage(embedded.error())) return std::move(embedded).error();
    return differs(embedded.error().message());
  }
  const auto difference =
      DAGFS_TRY(Comparison(header, **embedded, built).run());
  return difference ? differs(*difference) : "matches";
}

}  // namespace dagfs::car
