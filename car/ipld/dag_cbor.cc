// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/dag_cbor.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "car/base/endian.h"
#include "car/ipld/utf8.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// RFC 8949: the upper three bits of an item's first byte.
enum class Major : std::uint8_t {
  kUnsigned = 0,
  kNegative = 1,
  kBytes = 2,
  kText = 3,
  kArray = 4,
  kMap = 5,
  kTag = 6,
  kSimple = 7,
};

constexpr std::uint8_t kFalse = 0xf4;
constexpr std::uint8_t kTrue = 0xf5;
constexpr std::uint8_t kNull = 0xf6;
constexpr std::uint8_t kFloat64 = 0xfb;
constexpr std::uint64_t kCidTag = 42;
constexpr std::byte kCidPrefix{0};  // Multibase's sign for bare bytes.

// A count in a head may be any number: space is taken as items arrive.
constexpr std::size_t kReservedMax = 16;

bool shorter_first(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

class Decoder {
 public:
  Decoder(ByteView bytes, DagCborForm form) : all_(bytes), form_(form) {}

  Result<IpldNode> decode() {
    IpldNode node = DAGFS_TRY(value(0));
    if (at_ != all_.size()) {
      return corrupt(
          fmt::format("{} bytes after the value", all_.size() - at_));
    }
    return node;
  }

 private:
  // What stands before an item's content: for integers the value, else a
  // length, count or tag.
  struct Head {
    Major major = Major::kUnsigned;
    std::uint64_t argument = 0;
  };

  Error corrupt(std::string_view what) const {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("dag-cbor at byte {}: {}", at_, what));
  }

  Error exhausted(std::string_view what) const {
    return Error(ErrorCode::kExhausted,
                 fmt::format("dag-cbor at byte {}: {}", at_, what));
  }

  // Whether `count` more values may still come.
  Status admit(std::uint64_t count) const {
    if (count <= kNodeValuesMax - values_) return ok_status();
    return exhausted(fmt::format("more than {} values", kNodeValuesMax));
  }

  std::size_t left() const { return all_.size() - at_; }

  Result<std::uint64_t> argument(unsigned low_bits) {
    if (low_bits < 24) return std::uint64_t{low_bits};
    if (low_bits > 27) {
      return corrupt("indefinite or reserved length");
    }
    const std::size_t size = std::size_t{1} << (low_bits - 24);
    if (size > left()) return corrupt("cut short");
    std::uint64_t number = 0;
    for (const std::byte byte : all_.subspan(at_, size)) {
      number = number << 8 | std::to_integer<std::uint64_t>(byte);
    }
    // Would the next shorter size have held it?
    const bool fits_shorter =
        size == 1 ? number < 24 : number >> (4 * size) == 0;
    if (fits_shorter) return corrupt("number is not in its shortest form");
    at_ += size;
    return number;
  }

  Result<Head> head() {
    if (left() == 0) return corrupt("cut short");
    const auto first = std::to_integer<unsigned>(all_[at_++]);
    Head out;
    out.major = static_cast<Major>(first >> 5);
    out.argument = DAGFS_TRY(argument(first & 31));
    return out;
  }

  Result<ByteView> take(std::uint64_t size) {
    if (size > left()) {
      return corrupt(
          fmt::format("{} bytes announced, {} are left", size, left()));
    }
    const ByteView taken = all_.subspan(at_, size);
    at_ += size;
    return taken;
  }

  Result<std::string> text(std::uint64_t size) {
    const std::string_view taken = as_text(DAGFS_TRY(take(size)));
    if (form_ == DagCborForm::kCanonical && !is_utf8(taken)) {
      return corrupt("text is not UTF-8");
    }
    return std::string(taken);
  }

  Result<IpldNode> value(std::size_t depth) {
    if (depth > kNodeDepthMax) {
      return exhausted(fmt::format("deeper than {}", kNodeDepthMax));
    }
    DAGFS_TRY(admit(1));
    ++values_;
    if (left() > 0 && std::to_integer<unsigned>(all_[at_]) >> 5 == 7) {
      return simple();
    }
    const Head item = DAGFS_TRY(head());
    switch (item.major) {
      case Major::kUnsigned:
        return IpldNode::integer({.argument = item.argument});
      case Major::kNegative:
        return IpldNode::integer({.negative = true, .argument = item.argument});
      case Major::kBytes: {
        const ByteView taken = DAGFS_TRY(take(item.argument));
        return IpldNode::bytes(Bytes(taken.begin(), taken.end()));
      }
      case Major::kText: {
        std::string taken = DAGFS_TRY(text(item.argument));
        return IpldNode::string(std::move(taken));
      }
      case Major::kArray: return list(item.argument, depth);
      case Major::kMap: return map(item.argument, depth);
      case Major::kTag: return link(item.argument);
      case Major::kSimple: break;  // Handled above: its argument is no number.
    }
    return corrupt("not a value");
  }

  Result<IpldNode> simple() {
    const auto first = std::to_integer<std::uint8_t>(all_[at_++]);
    switch (first) {
      case kFalse: return IpldNode::boolean(false);
      case kTrue: return IpldNode::boolean(true);
      case kNull: return IpldNode();
      case kFloat64: break;
      default:
        return corrupt(
            fmt::format("{:#04x} is not false, true, null or a "
                        "64-bit float",
                        first));
    }
    const ByteView bits = DAGFS_TRY(take(8));
    const auto number = std::bit_cast<double>(load_be64(bits.data()));
    if (!std::isfinite(number)) return corrupt("float is not finite");
    if (form_ == DagCborForm::kCanonical && number == 0 &&
        std::signbit(number)) {
      return corrupt("negative zero");
    }
    return IpldNode::floating(number);
  }

  Result<IpldNode> list(std::uint64_t count, std::size_t depth) {
    // Every value takes a byte at least.
    if (count > left()) return corrupt("list is longer than what is left");
    DAGFS_TRY(admit(count));
    IpldNode::List values;
    values.reserve(std::min<std::size_t>(count, kReservedMax));
    for (; count > 0; --count) values.push_back(DAGFS_TRY(value(depth + 1)));
    return IpldNode::list(std::move(values));
  }

  Result<IpldNode> map(std::uint64_t count, std::size_t depth) {
    if (count > left() / 2) return corrupt("map is longer than what is left");
    DAGFS_TRY(admit(count));
    IpldNode::Map entries;
    entries.reserve(std::min<std::size_t>(count, kReservedMax));
    bool ordered = true;
    for (; count > 0; --count) {
      const Head key_head = DAGFS_TRY(head());
      if (key_head.major != Major::kText) {
        return corrupt("map key is not a string");
      }
      std::string key = DAGFS_TRY(text(key_head.argument));
      if (!entries.empty() && !shorter_first(entries.back().key, key)) {
        ordered = false;
      }
      IpldNode held = DAGFS_TRY(value(depth + 1));
      entries.push_back({std::move(key), std::move(held)});
    }
    if (!ordered) {
      if (const auto key = repeated_key(entries)) {
        return corrupt(fmt::format("map key \"{}\" occurs twice", *key));
      }
      if (form_ == DagCborForm::kCanonical) {
        return corrupt("map keys are not in order");
      }
    }
    return IpldNode::map(std::move(entries));
  }

  Result<IpldNode> link(std::uint64_t tag) {
    if (tag != kCidTag) {
      return corrupt(fmt::format("tag {}, the only one is {}", tag, kCidTag));
    }
    const Head content = DAGFS_TRY(head());
    if (content.major != Major::kBytes) {
      return corrupt("tag 42 does not hold bytes");
    }
    const ByteView bytes = DAGFS_TRY(take(content.argument));
    if (bytes.empty() || bytes.front() != kCidPrefix) {
      return corrupt("CID does not begin with 0");
    }
    auto cid = Cid::from_bytes(bytes.subspan(1));
    if (!cid.ok()) return corrupt(cid.error().message());
    return IpldNode::link(*cid);
  }

  ByteView all_;
  DagCborForm form_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
};

