// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/daemon/mount_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace dagfs::tools {
namespace {

Error refuse(std::string_view option, std::string_view why) {
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("option {}: {}", option, why));
}

Result<std::uint32_t> parse_id(std::string_view option,
                               std::string_view value) {
  std::uint32_t id = 0;
  const char* const end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, id);
  // The highest number means "leave it as it is" to chown(2).
  if (value.empty() || error != std::errc() || rest != end ||
      id == std::numeric_limits<std::uint32_t>::max()) {
    return refuse(option, "needs a number");
  }
  return id;
}

using Setter = Status (*)(std::string_view value, MountOptions* options);

struct KnownOption {
  std::string_view name;
  bool has_value;
  Setter set;
};

Status ignore(std::string_view /*value*/, MountOptions* /*options*/) {
  return ok_status();
}

constexpr std::array kKnownOptions = {
    KnownOption{"allow_other", false,
                [](std::string_view, MountOptions* options) -> Status {
                  options->allow_other = true;
                  return ok_status();
                }},
    KnownOption{"nonempty", false,
                [](std::string_view, MountOptions* options) -> Status {
                  options->nonempty = true;
                  return ok_status();
                }},
    KnownOption{"no_passthrough", false,
                [](std::string_view, MountOptions* options) -> Status {
                  options->passthrough = false;
                  return ok_status();
                }},
    KnownOption{"uid", true,
                [](std::string_view value, MountOptions* options) -> Status {
                  options->uid = DAGFS_TRY(parse_id("uid", value));
                  return ok_status();
                }},
    KnownOption{"gid", true,
                [](std::string_view value, MountOptions* options) -> Status {
                  options->gid = DAGFS_TRY(parse_id("gid", value));
                  return ok_status();
                }},
    KnownOption{"fsname", true,
                [](std::string_view value, MountOptions* options) -> Status {
                  if (value.empty()) return refuse("fsname", "is empty");
                  options->source = value;
                  return ok_status();
                }},
    KnownOption{"ro", false,
                [](std::string_view, MountOptions* options) -> Status {
                  options->read_only = true;
                  return ok_status();
                }},
    KnownOption{"rw", false,
                [](std::string_view, MountOptions* options) -> Status {
                  options->read_only = false;
                  return ok_status();
                }},
    // What every mount of ours is anyway.
    KnownOption{"nodev", false, ignore},
    KnownOption{"nosuid", false, ignore},
    KnownOption{"noatime", false, ignore},
    KnownOption{"default_permissions", false, ignore},
};

Status apply(std::string_view item, MountOptions* options) {
  const std::size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const auto* const known =
      std::ranges::find(kKnownOptions, name, &KnownOption::name);
  if (known == kKnownOptions.end()) return refuse(name, "not known");
  const bool has_value = equals != std::string_view::npos;
  if (has_value != known->has_value) {
    return refuse(name, has_value ? "takes no value" : "needs a value");
  }
  return known->set(has_value ? item.substr(equals + 1) : std::string_view(),
                    options);
}

}  // namespace

Result<MountOptions> parse_mount_options(
    const std::vector<std::string>& lists) {
  MountOptions options;
  for (std::string_view list : lists) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      const std::string_view item = list.substr(0, comma);
      if (!item.empty()) DAGFS_TRY(apply(item, &options));
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }
  return options;
}

}  // namespace dagfs::tools
