// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/local_dagstore.h"

#include <fmt/core.h>

#include <set>
#include <utility>

#include "car/base/file_slice.h"
#include "car/car_header.h"
#include "car/car_verifier.h"
#include "dagstore/disk_reserve.h"
#include "mount/sector/lotus_mount.h"
#include "mount/segment_mount.h"

namespace dagfs::dagstore {
namespace {

std::string named(const ShardKey& key) { return "shard " + key.text(); }

Error key_is_taken() {
  return Error(ErrorCode::kInvalidArgument, "this key is taken");
}

Dagstore::VerifyReport report_from(const car::CarReport& found) {
  Dagstore::VerifyReport report{.blocks = found.section_count,
                                .bytes = found.block_bytes,
                                .unverifiable = found.unverifiable_count};
  for (const car::BlockFinding& bad : found.bad) {
    report.bad.push_back(fmt::format("{} at offset {}: {}", bad.cid.to_string(),
                                     bad.offset, bad.reason));
  }
  if (found.bad_count > found.bad.size()) {
    report.bad.push_back(
        fmt::format("and {} more", found.bad_count - found.bad.size()));
  }
  return report;
}

// Adds the mounts that are made of what a repo has, and of other mounts.
mount::MountRegistry with_own_mounts(mount::MountRegistry mounts,
                                     std::shared_ptr<PieceDatabase> pieces) {
  mounts.add("lotus", mount::LotusMount::factory(std::move(pieces)));
  auto aggregates = std::make_shared<const mount::MountRegistry>(mounts);
  mounts.add("segment", mount::SegmentMount::factory(std::move(aggregates)));
  return mounts;
}

// None where it is no aggregate.
Result<std::vector<mount::DataSegment>> segments_of(
    const RandomAccessFile& piece, const mount::SegmentEntries& entries) {
  const auto size =
      mount::PieceSize::from_unpadded(mount::UnpaddedSize(piece.size()));
  if (!size.ok()) return std::vector<mount::DataSegment>();
  return mount::read_data_segments(piece, *size, entries);
}

using PieceFile = std::shared_ptr<const RandomAccessFile>;

Result<Dagstore::VerifyReport> verify_piece(const PieceFile& piece,
                                            const car::VerifyOptions& options) {
  const car::CarHeader header = DAGFS_TRY(car::read_car_header(*piece));
  return report_from(DAGFS_TRY(car::verify_car(piece, header, options)));
}

// Of an aggregate: all its segments, one after the other.
Result<Dagstore::VerifyReport> verify_segments(
    const PieceFile& piece, const std::vector<mount::DataSegment>& segments,
    const car::VerifyOptions& options) {
  Dagstore::VerifyReport all;
  for (const mount::DataSegment& segment : segments) {
    const std::string name = fmt::format("segment {}", segment.index);
    const auto slice = std::make_shared<FileSlice>(
        piece, ByteRange{.offset = segment.payload_offset().bytes(),
                         .size = segment.payload_size().bytes()});
    const Dagstore::VerifyReport report =
        DAGFS_TRY_CONTEXT(verify_piece(slice, options), name);
    all.blocks += report.blocks;
    all.bytes += report.bytes;
    all.unverifiable += report.unverifiable;
    for (const std::string& bad : report.bad) {
      all.bad.push_back(name + ": " + bad);
    }
  }
  return all;
}

// Opens a database of the repo, with the space that is kept for that if it must
// be.
template <typename Database>
auto open_with_reserve(const Repo& repo, const std::string& folder) {
  auto database = Database::open(folder);
  // It may be for want of space.
  const bool may_fit = !database.ok() &&
                       database.error().code() == ErrorCode::kIo &&
                       release_disk_reserve(repo.folder());
  return may_fit ? Database::open(folder) : std::move(database);
}

}  // namespace

Status Dagstore::create(const std::string& repo) { return Repo::create(repo); }

Result<std::unique_ptr<Dagstore>> Dagstore::open(const DagstoreOptions& options,
                                                 mount::MountRegistry mounts) {
  Repo repo = DAGFS_TRY(Repo::open(options.repo));
  ShardRegistry registry =
      DAGFS_TRY(open_with_reserve<ShardRegistry>(repo, repo.registry_folder()));
  auto inverted =
      DAGFS_TRY(open_with_reserve<InvertedIndex>(repo, repo.inverted_folder()));
  keep_disk_reserve(repo.folder());
  LocalDagstore::Databases databases = {std::move(registry),
                                        std::move(inverted)};
  return std::unique_ptr<Dagstore>(std::make_unique<LocalDagstore>(
      std::move(repo), std::move(databases), std::move(mounts), options));
}

// Keys that are being registered: two threads cannot both find one free, and
// neither holds a lock while it asks the database.
class LocalDagstore::Reservation {
 public:
  explicit Reservation(LocalDagstore* store) : store_(store) {}
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation() {
    const MutexLock lock(store_->registering_mutex_);
    for (const std::string& key : keys_) store_->registering_.erase(key);
  }