class Encoder {
 public:
  Status encode(const IpldNode& node) {
    switch (node.kind()) {
      case IpldKind::kNull: put(kNull); break;
      case IpldKind::kBool: put(node.as_bool() ? kTrue : kFalse); break;
      case IpldKind::kInteger: {
        const IpldInteger& number = node.as_integer();
        head(number.negative ? Major::kNegative : Major::kUnsigned,
             number.argument);
        break;
      }
      case IpldKind::kFloat: return floating(node.as_float());
      case IpldKind::kString: return text(node.as_string());
      case IpldKind::kBytes:
        head(Major::kBytes, node.as_bytes().size());
        append(node.as_bytes());
        break;
      case IpldKind::kLink: {
        const ByteView cid = node.as_link().bytes();
        head(Major::kTag, kCidTag);
        head(Major::kBytes, cid.size() + 1);
        out_.push_back(kCidPrefix);
        append(cid);
        break;
      }
      case IpldKind::kList:
        head(Major::kArray, node.as_list().size());
        for (const IpldNode& value : node.as_list()) DAGFS_TRY(encode(value));
        break;
      case IpldKind::kMap: return map(node.as_map());
    }
    return ok_status();
  }

  Bytes take() && { return std::move(out_); }

 private:
  static Error unsupported(std::string what) {
    return Error(ErrorCode::kUnsupported, "dag-cbor cannot hold " + what);
  }

