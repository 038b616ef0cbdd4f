// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "fs/nodes/shard_json_node.h"

#include <nlohmann/json.hpp>

#include "fs/nodes/json_time.h"
#include "fs/nodes/text_handle.h"

namespace dagfs::fs {
namespace {

using Json = nlohmann::ordered_json;

Json time_json(std::optional<std::chrono::system_clock::time_point> time) {
  return time ? Json(json_time(*time)) : Json(nullptr);
}

Json roots_json(const dagstore::PieceSummary& piece) {
  Json roots = Json::array();
  for (const car::Cid& root : piece.roots) roots.push_back(root.to_string());
  return roots;
}

}  // namespace

Result<Attributes> ShardJsonNode::attributes() const {
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  return Attributes{
      .type = NodeType::kFile,
      .permissions = 0444,
      .size = render_json(known).size(),
      .mtime = to_timespec(known.indexed_at.value_or(known.registered_at)),
      .inode = inode()};
}

Result<std::unique_ptr<FileHandle>> ShardJsonNode::open_file() const {
  const dagstore::ShardInfo known = DAGFS_TRY(info());
  return std::unique_ptr<FileHandle>(
      std::make_unique<TextHandle>(render_json(known), MadeUp::kAtEachOpen));
}

std::string render_json(const dagstore::ShardInfo& info) {
  Json json;
  json["key"] = info.key.text();
  json["url"] = info.url;
  json["state"] = dagstore::to_string(info.state);
  json["error"] = info.error.empty() ? Json(nullptr) : Json(info.error);
  json["registered_at"] = time_json(info.registered_at);
  json["indexed_at"] = time_json(info.indexed_at);
  json["leases"] = info.leases;
  // Unknown until it was indexed.
  const bool known = info.piece.has_value();
  const dagstore::PieceSummary piece =
      info.piece.value_or(dagstore::PieceSummary{});
  const auto when_known = [&](Json value) { return known ? value : nullptr; };
  json["car_version"] = when_known(piece.car_version);
  json["size"] = when_known(piece.size);
  json["roots"] = when_known(roots_json(piece));
  json["block_count"] = when_known(piece.block_count);
  json["block_bytes"] = when_known(piece.block_bytes);
  json["index_size"] = when_known(piece.index_size);
  json["embedded_index"] = when_known(piece.embedded_index);
  // Keys and URLs are bytes; what of them is no UTF-8 is replaced, not thrown
  // over.
  return json.dump(2, ' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace) +
         "\n";
}

}  // namespace dagfs::fs
