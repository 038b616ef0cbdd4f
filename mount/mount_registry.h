// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "car/base/result.h"
#include "mount/mount.h"

namespace dagfs::mount {

// Makes mounts from URLs, by scheme. Filled once at start; constant after that,
// and then safe for use from many threads.
class MountRegistry {
 public:
  // Gets the whole URL. kInvalidArgument says what is wrong with it.
  using Factory =
      std::function<Result<std::unique_ptr<Mount>>(std::string_view url)>;

  // `scheme` in lower case, without its colon. Asserts that it is new.
  void add(std::string scheme, Factory factory);

  // kInvalidArgument: no scheme, or one nobody added.
  Result<std::unique_ptr<Mount>> instantiate(std::string_view url) const;

 private:
  std::map<std::string, Factory, std::less<>> factories_;
};

}  // namespace dagfs::mount
