// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/control_directory.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "fs/nodes/inode_number.h"
#include "fs/nodes/json_time.h"
#include "fs/nodes/listed_directory.h"
#include "fs/nodes/shard_member_node.h"
#include "fs/nodes/text_handle.h"

namespace dagfs::fs {
namespace {

// A file whose text is made at each open, and once more to tell its size.
class ControlFileNode final : public Node {
 public:
  using Render = std::function<std::string()>;

  ControlFileNode(std::uint64_t inode, Render render)
      : inode_(inode), render_(std::move(render)) {}

  Result<Attributes> attributes() const override {
    return Attributes{.type = NodeType::kFile,
                      .size = render_().size(),
                      .mtime = to_timespec(std::chrono::system_clock::now()),
                      .inode = inode_};
  }
  Caching caching() const override { return Caching::kNever; }
  bool attributes_may_wait() const override { return false; }
  Result<std::unique_ptr<FileHandle>> open_file() const override {
    return std::unique_ptr<FileHandle>(
        std::make_unique<TextHandle>(render_(), MadeUp::kAtEachOpen));
  }

 private:
  const std::uint64_t inode_;
  const Render render_;
};

std::string render_status(const TreeContext& tree,
                          const ControlOptions& options) {
  nlohmann::ordered_json json;
  json["version"] = options.version;
  json["pid"] = ::getpid();
  json["repo"] = tree.store().repo();
  json["mountpoint"] = options.mountpoint;
  json["started_at"] = json_time(options.started_at);
  if (options.request_count) json["requests"] = options.request_count();
  return json.dump(2, ' ', /*ensure_ascii=*/false,
                   nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

std::string render_metrics(const ControlOptions& options) {
  const auto started = std::chrono::duration_cast<std::chrono::seconds>(
      options.started_at.time_since_epoch());
  std::string text = fmt::format(
      "# TYPE dagfs_build_info gauge\n"
      "dagfs_build_info{{version=\"{}\"}} 1\n"
      "# TYPE dagfs_start_time_seconds gauge\n"
      "dagfs_start_time_seconds {}\n",
      options.version, started.count());
  if (options.more_metrics) text += options.more_metrics();
  return text;
}

}  // namespace

NodePtr make_control_directory(const std::shared_ptr<TreeContext>& tree,
                               std::uint64_t inode, ControlOptions options) {
  const auto shared =
      std::make_shared<const ControlOptions>(std::move(options));
  std::vector<FixedDirectoryNode::Child> files;
  const auto add = [&](std::string name, ControlFileNode::Render render) {
    const std::uint64_t file = inode_of(inode, name);
    files.push_back({std::move(name), std::make_shared<ControlFileNode>(
                                          file, std::move(render))});
  };
  add("version", [shared] { return shared->version + "\n"; });
  add("status.json", [tree, shared] { return render_status(*tree, *shared); });
  add("metrics", [shared] { return render_metrics(*shared); });
  return std::make_shared<FixedDirectoryNode>(
      inode, to_timespec(shared->started_at), std::move(files));
}

}  // namespace dagfs::fs
