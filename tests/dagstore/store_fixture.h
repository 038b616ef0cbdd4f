// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "dagstore/dagstore.h"
#include "mount/file_mount.h"
#include "tests/support/car_builder.h"
#include "tests/support/fault_mount.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::dagstore {

inline ShardKey key_of(std::string_view text) {
  return ShardKey::parse(text).value();
}

// A CAR with one raw block, which is its root.
struct OneBlockCar {
  explicit OneBlockCar(std::string_view text) : cid(builder.block(text)) {
    builder.root(cid);
  }
  Bytes bytes() const { return builder.bytes(); }

  tests::CarBuilder builder;
  car::Cid cid;
};

// A dagstore in a new folder, over sources that fail when told to, with a clock
// that stands still.
class StoreFixture : public testing::Test {
 protected:
  StoreFixture() {
    EXPECT_TRUE(Dagstore::create(folder.path("repo")).ok());
    open();
  }

  // Opens the repo again, as the next process does.
  void reopen() {
    store.reset();
    open();
  }

  // Registers the shard `name` over the source of that name.
  void add(const std::string& name, Bytes bytes) {
    sources[name].set_bytes(std::move(bytes));
    const Status added =
        store->register_shards({{.key = key_of(name), .url = "fault:" + name}});
    ASSERT_TRUE(added.ok()) << added.error().message();
  }

  Result<ShardLease> acquire(std::string_view key) {
    return store->acquire(key_of(key));
  }

  // The text of the block `cid`, read through a lease of its own.
  Result<std::string> read(std::string_view key, const car::Cid& cid) {
    const ShardLease lease = DAGFS_TRY(acquire(key));
    const car::Block block = DAGFS_TRY(lease->blocks().get(cid));
    return std::string(as_text(*block));
  }

  ShardState state(std::string_view key) {
    const auto info = store->info(key_of(key));
    EXPECT_TRUE(info.ok()) << info.error().message();
    return info->state;
  }

  tests::TemporaryFolder folder;
  tests::FaultSources sources;
  std::chrono::steady_clock::time_point now;
  std::size_t open_shards_max = 128;
  std::unique_ptr<Dagstore> store;

 private:
  void open() {
    mount::MountRegistry mounts;
    mounts.add("fault", sources.factory());
    mounts.add("file", mount::FileMount::factory(folder.path("repo")));
    auto opened = Dagstore::open({.repo = folder.path("repo"),
                                  .open_shards_max = open_shards_max,
                                  .now = [this] { return now; }},
                                 std::move(mounts));
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    store = std::move(opened).value();
  }
};

}  // namespace dagfs::dagstore
