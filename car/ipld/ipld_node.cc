// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/ipld_node.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace dagfs::car {
namespace {

template <typename T, typename Variant>
const T& checked(const Variant& value) {
  const T* const held = std::get_if<T>(&value);
  assert(held != nullptr && "asked a node for another kind than its own");
  return *held;
}

}  // namespace

IpldInteger IpldInteger::of(std::int64_t value) {
  // The complement of a negative number is -1 - value.
  const auto bits = static_cast<std::uint64_t>(value);
  return {.negative = value < 0, .argument = value < 0 ? ~bits : bits};
}

std::string IpldInteger::to_string() const {
  if (!negative) return std::to_string(argument);
  if (argument == ~std::uint64_t{0}) return "-18446744073709551616";
  return "-" + std::to_string(argument + 1);
}

IpldNode::IpldNode() = default;
IpldNode::IpldNode(Value value) : value_(std::move(value)) {}
IpldNode::IpldNode(const IpldNode&) = default;
IpldNode::IpldNode(IpldNode&&) noexcept = default;
IpldNode& IpldNode::operator=(const IpldNode&) = default;
IpldNode& IpldNode::operator=(IpldNode&&) noexcept = default;
IpldNode::~IpldNode() = default;

IpldNode IpldNode::boolean(bool value) { return IpldNode(Value(value)); }
IpldNode IpldNode::integer(IpldInteger value) { return IpldNode(Value(value)); }
IpldNode IpldNode::floating(double value) { return IpldNode(Value(value)); }
IpldNode IpldNode::string(std::string value) {
  return IpldNode(Value(std::move(value)));
}
IpldNode IpldNode::bytes(Bytes value) {
  return IpldNode(Value(std::move(value)));
}
IpldNode IpldNode::link(const Cid& cid) {
  return IpldNode(Value(std::make_shared<const Cid>(cid)));
}
IpldNode IpldNode::list(List values) {
  return IpldNode(Value(std::move(values)));
}
IpldNode IpldNode::map(Map entries) {
  return IpldNode(Value(std::move(entries)));
}

bool IpldNode::as_bool() const { return checked<bool>(value_); }
const IpldInteger& IpldNode::as_integer() const {
  return checked<IpldInteger>(value_);
}
double IpldNode::as_float() const { return checked<double>(value_); }
const std::string& IpldNode::as_string() const {
  return checked<std::string>(value_);
}
const Bytes& IpldNode::as_bytes() const { return checked<Bytes>(value_); }
const Cid& IpldNode::as_link() const { return *checked<Link>(value_); }
const IpldNode::List& IpldNode::as_list() const {
  return checked<List>(value_);
}
const IpldNode::Map& IpldNode::as_map() const { return checked<Map>(value_); }

const IpldNode* IpldNode::find(std::string_view key) const {
  const Map* const entries = std::get_if<Map>(&value_);
  if (entries == nullptr) return nullptr;
  for (const IpldEntry& entry : *entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

bool operator==(const IpldNode& a, const IpldNode& b) {
  // Links are held by pointer; the pointers of equal ones differ.
  if (a.kind() == IpldKind::kLink && b.kind() == IpldKind::kLink) {
    return a.as_link() == b.as_link();
  }
  return a.value_ == b.value_;
}

std::string_view name_of(IpldKind kind) {
  switch (kind) {
    case IpldKind::kNull: return "null";
    case IpldKind::kBool: return "bool";
    case IpldKind::kInteger: return "integer";
    case IpldKind::kFloat: return "float";
    case IpldKind::kString: return "string";
    case IpldKind::kBytes: return "bytes";
    case IpldKind::kLink: return "link";
    case IpldKind::kList: return "list";
    case IpldKind::kMap: return "map";
  }
  return "unknown";
}

std::optional<std::string_view> repeated_key(const IpldNode::Map& entries) {
  std::vector<std::string_view> keys;
  keys.reserve(entries.size());
  for (const IpldEntry& entry : entries) keys.push_back(entry.key);
  std::ranges::sort(keys);
  const auto found = std::ranges::adjacent_find(keys);
  if (found == keys.end()) return std::nullopt;
  return *found;
}

}  // namespace dagfs::car
