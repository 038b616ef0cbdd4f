// SPDX-License-Identifier: Apache-2.0 OR MIT

// A spool's nodes without a kernel between.

#include "fs/inbox/spool_node.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/fs/inbox/spool_fixture.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

NewEntry entry(std::string_view name, mode_t permissions = 0644) {
  return {.name = name,
          .permissions = permissions,
          .uid = ::getuid(),
          .gid = ::getgid()};
}

int errno_of(const Error& error) {
  EXPECT_EQ(error.code(), ErrorCode::kRefused) << error.message();
  return error.os_error();
}

class SpoolNodeTest : public testing::Test {
 protected:
  const WritableNode& top() const { return *spool_.top(); }

  NodePtr make_file(const WritableNode& directory, std::string_view name) {
    auto made = directory.create_file(
        entry(name), {.access = Access::kReadWrite}, IfExists::kFail);
    EXPECT_TRUE(made.ok());
    return made.ok() ? made->node : nullptr;
  }
  NodePtr make_directory(const WritableNode& directory, std::string_view name) {
    auto made = directory.create_directory(entry(name, 0755));
    EXPECT_TRUE(made.ok());
    return made.ok() ? *made : nullptr;
  }

  const Spool spool_;
};

TEST_F(SpoolNodeTest, OneThingIsOneNodeWhereverItGoes) {
  const NodePtr directory = make_directory(top(), "d");
  const NodePtr file = make_file(top(), "f");
  ASSERT_TRUE(top()
                  .rename({.name = "f",
                           .new_directory = *directory->writable(),
                           .new_name = "g"})
                  .ok());

  EXPECT_EQ(*directory->lookup("g"), file);
  EXPECT_EQ(*top().lookup("f"), nullptr);
  EXPECT_TRUE(file->attributes().ok());
}

TEST_F(SpoolNodeTest, TwoThatHadTheSameInodeDifferInGeneration) {
  const Attributes first = *make_file(top(), "f")->attributes();
  ASSERT_TRUE(top().remove_file("f").ok());
  const Attributes second = *make_file(top(), "f")->attributes();

  EXPECT_NE(std::pair(first.inode, first.generation),
            std::pair(second.inode, second.generation));
}

TEST_F(SpoolNodeTest, NamesThatLeadElsewhereAreRefused) {
  for (const std::string name : {"", ".", "..", "a/b", "/etc", "../x"}) {
    EXPECT_FALSE(top().lookup(name).ok()) << name;
    EXPECT_FALSE(top().create_directory(entry(name)).ok()) << name;
    EXPECT_FALSE(top().create_symlink(entry(name), "x").ok()) << name;
    EXPECT_FALSE(top().create_file(entry(name), {}, IfExists::kOpen).ok())
        << name;
    EXPECT_FALSE(top().remove_file(name).ok()) << name;
    EXPECT_FALSE(
        top()
            .rename({.name = name, .new_directory = top(), .new_name = "x"})
            .ok())
        << name;
  }
  EXPECT_FALSE(top().lookup(std::string("a\0b", 3)).ok());
}

TEST_F(SpoolNodeTest, LinksAreNotFollowed) {
  const TemporaryFolder outside;
  outside.write("secret", "content");
  std::filesystem::create_directory_symlink(outside.path(), spool_.path("out"));
  std::filesystem::create_symlink(outside.path("secret"), spool_.path("link"));

  const NodePtr folder = *top().lookup("out");
  EXPECT_EQ(folder->attributes()->type, NodeType::kSymlink);
  EXPECT_FALSE(folder->lookup("secret").ok());
  EXPECT_FALSE(folder->open_directory().ok());
  EXPECT_FALSE(folder->writable()->create_directory(entry("x")).ok());
  const auto opened = top().create_file(
      entry("link"), {.access = Access::kWrite}, IfExists::kOpen);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(errno_of(opened.error()), ELOOP);
}

TEST_F(SpoolNodeTest, WhatSomebodyElseReplacedIsStale) {
  const NodePtr file = make_file(top(), "f");
  std::filesystem::rename(spool_.path("f"), spool_.path("elsewhere"));
  EXPECT_EQ(errno_of(file->attributes().error()), ESTALE);

  std::filesystem::create_directory(spool_.path("f"));
  EXPECT_EQ(errno_of(file->attributes().error()), ESTALE);
  EXPECT_EQ(errno_of(file->open_file().error()), ESTALE);
}

TEST_F(SpoolNodeTest, DevicesAndFifosHaveNoNode) {
  ASSERT_EQ(::mkfifo(spool_.path("fifo").c_str(), 0644), 0);
  EXPECT_EQ(errno_of(top().lookup("fifo").error()), EPERM);
}