  Status reserve(const ShardKey& key) {
    const MutexLock lock(store_->registering_mutex_);
    if (!store_->registering_.insert(key.text()).second) {
      return Error(ErrorCode::kInvalidArgument, "registered twice at once");
    }
    keys_.push_back(key.text());
    return ok_status();
  }

 private:
  LocalDagstore* store_;
  std::vector<std::string> keys_;
};

LocalDagstore::LocalDagstore(Repo repo, Databases databases,
                             mount::MountRegistry mounts,
                             const DagstoreOptions& options)
    : repo_(std::move(repo)),
      registry_(std::move(databases.registry)),
      indices_(repo_.index_folder()),
      pieces_(std::make_shared<PieceDatabase>(repo_.piece_table_folder())),
      mounts_(with_own_mounts(std::move(mounts), pieces_)),
      table_(std::make_shared<ShardTable>(options.open_shards_max)),
      inverted_(std::move(databases.inverted)),
      builder_(
          {.registry = registry_, .indices = indices_, .inverted = *inverted_}),
      opener_({.registry = registry_,
               .indices = indices_,
               .mounts = mounts_,
               .table = *table_,
               .inverted = builder_,
               .now = options.now}) {}

struct LocalDagstore::Batch {
  std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
  std::vector<ShardInfo> infos;
  std::set<std::string> folders;

