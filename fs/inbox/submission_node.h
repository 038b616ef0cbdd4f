// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dagstore/ingest/file_submission.h"
#include "fs/inbox/spool_observer.h"
#include "fs/lane.h"
#include "fs/writable_node.h"

namespace dagfs::fs {

// What submissions answer to questions for extended attributes.
std::vector<std::string> submission_attribute_names(
    const dagstore::Submission& submission);
Result<std::optional<std::string>> submission_attribute(
    const dagstore::Submission& submission, std::string_view name);
// user.dagfs.seal: to be sealed now, or tried again.
Status set_submission_attribute(dagstore::Submission& submission,
                                std::string_view name);

// The life of a directory's spool, told to its submission.
class SubmissionObserver final : public SpoolObserver {
 public:
  explicit SubmissionObserver(std::shared_ptr<dagstore::Submission> submission)
      : submission_(std::move(submission)) {}

  void opened() override { submission_->opened(); }
  void closed() override { submission_->closed(); }
  Status begin_change() override { return submission_->begin_change(); }
  void changed() override { submission_->changed(); }
  void lost(const Error& error) override {
    submission_->note_write_failure(error);
  }
  std::vector<std::string> attribute_names() const override {
    return submission_attribute_names(*submission_);
  }
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override {
    return submission_attribute(*submission_, name);
  }
  Status set_attribute(std::string_view name, std::string_view value,
                       AttributeMode mode) override;

 private:
  const std::shared_ptr<dagstore::Submission> submission_;
};

// A file of the inbox that is not sealed.
class SubmissionFileNode final : public WritableNode {
 public:
  SubmissionFileNode(std::shared_ptr<dagstore::FileSubmission> file,
                     std::uint64_t inode)
      : file_(std::move(file)),
        inode_(inode),
        lane_(std::make_shared<Lane>()) {}

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Caching caching() const override { return Caching::kNever; }
  std::shared_ptr<Lane> lane() const override { return lane_; }
  std::vector<std::string> attribute_names() const override {
    return submission_attribute_names(*file_);
  }
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override {
    return submission_attribute(*file_, name);
  }

  Result<Attributes> change(const AttributeChange& change) const override;
  Status set_attribute(std::string_view name, std::string_view value,
                       AttributeMode mode) const override;
  Result<std::unique_ptr<FileHandle>> open(OpenRequest request) const override;

 private:
  const std::shared_ptr<dagstore::FileSubmission> file_;
  const std::uint64_t inode_;
  const std::shared_ptr<Lane> lane_;
};

// A sealed submission.
class ShardLinkNode final : public Node {
 public:
  ShardLinkNode(const dagstore::SubmissionRecord& record, std::uint64_t inode)
      : target_("../shards/" + record.key),
        root_(record.root),
        mtime_(record.mtime),
        inode_(inode) {}

  Result<Attributes> attributes() const override;
  bool attributes_may_wait() const override { return false; }
  Caching caching() const override { return Caching::kNever; }
  Result<std::string> read_link() const override { return target_; }
  Result<std::optional<std::string>> attribute(
      std::string_view name) const override;

 private:
  const std::string target_;
  const std::string root_;  // CID, or empty.
  const timespec mtime_;
  const std::uint64_t inode_;
};

}  // namespace dagfs::fs