TEST_F(SpoolNodeTest, AnotherSpoolIsAnotherDisk) {
  const Spool other;
  make_file(top(), "f");
  const Status moved = top().rename(
      {.name = "f", .new_directory = *other.top(), .new_name = "f"});
  ASSERT_FALSE(moved.ok());
  EXPECT_EQ(errno_of(moved.error()), EXDEV);
}

TEST_F(SpoolNodeTest, ATreeWithoutItsObserverIsOnlyRead) {
  TemporaryFolder folder;
  folder.write("f", "content");
  auto observer = std::make_shared<CountingObserver>();
  const auto opened =
      open_spool(UniqueFd(::open(folder.path().c_str(), O_PATH | O_CLOEXEC)),
                 {.inode = 9, .lane = nullptr, .observer = observer});
  ASSERT_TRUE(opened.ok());
  const NodePtr file = *(*opened)->lookup("f");
  observer.reset();

  EXPECT_EQ(errno_of((*opened)->remove_file("f").error()), ESTALE);
  EXPECT_EQ(errno_of(file->writable()->change({.size = 0}).error()), ESTALE);
  EXPECT_EQ(file->attributes()->size, 7U);
}

TEST_F(SpoolNodeTest, ItsAttributesAreTheObserversAtTheTopOnly) {
  class Labelled final : public SpoolObserver {
    void opened() override {}
    void closed() override {}
    Status begin_change() override { return ok_status(); }
    void changed() override {}
    std::vector<std::string> attribute_names() const override {
      return {"user.state"};
    }
    Result<std::optional<std::string>> attribute(
        std::string_view name) const override {
      if (name != "user.state") return std::optional<std::string>();
      return std::optional<std::string>("open");
    }
  };
  const TemporaryFolder folder;
  folder.write("f", "content");
  const auto observer = std::make_shared<Labelled>();
  const auto opened =
      open_spool(UniqueFd(::open(folder.path().c_str(), O_PATH | O_CLOEXEC)),
                 {.inode = 9, .lane = nullptr, .observer = observer});
  ASSERT_TRUE(opened.ok());

  EXPECT_EQ((*opened)->attributes()->inode, 9U);
  EXPECT_EQ(*(*opened)->attribute("user.state"), "open");
  EXPECT_EQ(*(*(*opened)->lookup("f"))->attribute("user.state"), std::nullopt);
}

TEST_F(SpoolNodeTest, RootsThatAreNoDirectoryAreRefused) {
  const TemporaryFolder folder;
  const std::string file = folder.write("f", "content");
  const auto opened =
      open_spool(UniqueFd(::open(file.c_str(), O_PATH | O_CLOEXEC)), {});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(SpoolNodeTest, ALongChainOfFoldersDiesWithoutRecursion) {
  constexpr int kDepth = 4000;
  NodePtr deepest = spool_.top();
  for (int i = 0; i < kDepth; ++i) {
    auto made = deepest->writable()->create_directory(entry("d", 0755));
    ASSERT_TRUE(made.ok()) << made.error().message();
    deepest = std::move(made).value();
  }
  EXPECT_TRUE(deepest->attributes().ok());
  // The last one to hold all the others; on a stack that has no room for them.
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, 512 << 10);
  pthread_t thread = {};
  ASSERT_EQ(::pthread_create(
                &thread, &attributes,
                [](void* node) -> void* {
                  static_cast<NodePtr*>(node)->reset();
                  return nullptr;
                },
                &deepest),
            0);
  ::pthread_join(thread, nullptr);
  ::pthread_attr_destroy(&attributes);
}

TEST_F(SpoolNodeTest, WhatMovesIsFoundMeanwhile) {
  const NodePtr left = make_directory(top(), "left");
  const NodePtr right = make_directory(top(), "right");
  const NodePtr inside = make_directory(*left->writable(), "inside");
  const NodePtr file = make_file(*inside->writable(), "f");
  std::atomic<bool> is_done = false;
  std::vector<std::thread> lookers;
  for (int i = 0; i < 2; ++i) {
    lookers.emplace_back([&] {
      while (!is_done) {
        EXPECT_TRUE(file->attributes().ok());
        EXPECT_TRUE(file->open_file().ok());
        EXPECT_TRUE(inside->lookup("f").ok());
      }
    });
  }
  for (int i = 0; i < 300; ++i) {
    const bool is_even = i % 2 == 0;
    EXPECT_TRUE(
        (is_even ? left : right)
            ->writable()
            ->rename({.name = "inside",
                      .new_directory = *(is_even ? right : left)->writable(),
                      .new_name = "inside"})
            .ok());
  }
  is_done = true;
  for (std::thread& looker : lookers) looker.join();
}

}  // namespace
}  // namespace dagfs::fs
