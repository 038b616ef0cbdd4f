// SPDX-License-Identifier: Apache-2.0 OR MIT

// What the commands ask of a repo, whether they opened it themselves or talk
// to the daemon that has it open.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "car/base/result.h"

namespace dagfs::tools {

// A shard's roots are told up to this many (root_count has them all): a CAR
// header may list hundreds of thousands, and a record must fit one RPC line.
inline constexpr std::size_t kRootsToldMax = 100;

// What indexing found out about a piece.
struct PieceRecord {
  std::uint64_t car_version = 1;
  std::vector<std::string> roots;  // The first kRootsToldMax, as text.
  std::uint64_t root_count = 0;
  std::uint64_t size = 0;
  std::uint64_t block_count = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t data_end = 0;
  std::uint64_t index_size = 0;
  bool has_duplicates = false;
  std::string embedded_index;

  friend bool operator==(const PieceRecord&, const PieceRecord&) = default;
};

// One shard as commands see it: plain values, so that it is the same thing
// after a trip over the socket.
struct ShardRecord {
  std::string key;
  std::string url;
  std::string state;                       // "ShardStateNew" and so on.
  std::string error;                       // Why it is errored, or empty.
  std::int64_t registered_at = 0;          // Seconds since the epoch.
  std::optional<std::int64_t> indexed_at;  // Seconds since the epoch.
  std::optional<PieceRecord> piece;        // Once it was indexed.
  std::uint64_t leases = 0;

  friend bool operator==(const ShardRecord&, const ShardRecord&) = default;
};

struct ShardPage {
  std::vector<ShardRecord> shards;  // In key order.
  bool more = false;                // Ask again after the last key.
};

struct NewShard {
  std::string key;
  std::string url;
};

// What became of a list of shards.
struct RegisterReport {
  struct Failure {
    std::uint64_t position = 0;  // In the list, from 0.
    std::string reason;
  };
  std::uint64_t registered = 0;
  std::uint64_t there_already = 0;
  std::vector<Failure> failures;
};

// Counts of one strict check; the problems themselves go to the observer.
struct VerifyCounts {
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unverifiable = 0;
  std::uint64_t bad = 0;

  friend bool operator==(const VerifyCounts&, const VerifyCounts&) = default;
};

// What the bytes of a shard's piece commit to.
struct PieceProof {
  std::string piece_cid;         // Version 1, in the smallest piece.
  std::uint64_t bytes = 0;       // That were hashed.
  std::uint64_t piece_size = 0;  // Padded, of the smallest piece.
  std::string problem;  // Why they are not what the key says; empty: they are.

  friend bool operator==(const PieceProof&, const PieceProof&) = default;
};

struct VerifyObserver {
  // Either may be empty. Called on the thread that called verify().
  std::function<void(std::uint64_t bytes_done)> progress;
  std::function<void(const std::string& line)> problem;
};

// One child of the inbox: plain values too.
struct SubmissionEntry {
  std::string name;   // Any bytes.
  std::string kind;   // "file" or "directory".
  std::string state;  // "open", "sealing", "publishing", "sealed", "failed".
  std::string error;  // Why it failed, or empty.
  std::string key;    // Of its shard; empty before it is a piece.
  std::string root;   // CID, where there is exactly one.
  std::uint64_t car_size = 0;    // Bytes; 0 before it is a piece.
  std::uint64_t piece_size = 0;  // Padded.

  friend bool operator==(const SubmissionEntry&,
                         const SubmissionEntry&) = default;
};

struct SubmissionPage {
  std::vector<SubmissionEntry> entries;  // By name.
  bool more = false;                     // Ask again after the last name.
};

struct IngestRequest {
  std::string path;     // Absolute; of the machine that has the repo.
  std::string profile;  // As find_import_profile(); empty: the inbox's.
};

// A path that became a shard.
struct IngestedShard {
  std::string key;                 // Its piece CID, version 1.
  std::string piece_cid_v2;        // Which says the payload's size too.
  std::vector<std::string> roots;  // The first kRootsToldMax.
  std::uint64_t root_count = 0;
  std::uint64_t car_size = 0;    // Bytes.
  std::uint64_t piece_size = 0;  // Padded.
  std::uint64_t block_count = 0;

