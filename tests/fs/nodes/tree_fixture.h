// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dagstore/dagstore.h"
#include "fs/nodes/root_node.h"
#include "mount/file_mount.h"
#include "mount/sector/sector_mount.h"
#include "tests/fs/nodes/node_probe.h"
#include "tests/support/car_builder.h"
#include "tests/support/dag_builder.h"
#include "tests/support/temporary_folder.h"

namespace dagfs::fs {

// The tree over a dagstore in a new folder, whose pieces are files there.
class TreeFixture : public testing::Test {
 protected:
  TreeFixture() {
    const std::string repo = folder.path("repo");
    EXPECT_TRUE(dagstore::Dagstore::create(repo).ok());
    mount::MountRegistry mounts;
    mounts.add("file", mount::FileMount::factory(repo));
    mounts.add("sector", &mount::SectorMount::from_url);
    auto opened = dagstore::Dagstore::open({.repo = repo}, std::move(mounts));
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    store = std::move(opened).value();
    root = make_root(*store, nullptr, {.version = "1.2.3"});
  }

  // Writes a piece and registers it under `key`.
  void add(const std::string& key, const Bytes& car) {
    write_piece(key, car);
    register_file(key, piece_path(key));
  }
  void add(const std::string& key, const tests::CarBuilder& car) {
    add(key, car.bytes());
  }
  // A CAR of what `dag` built.
  void add(const std::string& key, const tests::DagBuilder& dag,
           const std::vector<car::Cid>& roots) {
    add(key, car_of(dag, roots));
  }

  void register_file(const std::string& key, const std::string& path) {
    register_url(key, "file://" + path);
  }
  void register_url(const std::string& key, const std::string& url) {
    const auto parsed = dagstore::ShardKey::parse(key);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message();
    const Status done = store->register_shards({{.key = *parsed, .url = url}});
    ASSERT_TRUE(done.ok()) << done.error().message();
  }

  std::string piece_path(const std::string& key) const {
    return folder.path("pieces/" + key + ".car");
  }
  void write_piece(const std::string& key, const Bytes& car) const {
    folder.write("pieces/" + key + ".car", as_text(car));
  }

  static tests::CarBuilder car_of(const tests::DagBuilder& dag,
                                  const std::vector<car::Cid>& roots) {
    tests::CarBuilder car;
    for (const car::Cid& cid : roots) car.root(cid);
    for (const tests::DagBlock& block : dag.blocks()) {
      car.section(block.cid, block.bytes);
    }
    return car;
  }

  // The node at a path below the top; fails the test where there is none.
  NodePtr at(std::string_view path) const {
    auto node = tests::walk(root, path);
    EXPECT_TRUE(node.ok()) << path << ": " << node.error().message();
    return node.ok() ? *node : root;
  }
  // The one at shards/KEY/roots/CID[/...].
  NodePtr below(std::string_view key, const car::Cid& cid,
                std::string_view path = {}) const {
    std::string full = "shards/" + std::string(key) + "/roots/";
    full += cid.to_string();
    if (!path.empty()) full += "/" + std::string(path);
    return at(full);
  }

  Attributes attributes(const Node& node) const {
    const auto attributes = node.attributes();
    EXPECT_TRUE(attributes.ok()) << attributes.error().message();
    return attributes.ok() ? *attributes : Attributes{};
  }

  dagstore::ShardState state(const std::string& key) const {
    return store->info(dagstore::ShardKey::parse(key).value())->state;
  }

  tests::TemporaryFolder folder;
  std::unique_ptr<dagstore::Dagstore> store;
  NodePtr root;
};

}  // namespace dagfs::fs
