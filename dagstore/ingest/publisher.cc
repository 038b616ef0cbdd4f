// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/ingest/publisher.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include "car/base/file.h"
#include "car/base/kill_point.h"
#include "dagstore/durable_file.h"
#include "mount/file_url.h"
#include "mount/piece/piece_cid.h"

namespace dagfs::dagstore {
namespace {

constexpr std::string_view kPiecesFolder = "pieces";

std::string relative_path_of(const ShardKey& key) {
  return std::string(kPiecesFolder) + '/' + key.text() + ".car";
}

bool is_there(const std::string& path) { return stamp_of_path(path).ok(); }

Status move_durably(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    return error_from_errno(errno, from);
  }
  DAGFS_TRY(sync_folder(to.substr(0, to.rfind('/'))));
  return sync_folder(from.substr(0, from.rfind('/')));
}

// What is not there need not be removed.
void remove_file(const std::string& path) { (void)::unlink(path.c_str()); }

}  // namespace

Result<ShardKey> key_of_piece(const WrittenPiece& piece) {
  return ShardKey::parse(
      mount::piece_cid_v1(piece.commitment.root).to_string());
}

Result<std::unique_ptr<Publisher>> Publisher::create(Dagstore* store) {
  DAGFS_TRY(make_folder(store->repo() + '/' + std::string(kPiecesFolder)));
  return std::unique_ptr<Publisher>(new Publisher(store));
}

Status Publisher::place(const std::string& path, const ShardKey& key) {
  const std::string place = store_->repo() + '/' + relative_path_of(key);
  if (!is_there(path)) {
    if (is_there(place)) return ok_status();  // It went there before a crash.
    return Error(ErrorCode::kNotFound, path + ": the piece is gone");
  }
  // What is in the place has the same key, so the same bytes, if it is whole.
  kill_point("publish.before_move");
  DAGFS_TRY(move_durably(path, place));
  kill_point("publish.moved");
  return ok_status();
}

Status Publisher::register_new(const ShardKey& key, const std::string& url) {
  DAGFS_TRY(store_->register_shards({{.key = key, .url = url}}));
  kill_point("publish.registered");
  const auto lease = store_->acquire(key);
  if (lease.ok()) return ok_status();
  // Nobody was told of it yet.
  (void)store_->destroy(key);
  return lease.error();
}

Status Publisher::publish(const std::string& path, const ShardKey& key) {
  const MutexLock lock(mutex_);
  const std::string url = mount::file_url_from_path(relative_path_of(key));
  const auto known = store_->info(key);
  if (known.ok()) {
    if (store_->acquire(key).ok()) {
      remove_file(path);
      return ok_status();
    }
    if (known->url != url) {
      return Error(ErrorCode::kUnavailable,
                   "the shard " + key.text() + " of " + known->url +
                       " has the same piece and cannot be read");
    }
  } else if (known.error().code() != ErrorCode::kNotFound) {
    return known.error();
  }
  DAGFS_TRY(place(path, key));
  if (known.ok()) {
    const ShardLease lease = DAGFS_TRY(store_->acquire(key));
    return ok_status();
  }
  Status registered = register_new(key, url);
  if (registered.ok()) return registered;
  const auto left = store_->info(key);
  if (!left.ok() && left.error().code() == ErrorCode::kNotFound) {
    (void)move_durably(store_->repo() + '/' + relative_path_of(key), path);
  }
  return registered;
}

}  // namespace dagfs::dagstore