  friend bool operator==(const IngestedShard&, const IngestedShard&) = default;
};

struct MigrationTask {
  std::string kind;  // "lotus" or "boost".
  std::string path;  // Absolute; of the machine that has the repo.
  bool is_dry_run = false;
};

// What became of a record that was not registered, or would be.
struct MigratedRecord {
  std::string id;
  std::string piece;    // CID; empty where there is none.
  std::string url;      // It would be registered under; else empty.
  std::string outcome;  // As dagstore::to_string(MigrationOutcome).
  std::string why;

  friend bool operator==(const MigratedRecord&,
                         const MigratedRecord&) = default;
};

struct MigrationSummary {
  std::uint64_t records = 0;
  std::uint64_t registered = 0;
  std::uint64_t known = 0;
  std::uint64_t inactive = 0;
  std::uint64_t damaged = 0;
  std::uint64_t failed = 0;
  bool is_complete = false;  // Every registration is in.

  friend bool operator==(const MigrationSummary&,
                         const MigrationSummary&) = default;
};

// Who answers, and since when.
struct ServiceStatus {
  std::int64_t pid = 0;
  std::string version;
  std::int64_t started_at = 0;  // Seconds since the epoch.
  std::string repo;
  std::string mountpoint;      // Empty where nothing is mounted.
  std::uint64_t requests = 0;  // RPC calls answered so far.

  friend bool operator==(const ServiceStatus&, const ServiceStatus&) = default;
};

// Errors carry the same code and message from every implementation, so that a
// command ends the same way with and without a daemon. Calls may wait for
// disks. Whether many threads may call is said by the implementation.
class StoreService {
 public:
  StoreService() = default;
  StoreService(const StoreService&) = delete;
  StoreService& operator=(const StoreService&) = delete;
  virtual ~StoreService() = default;

  // All of them or none. kInvalidArgument: a bad or taken key, or a URL nobody
  // can mount.
  virtual Status register_shards(const std::vector<NewShard>& shards) = 0;

  // Those that can be, in one durable commit; shards that are there with the
  // same URL are counted. Errors: nothing was registered.
  virtual Result<RegisterReport> register_each(
      const std::vector<NewShard>& shards) = 0;

  // Shards whose keys come after `after` (empty: from the first), at most
  // `limit` and fewer where records are long.
  virtual Result<ShardPage> list(const std::string& after,
                                 std::uint64_t limit) = 0;

  // kNotFound: no such shard, for each of these.
  virtual Result<ShardRecord> info(const std::string& key) = 0;
  virtual Status destroy(const std::string& key) = 0;
  // Fetches and indexes the shard now. Else why that is not possible.
  virtual Result<ShardRecord> initialize(const std::string& key) = 0;
  // Reads the whole piece. An Error means that it could not be walked; bad
  // blocks are counted and told to `observer`.
  virtual Result<VerifyCounts> verify(const std::string& key,
                                      const VerifyObserver& observer) = 0;

  // Hashes all bytes of the piece and compares what they commit to with the
  // key, which must be a piece CID of either version: kInvalidArgument if it is
  // not. Else an Error means that they could not be read. `progress` (may be
  // empty) is told bytes done, on the thread that called.
  virtual Result<PieceProof> prove(
      const std::string& key,
      const std::function<void(std::uint64_t)>& progress) = 0;

  // Children of the inbox whose names come after `after`.
  virtual Result<SubmissionPage> submissions(const std::string& after,
                                             std::uint64_t limit) = 0;
  // kRefused for each of these: there is none of this name, or it is in no
  // state for that. seal_submission() waits until it is a shard or has failed;
  // what it says then is in the entry.
  virtual Result<SubmissionEntry> seal_submission(const std::string& name) = 0;
  virtual Result<SubmissionEntry> retry_submission(const std::string& name) = 0;
  virtual Status remove_submission(const std::string& name) = 0;

  // Makes a durable shard of a file, a directory or a CAR. `progress` (may be
  // empty) is told bytes done, on the thread that called. kNotFound: nothing at
  // the path; else as dagstore::Inbox::ingest.
  virtual Result<IngestedShard> ingest(
      const IngestRequest& request,
      const std::function<void(std::uint64_t)>& progress) = 0;

  // Registers the pieces of another program's repo: dagstore::migrate(). Told
  // on the thread that called: records, and now and then how many were seen.
  using RecordVisitor = std::function<void(const MigratedRecord&)>;
  virtual Result<MigrationSummary> migrate(
      const MigrationTask& task, const RecordVisitor& visit,
      const std::function<void(std::uint64_t)>& progress) = 0;

  virtual Result<ServiceStatus> status() = 0;
};

}  // namespace dagfs::tools
