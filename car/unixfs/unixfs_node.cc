// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/unixfs/unixfs_node.h"

#include <fmt/core.h>

#include "car/base/endian.h"
#include "car/ipld/protobuf.h"

namespace dagfs::car {
namespace {

// Numbers of the fields in Data and UnixTime.
constexpr std::uint32_t kType = 1;
constexpr std::uint32_t kData = 2;
constexpr std::uint32_t kFileSize = 3;
constexpr std::uint32_t kBlockSizes = 4;
constexpr std::uint32_t kHashType = 5;
constexpr std::uint32_t kFanout = 6;
constexpr std::uint32_t kMode = 7;
constexpr std::uint32_t kMtime = 8;
constexpr std::uint32_t kSeconds = 1;
constexpr std::uint32_t kNanoseconds = 2;

constexpr std::string_view kNotUnixfs = "not UnixFS";

Error not_unixfs(std::string_view what) {
  return Error(ErrorCode::kCorrupt, fmt::format("{}: {}", kNotUnixfs, what));
}

Result<UnixfsTime> parse_time(ByteView message) {
  UnixfsTime time;
  while (!message.empty()) {
    const ProtobufField field =
        DAGFS_TRY_CONTEXT(read_protobuf_field(&message), kNotUnixfs);
    if (field.number == kSeconds && field.type == WireType::kVarint) {
      time.seconds = static_cast<std::int64_t>(field.value);
    } else if (field.number == kNanoseconds &&
               field.type == WireType::kFixed32) {
      time.nanoseconds = static_cast<std::uint32_t>(field.value);
    }
  }
  return time;
}

void take_number(const ProtobufField& field, UnixfsNode* node) {
  switch (field.number) {
    case kFileSize: node->file_size = field.value; return;
    case kBlockSizes: node->block_sizes.push_back(field.value); return;
    case kHashType: node->hash_type = field.value; return;
    case kFanout: node->fanout = field.value; return;
    case kMode: node->mode = static_cast<std::uint32_t>(field.value); return;
    default: return;
  }
}

Status take_bytes(const ProtobufField& field, UnixfsNode* node) {
  switch (field.number) {
    case kData: node->data = field.bytes; return ok_status();
    case kMtime: node->mtime = DAGFS_TRY(parse_time(field.bytes)); break;
    // Declared unpacked; independent readers refuse the node.
    case kBlockSizes: return not_unixfs("packed blocksizes");
    default: break;
  }
  return ok_status();
}

Bytes encode_time(const UnixfsTime& time) {
  Bytes out;
  append_protobuf_varint(kSeconds, static_cast<std::uint64_t>(time.seconds),
                         &out);
  if (time.nanoseconds) {
    constexpr auto kTag =
        static_cast<std::byte>(kNanoseconds << 3 | 5);  // A fixed32 field.
    out.push_back(kTag);
    out.resize(out.size() + sizeof(*time.nanoseconds));
    store_le(out.data() + out.size() - sizeof(*time.nanoseconds),
             *time.nanoseconds);
  }
  return out;
}

}  // namespace

std::string_view to_string(UnixfsType type) {
  switch (type) {
    case UnixfsType::kRaw: return "raw";
    case UnixfsType::kDirectory: return "directory";
    case UnixfsType::kFile: return "file";
    case UnixfsType::kMetadata: return "metadata";
    case UnixfsType::kSymlink: return "symlink";
    case UnixfsType::kHamtShard: return "hamt-sharded-directory";
  }
  return "unknown";
}

Result<UnixfsNode> parse_unixfs_node(ByteView message) {
  UnixfsNode node;
  std::optional<std::uint64_t> type;
  while (!message.empty()) {
    const ProtobufField field =
        DAGFS_TRY_CONTEXT(read_protobuf_field(&message), kNotUnixfs);
    if ((field.number == kType && field.type != WireType::kVarint) ||
        (field.number == kData && field.type != WireType::kBytes)) {
      return not_unixfs(fmt::format("field {} has wire type {}", field.number,
                                    static_cast<unsigned>(field.type)));
    }
    if (field.number == kType) {
      type = field.value;
    } else if (field.type == WireType::kVarint) {
      take_number(field, &node);
    } else if (field.type == WireType::kBytes) {
      DAGFS_TRY(take_bytes(field, &node));
    }
  }
  if (!type) return not_unixfs("no type");
  if (*type > static_cast<std::uint64_t>(UnixfsType::kHamtShard)) {
    return not_unixfs(fmt::format("type {}", *type));
  }
  node.type = static_cast<UnixfsType>(*type);
  return node;
}

Bytes encode(const UnixfsNode& node) {
  Bytes out;
  append_protobuf_varint(kType, static_cast<std::uint64_t>(node.type), &out);
  if (!node.data.empty()) append_protobuf_bytes(kData, node.data, &out);
  if (node.file_size) append_protobuf_varint(kFileSize, *node.file_size, &out);
  for (const std::uint64_t size : node.block_sizes) {
    append_protobuf_varint(kBlockSizes, size, &out);
  }
  if (node.hash_type) append_protobuf_varint(kHashType, *node.hash_type, &out);
  if (node.fanout) append_protobuf_varint(kFanout, *node.fanout, &out);
  if (node.mode) append_protobuf_varint(kMode, *node.mode, &out);
  if (node.mtime) {
    append_protobuf_bytes(kMtime, encode_time(*node.mtime), &out);
  }
  return out;
}

}  // namespace dagfs::car