  void put(std::uint8_t byte) { out_.push_back(static_cast<std::byte>(byte)); }

  void append(ByteView bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }

  void put_big_endian(std::uint64_t number, unsigned size) {
    while (size-- > 0) put(static_cast<std::uint8_t>(number >> (8 * size)));
  }

  void head(Major major, std::uint64_t argument) {
    const auto high = static_cast<unsigned>(major) << 5;
    if (argument < 24) {
      put(static_cast<std::uint8_t>(high | argument));
      return;
    }
    unsigned code = 24;  // One byte; each further code doubles it.
    while (code < 27 && argument >> (8u << (code - 24)) != 0) ++code;
    put(static_cast<std::uint8_t>(high | code));
    put_big_endian(argument, 1u << (code - 24));
  }

  Status floating(double number) {
    if (!std::isfinite(number)) return unsupported("a float without value");
    if (number == 0) number = 0;  // Drops the sign.
    put(kFloat64);
    put_big_endian(std::bit_cast<std::uint64_t>(number), 8);
    return ok_status();
  }

  Status text(const std::string& value) {
    if (!is_utf8(value)) return unsupported("text that is not UTF-8");
    head(Major::kText, value.size());
    append(as_bytes(value));
    return ok_status();
  }

  Status map(const IpldNode::Map& entries) {
    if (const auto key = repeated_key(entries)) {
      return unsupported(fmt::format("map key \"{}\" twice", *key));
    }
    std::vector<const IpldEntry*> ordered;
    ordered.reserve(entries.size());
    for (const IpldEntry& entry : entries) ordered.push_back(&entry);
    std::ranges::sort(
        ordered, shorter_first,
        [](const IpldEntry* entry) -> std::string_view { return entry->key; });
    head(Major::kMap, ordered.size());
    for (const IpldEntry* entry : ordered) {
      DAGFS_TRY(text(entry->key));
      DAGFS_TRY(encode(entry->value));
    }
    return ok_status();
  }

  Bytes out_;
};

}  // namespace

Result<IpldNode> decode_dag_cbor(ByteView bytes, DagCborForm form) {
  if (bytes.size() > kNodeSizeMax) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("dag-cbor of {} bytes, at most {} are decoded",
                             bytes.size(), kNodeSizeMax));
  }
  return Decoder(bytes, form).decode();
}

Result<Bytes> encode_dag_cbor(const IpldNode& node) {
  Encoder encoder;
  DAGFS_TRY(encoder.encode(node));
  return std::move(encoder).take();
}

}  // namespace dagfs::car
