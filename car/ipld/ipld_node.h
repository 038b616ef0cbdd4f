// SPDX-License-Identifier: Apache-2.0 OR MIT

// The IPLD data model: what dag-cbor, dag-json and dag-pb all say in their own
// bytes. https://ipld.io/docs/data-model/

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "car/base/bytes.h"
#include "car/ipld/cid.h"

namespace dagfs::car {

// CBOR's range, -2^64 to 2^64 - 1, which no native type has.
struct IpldInteger {
  bool negative = false;
  std::uint64_t argument = 0;  // The value, or -1 - value where negative.

  static IpldInteger of(std::int64_t value);
  std::string to_string() const;  // In decimal.

  friend bool operator==(const IpldInteger&, const IpldInteger&) = default;
};

enum class IpldKind : std::uint8_t {
  kNull,
  kBool,
  kInteger,
  kFloat,
  kString,
  kBytes,
  kLink,
  kList,
  kMap,
};

struct IpldEntry;

// One value with all below it. Copies are deep but for links. Decoders bound
// its depth and count (kNodeDepthMax, kNodeValuesMax), so that functions here
// may recurse.
class IpldNode {
 public:
  using List = std::vector<IpldNode>;
  // In the order of the encoding; keys differ from each other.
  using Map = std::vector<IpldEntry>;

  // Null. The others have names because a literal converts to too many things.
  IpldNode();
  static IpldNode boolean(bool value);
  static IpldNode integer(IpldInteger value);
  static IpldNode floating(double value);
  // Not always UTF-8: old Filecoin data has any bytes in strings.
  static IpldNode string(std::string value);
  static IpldNode bytes(Bytes value);
  static IpldNode link(const Cid& cid);
  static IpldNode list(List values);
  static IpldNode map(Map entries);

  IpldNode(const IpldNode&);
  IpldNode(IpldNode&&) noexcept;
  IpldNode& operator=(const IpldNode&);
  IpldNode& operator=(IpldNode&&) noexcept;
  ~IpldNode();

  IpldKind kind() const { return static_cast<IpldKind>(value_.index()); }

  // Each is asked of its own kind only.
  bool as_bool() const;
  const IpldInteger& as_integer() const;
  double as_float() const;
  const std::string& as_string() const;
  const Bytes& as_bytes() const;
  const Cid& as_link() const;
  const List& as_list() const;
  const Map& as_map() const;

  // The value of a map under `key`; null where there is none, or no map.
  const IpldNode* find(std::string_view key) const;

  friend bool operator==(const IpldNode& a, const IpldNode& b);

 private:
  // A Cid is twice as large as anything else here, and links are few.
  using Link = std::shared_ptr<const Cid>;
  // In the order of IpldKind.
  using Value = std::variant<std::monostate, bool, IpldInteger, double,
                             std::string, Bytes, Link, List, Map>;

  explicit IpldNode(Value value);

  Value value_;
};

struct IpldEntry {
  std::string key;
  IpldNode value;

  friend bool operator==(const IpldEntry&, const IpldEntry&) = default;
};

std::string_view name_of(IpldKind kind);

// A key that occurs twice among `entries`, viewed there, if one does.
std::optional<std::string_view> repeated_key(const IpldNode::Map& entries);

}  // namespace dagfs::car
