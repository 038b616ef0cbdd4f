// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/shown_shard.h"

#include "tools/commands/text.h"

namespace dagfs::tools {

Json shown_json(const ShardRecord& shard) {
  Json json;
  set_text(&json, "key", shard.key);
  set_text(&json, "url", shard.url);
  json["state"] = shard.state;
  json["error"] = shard.error.empty() ? Json() : Json(shard.error);
  json["registered_at"] = utc_time(shard.registered_at);
  json["indexed_at"] =
      shard.indexed_at ? Json(utc_time(*shard.indexed_at)) : Json();
  json["leases"] = shard.leases;

  const bool is_known = shard.piece.has_value();
  const PieceRecord piece = shard.piece.value_or(PieceRecord{});
  const auto when_known = [&](Json value) { return is_known ? value : Json(); };
  json["car_version"] = when_known(piece.car_version);
  json["size"] = when_known(piece.size);
  json["roots"] = when_known(piece.roots);
  json["root_count"] = when_known(piece.root_count);
  json["block_count"] = when_known(piece.block_count);
  json["block_bytes"] = when_known(piece.block_bytes);
  json["index_size"] = when_known(piece.index_size);
  json["embedded_index"] = when_known(piece.embedded_index);
  return json;
}

}  // namespace dagfs::tools
