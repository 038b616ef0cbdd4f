// SPDX-License-Identifier: Apache-2.0 OR MIT

// A tree of nodes made by hand, for what only needs something to show.

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "car/base/mutex.h"
#include "car/base/unique_fd.h"
#include "fs/lane.h"
#include "fs/node.h"

namespace dagfs::tests {

// Holds back whoever passes until it is opened.
class Gate {
 public:
  void open();
  void pass();
  // False: `given_up` was asked to stop first.
  bool pass_unless(const std::stop_token& given_up);
  // Waits until `count` have come to it since it was made.
  void wait_for_arrivals(std::size_t count);

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool is_open_ DAGFS_GUARDED_BY(mutex_) = false;
  std::size_t arrivals_ DAGFS_GUARDED_BY(mutex_) = 0;
};

// What all fakes have in common, set before they are shown.
class FakeNode : public fs::Node {
 public:
  Result<fs::Attributes> attributes() const override;
  fs::Caching caching() const override { return kept; }
  std::shared_ptr<fs::Lane> lane() const override { return queue; }
  bool attributes_may_wait() const override {
    return attributes_gate != nullptr;
  }
  std::vector<std::string> attribute_names() const override;
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override;

  fs::Attributes shown;
  fs::Caching kept = fs::Caching::kForever;
  std::shared_ptr<fs::Lane> queue;
  std::map<std::string, std::string, std::less<>> extended;
  std::optional<Error> extended_error;  // Instead of any value.
  std::shared_ptr<Gate> attributes_gate;

 protected:
  // Numbers in the order in which fakes are made.
  explicit FakeNode(fs::NodeType type);
};

class FakeDirectory final : public FakeNode {
 public:
  FakeDirectory() : FakeNode(fs::NodeType::kDirectory) {
    shown.permissions = 0555;
  }

  Result<fs::NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<fs::DirectoryHandle>> open_directory() const override;

  // Puts another node under `name`; unlike the members below, while it is
  // shown.
  void replace(const std::string& name, fs::NodePtr node);

  std::map<std::string, fs::NodePtr, std::less<>> entries;
  // Names that lookup() fails on though they are listed.
  std::vector<std::string> broken;
  std::optional<Error> list_error;  // At the end of a listing.

 private:
  mutable Mutex mutex_;  // Guards `entries` while it is shown.
};

// A directory of `count` empty files of 60-byte names, made up as asked.
class WideDirectory final : public FakeNode {
 public:
  explicit WideDirectory(std::uint64_t count)
      : FakeNode(fs::NodeType::kDirectory), count_(count) {
    shown.permissions = 0555;
  }

  Result<fs::NodePtr> lookup(std::string_view name) const override;
  Result<std::unique_ptr<fs::DirectoryHandle>> open_directory() const override;

 private:
  const std::uint64_t count_;
};

class FakeLink final : public FakeNode {
 public:
  explicit FakeLink(std::string target)
      : FakeNode(fs::NodeType::kSymlink), target_(std::move(target)) {
    shown.size = target_.size();
  }
  Result<std::string> read_link() const override { return target_; }

 private:
  const std::string target_;
};

// A file of given bytes.
class FakeFile final : public FakeNode {
 public:
  explicit FakeFile(std::string content)
      : FakeNode(fs::NodeType::kFile),
        content_(std::make_shared<const std::string>(std::move(content))) {
    shown.size = content_->size();
  }
  Result<std::unique_ptr<fs::FileHandle>> open_file() const override;

  bool is_direct = false;
  // Pieces that answers are cut into.
  std::size_t piece_size = std::size_t{1} << 30;
  // Each read waits here; null: none does.
  std::shared_ptr<Gate> read_gate;
  std::shared_ptr<Gate> open_gate;
  std::optional<Error> open_error;
  // What confirm() answers.
  std::function<Status()> confirmation;
  std::shared_ptr<std::atomic<std::size_t>> reads =
      std::make_shared<std::atomic<std::size_t>>(0);

 private:
  const std::shared_ptr<const std::string> content_;
};

// A file that is another file, by mapping it or by FUSE passthrough.
class BackedFile final : public FakeNode {
 public:
  enum class By : std::uint8_t { kMapping, kPassthrough };

  static Result<std::shared_ptr<BackedFile>> open(const std::string& path,
                                                  By by);

  Result<std::unique_ptr<fs::FileHandle>> open_file() const override;

  // Pieces that answers are cut into.
  std::size_t piece_size = std::size_t{1} << 30;

  struct Backing;

 private:
  explicit BackedFile(std::shared_ptr<const Backing> backing);

  const std::shared_ptr<const Backing> backing_;
};

}  // namespace dagfs::tests
