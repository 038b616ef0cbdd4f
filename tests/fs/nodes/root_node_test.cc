// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/root_node.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "fs/nodes/inode_number.h"
#include "tests/fs/nodes/tree_fixture.h"
#include "tests/support/result_matchers.h"

namespace dagfs::fs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNull;
using tests::IsOkAnd;

class RootNode : public TreeFixture {};

TEST_F(RootNode, HoldsShardsAndControlFiles) {
  EXPECT_THAT(tests::list(*root).names(), ElementsAre("shards", ".dagfs"));
  EXPECT_THAT(tests::list(*at(".dagfs")).names(),
              ElementsAre("version", "status.json", "metrics"));
  EXPECT_THAT(root->lookup("inbox"), IsOkAnd(IsNull()));
  EXPECT_EQ(attributes(*root).inode, kRootInode);
  EXPECT_EQ(attributes(*root).links, 4U);
}

TEST_F(RootNode, ListingAgreesWithLookUp) {
  for (const NodePtr& node : {root, at(".dagfs")}) {
    for (const auto& entry : tests::list(*node).entries) {
      const auto found = node->lookup(entry.name);
      ASSERT_TRUE(found.ok());
      EXPECT_EQ(attributes(**found).inode, entry.inode);
      EXPECT_EQ(attributes(**found).type, entry.type);
    }
  }
}

TEST_F(RootNode, ControlFilesAreMadeUpAtEachOpen) {
  for (const char* name : {"version", "status.json", "metrics"}) {
    const NodePtr file = at(std::string(".dagfs/") + name);
    EXPECT_EQ(file->caching(), Caching::kNever);
    EXPECT_TRUE((*file->open_file())->direct_io());
    EXPECT_EQ(attributes(*file).size, tests::read_text(*file)->size());
  }
}

TEST_F(RootNode, SaysWhatRuns) {
  EXPECT_THAT(tests::read_text(*at(".dagfs/version")), IsOkAnd("1.2.3\n"));
  const auto status =
      nlohmann::json::parse(*tests::read_text(*at(".dagfs/status.json")));
  EXPECT_EQ(status["version"], "1.2.3");
  EXPECT_EQ(status["repo"], store->repo());
  EXPECT_EQ(status["pid"], ::getpid());
}

TEST_F(RootNode, ShowsTheMetricsOfWhoeverServesIt) {
  const NodePtr other =
      make_root(*store, nullptr,
                {.version = "v", .more_metrics = [] { return "mine 7\n"; }});
  const auto metrics = tests::walk(other, ".dagfs/metrics");
  ASSERT_TRUE(metrics.ok());
  EXPECT_THAT(tests::read_text(**metrics), IsOkAnd(HasSubstr("\nmine 7\n")));
  EXPECT_THAT(tests::read_text(*at(".dagfs/metrics")),
              IsOkAnd(HasSubstr("dagfs_build_info{version=\"1.2.3\"} 1\n")));
}

}  // namespace
}  // namespace dagfs::fs
