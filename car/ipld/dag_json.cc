// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/dag_json.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "car/ipld/multibase.h"
#include "car/ipld/utf8.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// The key that DAG-JSON keeps for links and bytes.
constexpr std::string_view kReserved = "/";
constexpr std::string_view kBytesKey = "bytes";

// A link or bytes deep inside a node open two more maps than the node has.
constexpr std::size_t kOpenMax = kNodeDepthMax + 2;

Error wrong_dag_json(std::string_view what) {
  return Error(ErrorCode::kCorrupt, fmt::format("dag-json: {}", what));
}

// A decimal integer in JSON's grammar.
Result<IpldNode> parse_integer(std::string_view digits) {
  constexpr std::string_view kLeast = "-18446744073709551616";  // -2^64
  if (digits == kLeast) {
    return IpldNode::integer({.negative = true, .argument = ~std::uint64_t{0}});
  }
  IpldInteger number{.negative = digits.starts_with('-')};
  if (number.negative) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(
      digits.data(), digits.data() + digits.size(), number.argument);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return wrong_dag_json(fmt::format("integer {} is out of range", digits));
  }
  if (number.argument == 0) number.negative = false;
  if (number.negative) --number.argument;
  return IpldNode::integer(number);
}

Result<IpldNode> parse_link(const std::string& text) {
  auto cid = Cid::parse(text);
  if (!cid.ok()) return wrong_dag_json(cid.error().message());
  return IpldNode::link(*cid);
}

Result<IpldNode> parse_bytes(const std::string& text) {
  auto bytes = decode_base64(text);
  if (!bytes.ok()) return wrong_dag_json(bytes.error().message());
  return IpldNode::bytes(std::move(bytes).value());
}

// What a map that has been read whole stands for.
Result<IpldNode> finish_map(IpldNode::Map entries) {
  if (const auto key = repeated_key(entries)) {
    return wrong_dag_json(fmt::format("map key \"{}\" occurs twice", *key));
  }
  const auto reserved = std::ranges::find(entries, kReserved, &IpldEntry::key);
  if (reserved == entries.end()) return IpldNode::map(std::move(entries));

  const IpldNode& value = reserved->value;
  if (entries.size() == 1 && value.kind() == IpldKind::kString) {
    return parse_link(value.as_string());
  }
  if (entries.size() == 1 && value.kind() == IpldKind::kMap &&
      value.as_map().size() == 1) {
    const IpldEntry& inner = value.as_map().front();
    if (inner.key == kBytesKey && inner.value.kind() == IpldKind::kString) {
      return parse_bytes(inner.value.as_string());
    }
  }
  return wrong_dag_json("a map with the key \"/\" is neither a link nor bytes");
}

// Receives the JSON parser's events. That parser keeps its own stack on the
// heap, so depth is bounded here and not by the thread's stack.
class Builder {
 public:
  bool null() { return add(IpldNode()); }
  bool boolean(bool value) { return add(IpldNode::boolean(value)); }
  bool number_integer(std::int64_t value) {
    return add(IpldNode::integer(IpldInteger::of(value)));
  }
  bool number_unsigned(std::uint64_t value) {
    return add(IpldNode::integer({.argument = value}));
  }
  // Also called for integers of more than 64 bits, with the digits as written.
  bool number_float(double value, const std::string& written) {
    if (written.find_first_of(".eE") == std::string::npos) {
      return add(parse_integer(written));
    }
    return add(IpldNode::floating(value));
  }
  bool string(std::string& value) {
    return add(IpldNode::string(std::move(value)));
  }
  bool binary(nlohmann::json::binary_t&) {
    return fail(wrong_dag_json("binary"));
  }

  bool start_object(std::size_t) { return open(IpldKind::kMap); }
  bool start_array(std::size_t) { return open(IpldKind::kList); }
  bool key(std::string& value) {
    open_.back().entries.push_back({std::move(value), IpldNode()});
    return true;
  }
  bool end_object() {
    IpldNode::Map entries = std::move(open_.back().entries);
    open_.pop_back();
    return add(finish_map(std::move(entries)));
  }
  bool end_array() {
    IpldNode::List values = std::move(open_.back().values);
    open_.pop_back();
    return add(IpldNode::list(std::move(values)));
  }

