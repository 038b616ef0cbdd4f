// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "fs/nodes/decoded_node.h"
#include "fs/nodes/name_escape.h"

namespace dagfs::fs {

// The file in the directory of a map or list that holds all of it as DAG-JSON.
// An entry of the data that is called so is shown escaped.
inline constexpr std::string_view kNodeJson = ".node.json";

// How the keys of one map or list are shown as names, and back. Views into a
// DecodedNode that must outlive it.
class IpldNames {
 public:
  // `parent` is the value of `node` at `path`.
  IpldNames(const DecodedNode& node, const ValuePath& path,
            const car::IpldNode& parent);

  // Whether the directory has kNodeJson.
  bool has_json() const { return has_json_; }

  // The name of the entry `key`. nullopt: it would need to be escaped to the
  // name another one really has, and is not shown.
  std::optional<std::string> show(std::string_view key) const;

  // The key that is shown as `name`; nullopt: none.
  std::optional<std::string> key_of(std::string_view name) const;

  // Whether `key` stands for the unnamed links of a dag-pb node, which is no
  // name of the data.
  bool is_unnamed_links(std::string_view key) const {
    return has_unnamed_links_ && key.empty();
  }

 private:
  ReservedNames reserved() const;
  std::optional<std::string> find_shortened(std::string_view name) const;

  const DecodedNode& node_;
  const car::IpldNode& parent_;
  bool has_json_;
  bool has_unnamed_links_;
};

}  // namespace dagfs::fs
