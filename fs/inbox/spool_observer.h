// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"
#include "fs/writable_node.h"

namespace dagfs::fs {

// What is told of the life of a spooled tree, so that somebody can know when
// nothing is open in it and nothing has changed for a while. Calls come from
// any thread, several at once, and must not wait.
class SpoolObserver {
 public:
  SpoolObserver() = default;
  SpoolObserver(const SpoolObserver&) = delete;
  SpoolObserver& operator=(const SpoolObserver&) = delete;
  virtual ~SpoolObserver() = default;

  // A file or directory of the tree was opened; closed() follows once, when
  // its last descriptor and its last mapping are gone.
  virtual void opened() = 0;
  virtual void closed() = 0;

  // Before each change of names, content or attributes. An Error refuses it,
  // and is what the program is told; kRefused with EROFS is meant for trees
  // that are complete. Else changed() follows, whether it came about or not:
  // between the two the tree is not at rest.
  virtual Status begin_change() = 0;
  virtual void changed() = 0;
  // The disk kept less than a program gave, and the program was told.
  virtual void lost(const Error& /*error*/) {}

  // Extended attributes of the tree's top. As in Node and WritableNode.
  virtual std::vector<std::string> attribute_names() const { return {}; }
  virtual Result<std::optional<std::string>> attribute(
      std::string_view /*name*/) const {
    return std::optional<std::string>();
  }
  virtual Status set_attribute(std::string_view name, std::string_view value,
                               AttributeMode mode);
  virtual Status remove_attribute(std::string_view name);
};

}  // namespace dagfs::fs