  Status commit(ShardRegistry* registry) const {
    if (infos.empty()) return ok_status();
    return registry->add(infos, {folders.begin(), folders.end()});
  }
};

Status LocalDagstore::register_shards(const std::vector<Registration>& shards) {
  Reservation reservation(this);
  Batch batch;
  for (const Registration& shard : shards) {
    DAGFS_TRY_CONTEXT(reservation.reserve(shard.key), named(shard.key));
    const bool is_taken =
        DAGFS_TRY_CONTEXT(registry_.contains(shard.key), named(shard.key));
    if (is_taken) return key_is_taken().context(named(shard.key));
    DAGFS_TRY_CONTEXT(prepare(shard, &batch), named(shard.key));
  }
  return batch.commit(&registry_);
}

Result<std::vector<Result<Dagstore::Outcome>>> LocalDagstore::register_each(
    const std::vector<Registration>& shards) {
  Reservation reservation(this);
  Batch batch;
  std::vector<Result<Outcome>> outcomes;
  outcomes.reserve(shards.size());
  for (const Registration& shard : shards) {
    outcomes.push_back(prepare_one(shard, &reservation, &batch));
  }
  DAGFS_TRY(batch.commit(&registry_));
  return outcomes;
}

Result<Dagstore::Outcome> LocalDagstore::prepare_one(const Registration& shard,
                                                     Reservation* reservation,
                                                     Batch* batch) const {
  DAGFS_TRY_CONTEXT(reservation->reserve(shard.key), named(shard.key));
  const bool is_there =
      DAGFS_TRY_CONTEXT(registry_.contains(shard.key), named(shard.key));
  if (!is_there) {
    DAGFS_TRY_CONTEXT(prepare(shard, batch), named(shard.key));
    return Outcome::kRegistered;
  }
  const auto known = registry_.get(shard.key);
  if (known.ok() && known->url == shard.url) return Outcome::kThereAlready;
  return key_is_taken().context(named(shard.key));
}

Status LocalDagstore::prepare(const Registration& shard, Batch* batch) const {
  const auto mount = DAGFS_TRY(mounts_.instantiate(shard.url));
  std::string folder = mount->backing_folder();
  if (!folder.empty()) batch->folders.insert(std::move(folder));
  batch->infos.push_back(
      {.key = shard.key, .url = mount->url(), .registered_at = batch->now});
  return ok_status();
}

std::optional<ShardInfo> LocalDagstore::live_info(std::string_view key) const {
  const auto shard = table_->find(key);
  if (shard == nullptr) return std::nullopt;
  const MutexLock lock(shard->mutex);
  return shard->is_gone ? std::nullopt : shard->info;
}

Result<ShardInfo> LocalDagstore::info(const ShardKey& key) const {
  auto live = live_info(key.text());
  if (live.has_value()) return *std::move(live);
  return DAGFS_TRY_CONTEXT(registry_.get(key), named(key));
}

Status LocalDagstore::for_each(std::string_view after,
                               const ShardVisitor& visit) const {
  return registry_.for_each(after, [&](ShardInfo&& stored) {
    const auto live = live_info(stored.key.text());
    return visit(live.has_value() ? *live : stored);
  });
}

Status LocalDagstore::for_each_key(std::string_view after,
                                   const KeyVisitor& visit) const {
  return registry_.for_each_key(after, visit);
}

Result<ShardLease> LocalDagstore::acquire(const ShardKey& key) {
  return DAGFS_TRY_CONTEXT(opener_.acquire(key), named(key));
}

Result<std::shared_ptr<const mount::Mount>> LocalDagstore::mount_of(
    const ShardKey& key) const {
  const auto shard = table_->find(key.text());
  if (shard != nullptr) {
    const MutexLock lock(shard->mutex);
    if (!shard->is_gone && shard->mount != nullptr) return shard->mount;
  }
  const ShardInfo stored = DAGFS_TRY(registry_.get(key));
  return std::shared_ptr<const mount::Mount>(
      DAGFS_TRY(mounts_.instantiate(stored.url)));
}

Result<std::shared_ptr<const RandomAccessFile>> LocalDagstore::open_piece(
    const ShardKey& key) {
  const auto mount = DAGFS_TRY_CONTEXT(mount_of(key), named(key));
  return std::shared_ptr<const RandomAccessFile>(
      DAGFS_TRY_CONTEXT(mount->open(), named(key) + ": open piece"));
}

Result<FileStamp> LocalDagstore::piece_stamp(const ShardKey& key) {
  const auto mount = DAGFS_TRY_CONTEXT(mount_of(key), named(key));
  return DAGFS_TRY_CONTEXT(mount->stamp(), named(key));
}

Result<mount::PieceShape> LocalDagstore::piece_shape(const ShardKey& key) {
  const auto mount = DAGFS_TRY_CONTEXT(mount_of(key), named(key));
  return mount->shape();
}

Result<std::vector<std::uint64_t>> LocalDagstore::segments(
    const ShardKey& key, const mount::SegmentEntries& entries) {
  std::vector<std::uint64_t> numbers;
  if (key.as_segment()) return numbers;
  const auto piece = DAGFS_TRY(open_piece(key));
  const auto found =
      DAGFS_TRY_CONTEXT(segments_of(*piece, entries), named(key));
  for (const mount::DataSegment& segment : found) {
    numbers.push_back(segment.index);
  }
  return numbers;
}

Status LocalDagstore::add_pieces(
    const std::vector<mount::PieceRecord>& pieces) {
  return pieces_->add(pieces);
}

Status LocalDagstore::add_storage_config(const std::string& path) {
  return pieces_->add_storage_config(path);
}

Status LocalDagstore::destroy(const ShardKey& key) {
  return DAGFS_TRY_CONTEXT(opener_.destroy(key), named(key));
}

Result<Dagstore::VerifyReport> LocalDagstore::verify(
    const ShardKey& key, const std::function<void(std::uint64_t)>& progress) {
  const auto piece = DAGFS_TRY(open_piece(key));
  const car::VerifyOptions options{.zero_section = car::ZeroSection::kEndsData,
                                   .cancelled = &opener_.is_stopping(),
                                   .progress = progress};
  const auto segments =
      DAGFS_TRY_CONTEXT(segments_of(*piece, {}), named(key) + ": verify");
  return DAGFS_TRY_CONTEXT(segments.empty()
                               ? verify_piece(piece, options)
                               : verify_segments(piece, segments, options),
                           named(key) + ": verify");
}

Result<std::vector<std::string>> LocalDagstore::backing_folders() const {
  return registry_.backing_folders();
}

Result<std::vector<ShardKey>> LocalDagstore::find_shards(
    const car::Multihash& multihash) const {
  return inverted_->find(multihash, kFoundShardsMax);
}

bool LocalDagstore::wait_until_settled(
    std::chrono::milliseconds timeout) const {
  return builder_.wait_until_settled(timeout);
}

void LocalDagstore::stop() {
  builder_.stop();
  opener_.stop();
}

}  // namespace dagfs::dagstore