  bool parse_error(std::size_t at, const std::string&,
                   const nlohmann::detail::exception& exception) {
    // The text begins with the exception's name in brackets.
    std::string_view what = exception.what();
    what.remove_prefix(std::min(what.find("] ") + 2, what.size()));
    return fail(wrong_dag_json(fmt::format("at byte {}: {}", at, what)));
  }

  Result<IpldNode> take() && {
    if (error_) return *std::move(error_);
    return std::move(root_);
  }

 private:
  // A list or map whose end has not come yet; a map's last entry lacks its
  // value.
  struct Open {
    IpldKind kind = IpldKind::kMap;
    IpldNode::List values;
    IpldNode::Map entries;
  };

  bool fail(Error error) {
    error_ = std::move(error);
    return false;
  }

  bool open(IpldKind kind) {
    if (open_.size() == kOpenMax) {
      return fail(Error(ErrorCode::kExhausted,
                        fmt::format("dag-json: deeper than {}", kOpenMax)));
    }
    open_.push_back({.kind = kind});
    return true;
  }

  bool add(Result<IpldNode> value) {
    if (!value.ok()) return fail(std::move(value).error());
    return add(std::move(value).value());
  }

  bool add(IpldNode value) {
    if (++values_ > kNodeValuesMax) {
      return fail(
          Error(ErrorCode::kExhausted,
                fmt::format("dag-json: more than {} values", kNodeValuesMax)));
    }
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().kind == IpldKind::kMap) {
      open_.back().entries.back().value = std::move(value);
    } else {
      open_.back().values.push_back(std::move(value));
    }
    return true;
  }

  std::vector<Open> open_;
  IpldNode root_;
  std::size_t values_ = 0;
  std::optional<Error> error_;
};

