// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/inbox/submission_node.h"

#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <utility>

#include "fs/nodes/attribute_names.h"

namespace dagfs::fs {
namespace {

using dagstore::Durability;
using dagstore::FileSubmission;
using dagstore::SubmissionState;

timespec time_now() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

timespec chosen_time(const timespec& wanted) {
  return wanted.tv_nsec == UTIME_NOW ? time_now() : wanted;
}

// A change that the submission knows to go on.
class SubmissionChange {
 public:
  static Result<SubmissionChange> begin(FileSubmission& file) {
    DAGFS_TRY(file.begin_change());
    return SubmissionChange(&file);
  }
  SubmissionChange(SubmissionChange&& other) noexcept
      : file_(std::exchange(other.file_, nullptr)) {}
  SubmissionChange& operator=(SubmissionChange&&) = delete;
  SubmissionChange(const SubmissionChange&) = delete;
  SubmissionChange& operator=(const SubmissionChange&) = delete;
  ~SubmissionChange() {
    if (file_ != nullptr) file_->changed();
  }

 private:
  explicit SubmissionChange(FileSubmission* file) : file_(file) {}

  FileSubmission* file_;
};

class SubmissionFileHandle final : public FileHandle {
 public:
  SubmissionFileHandle(std::shared_ptr<FileSubmission> file, Access access)
      : file_(std::move(file)), access_(access) {
    file_->opened();
  }
  ~SubmissionFileHandle() override { file_->closed(); }

  bool direct_io() const override { return true; }

  Status read(ByteRange range, ReadBuffers* buffers) override {
    auto bytes = std::make_shared<Bytes>(range.size);
    const std::size_t count = DAGFS_TRY(file_->read(range.offset, *bytes));
    buffers->pieces.push_back({.iov_base = bytes->data(), .iov_len = count});
    buffers->owners.push_back(std::move(bytes));
    return ok_status();
  }

  Result<std::size_t> write(std::uint64_t offset, WrittenBytes bytes,
                            const std::stop_token& /*given_up*/) override {
    const auto change = DAGFS_TRY(SubmissionChange::begin(*file_));
    const std::size_t count = DAGFS_TRY(file_->write(offset, bytes.bytes));
    file_->set_mtime(time_now());
    return count;
  }

  Status flush() override {
    // A reader's close says nothing of the writers.
    return access_ == Access::kRead ? ok_status() : file_->keep_closed();
  }
  Status sync(SyncDepth /*depth*/) override {
    return file_->keep(Durability::kMachine);
  }

  Status truncate(std::uint64_t size) override {
    const auto change = DAGFS_TRY(SubmissionChange::begin(*file_));
    DAGFS_TRY(file_->truncate(size));
    file_->set_mtime(time_now());
    return ok_status();
  }

  Status allocate(ByteRange range, int flags) override {
    const auto change = DAGFS_TRY(SubmissionChange::begin(*file_));
    return file_->allocate(range.offset, range.size, flags);
  }

 private:
  const std::shared_ptr<FileSubmission> file_;
  const Access access_;
};

}  // namespace

std::vector<std::string> submission_attribute_names(
    const dagstore::Submission& submission) {
  std::vector<std::string> names = {std::string(kStateAttribute)};
  if (!submission.record().error.empty()) {
    names.emplace_back(kErrorAttribute);
  }
  return names;
}

Result<std::optional<std::string>> submission_attribute(
    const dagstore::Submission& submission, std::string_view name) {
  const dagstore::SubmissionRecord record = submission.record();
  std::optional<std::string> value;
  if (name == kStateAttribute) {
    value = std::string(to_string(record.state));
  } else if (name == kErrorAttribute && !record.error.empty()) {
    value = record.error;
  }
  return value;
}

Status set_submission_attribute(dagstore::Submission& submission,
                                std::string_view name) {
  if (name != kSealAttribute) {
    return refusal(EOPNOTSUPP, "set an extended attribute");
  }
  if (submission.state() == SubmissionState::kFailed) {
    return submission.ask_for_retry();
  }
  submission.ask_for_seal();
  return ok_status();
}

Status SubmissionObserver::set_attribute(std::string_view name,
                                         std::string_view /*value*/,
                                         AttributeMode /*mode*/) {
  return set_submission_attribute(*submission_, name);
}

Result<Attributes> SubmissionFileNode::attributes() const {
  const dagstore::SubmissionRecord record = file_->record();
  return Attributes{.type = NodeType::kFile,
                    .permissions = record.permissions,
                    .size = file_->size(),
                    .mtime = record.mtime,
                    .inode = inode_,
                    .generation = file_->id(),
                    .uid = record.uid,
                    .gid = record.gid};
}

Result<Attributes> SubmissionFileNode::change(
    const AttributeChange& change) const {
  {
    const auto going_on = DAGFS_TRY(SubmissionChange::begin(*file_));
    if (change.size) DAGFS_TRY(file_->truncate(*change.size));
    const dagstore::SubmissionRecord record = file_->record();
    timespec mtime = record.mtime;
    if (change.size) mtime = time_now();
    if (change.mtime) mtime = chosen_time(*change.mtime);
    file_->set_attributes(change.permissions.value_or(record.permissions),
                          change.uid.value_or(record.uid),
                          change.gid.value_or(record.gid), mtime);
    DAGFS_TRY(file_->write_record(Durability::kProcess));
  }
  return attributes();
}

Status SubmissionFileNode::set_attribute(std::string_view name,
                                         std::string_view /*value*/,
                                         AttributeMode /*mode*/) const {
  return set_submission_attribute(*file_, name);
}

Result<std::unique_ptr<FileHandle>> SubmissionFileNode::open(
    OpenRequest request) const {
  auto handle = std::make_unique<SubmissionFileHandle>(file_, request.access);
  if (request.access != Access::kRead) {
    // Told now rather than at the first write.
    const auto change = DAGFS_TRY(SubmissionChange::begin(*file_));
    if (request.truncate) DAGFS_TRY(file_->truncate(0));
  }
  return std::unique_ptr<FileHandle>(std::move(handle));
}

Result<Attributes> ShardLinkNode::attributes() const {
  return Attributes{.type = NodeType::kSymlink,
                    .permissions = 0777,
                    .size = target_.size(),
                    .mtime = mtime_,
                    .inode = inode_};
}

Result<std::optional<std::string>> ShardLinkNode::attribute(
    std::string_view name) const {
  // The kernel asks nobody for the user.* of a symbolic link.
  if (name == kPlainCidAttribute && !root_.empty()) {
    return std::optional(root_);
  }
  return std::optional<std::string>();
}

}  // namespace dagfs::fs