// As ECMAScript writes numbers, which is what other encoders of DAG-JSON do:
// the fewest digits that read back the same, an exponent from 1e21 up and below
// 1e-6. A whole number gets ".0", or it would read back as an integer.
std::string float_text(double number) {
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                    std::abs(number), std::chars_format::scientific)
          .ptr;
  const std::string_view scientific(
      buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const std::size_t e = scientific.find('e');
  std::string digits(scientific.substr(0, 1));
  if (e > 2) digits += scientific.substr(2, e - 2);
  int exponent = 0;
  const bool plus = scientific[e + 1] == '+';  // Which from_chars refuses.
  std::from_chars(&scientific[e + (plus ? 2 : 1)], end, exponent);

  std::string text(std::signbit(number) ? "-" : "");
  if (exponent < -6 || exponent >= 21) {
    text += digits.substr(0, 1);
    if (digits.size() > 1) text += "." + digits.substr(1);
    return text + fmt::format("e{:+d}", exponent);
  }
  const auto count = static_cast<int>(digits.size());
  if (exponent < 0) {
    return text + "0." +
           std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  if (count <= exponent + 1) {
    digits.append(static_cast<std::size_t>(exponent + 1 - count), '0');
    return text + digits + ".0";
  }
  digits.insert(static_cast<std::size_t>(exponent + 1), ".");
  return text + digits;
}

// Writes everything; what DAG-JSON cannot hold is noted on the way.
class Writer {
 public:
  void write(const IpldNode& node) {
    switch (node.kind()) {
      case IpldKind::kNull: text_ += "null"; break;
      case IpldKind::kBool: text_ += node.as_bool() ? "true" : "false"; break;
      case IpldKind::kInteger: text_ += node.as_integer().to_string(); break;
      case IpldKind::kFloat: write_float(node.as_float()); break;
      case IpldKind::kString: write_string(node.as_string()); break;
      case IpldKind::kBytes:
        text_ += R"({"/":{"bytes":")" + encode_base64(node.as_bytes()) + "\"}}";
        break;
      case IpldKind::kLink:
        text_ += R"({"/":")" + node.as_link().to_string() + "\"}";
        break;
      case IpldKind::kList: write_list(node.as_list()); break;
      case IpldKind::kMap: write_map(node.as_map()); break;
    }
  }

  // The first thing written that is not DAG-JSON; empty where all is.
  const std::string& not_dag_json() const { return not_dag_json_; }
  std::string take() && { return std::move(text_); }

 private:
  void note(std::string_view what) {
    if (not_dag_json_.empty()) not_dag_json_ = what;
  }

  void write_float(double number) {
    if (std::isfinite(number)) {
      text_ += float_text(number);
    } else {
      note("a float without value");
      text_ += "null";
    }
  }

  void write_string(std::string_view value) {
    text_ += '"';
    while (!value.empty()) {
      const std::size_t size = utf8_size(value);
      if (size == 0) {
        note("text that is not UTF-8");
        text_ += fmt::format("\\udc{:02x}",
                             static_cast<unsigned char>(value.front()));
        value.remove_prefix(1);
        continue;
      }
      if (size == 1) {
        write_ascii(value.front());
      } else {
        text_ += value.substr(0, size);
      }
      value.remove_prefix(size);
    }
    text_ += '"';
  }

  void write_ascii(char c) {
    switch (c) {
      case '"': text_ += "\\\""; break;
      case '\\': text_ += "\\\\"; break;
      case '\b': text_ += "\\b"; break;
      case '\f': text_ += "\\f"; break;
      case '\n': text_ += "\\n"; break;
      case '\r': text_ += "\\r"; break;
      case '\t': text_ += "\\t"; break;
      default:
        if (c < ' ') {
          text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          text_ += c;
        }
    }
  }

  void write_list(const IpldNode::List& values) {
    char separator = '[';
    for (const IpldNode& value : values) {
      text_ += std::exchange(separator, ',');
      write(value);
    }
    text_ += values.empty() ? "[]" : "]";
  }

  void write_map(const IpldNode::Map& entries) {
    if (repeated_key(entries)) note("a map key twice");
    std::vector<const IpldEntry*> ordered;
    ordered.reserve(entries.size());
    for (const IpldEntry& entry : entries) ordered.push_back(&entry);
    std::ranges::sort(ordered, {}, [](const IpldEntry* entry) {
      return std::string_view(entry->key);
    });
    char separator = '{';
    for (const IpldEntry* entry : ordered) {
      if (entry->key == kReserved) note("a map with the key \"/\"");
      text_ += std::exchange(separator, ',');
      write_string(entry->key);
      text_ += ':';
      write(entry->value);
    }
    text_ += ordered.empty() ? "{}" : "}";
  }

  std::string text_;
  std::string not_dag_json_;
};

}  // namespace

Result<IpldNode> decode_dag_json(ByteView bytes) {
  if (bytes.size() > kNodeSizeMax) {
    return Error(ErrorCode::kExhausted,
                 fmt::format("dag-json of {} bytes, at most {} are decoded",
                             bytes.size(), kNodeSizeMax));
  }
  const std::string_view text = as_text(bytes);
  // The parser would take a NUL for the end of the text, whatever follows, and
  // skip a byte order mark.
  if (text.find('\0') != std::string_view::npos)
    return wrong_dag_json("a NUL byte");
  if (text.starts_with("\xef\xbb\xbf"))
    return wrong_dag_json("a byte order mark");

  Builder builder;
  nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  return std::move(builder).take();
}

Result<std::string> encode_dag_json(const IpldNode& node) {
  Writer writer;
  writer.write(node);
  if (!writer.not_dag_json().empty()) {
    return Error(ErrorCode::kUnsupported,
                 "DAG-JSON cannot hold " + writer.not_dag_json());
  }
  return std::move(writer).take();
}

std::string dag_json_text(const IpldNode& node) {
  Writer writer;
  writer.write(node);
  return std::move(writer).take();
}

}  // namespace dagfs::car
