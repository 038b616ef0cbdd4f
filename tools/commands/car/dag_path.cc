// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/dag_path.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>

#include "car/unixfs/directory_reader.h"

namespace dagfs::tools {
namespace {

std::vector<std::string> components_of(std::string_view path) {
  std::vector<std::string> components;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) components.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return components;
}

Result<car::Cid> step(const car::BlockSource& blocks, const car::Cid& folder,
                      const std::string& name) {
  const auto reader = DAGFS_TRY(car::DirectoryReader::open(blocks, folder));
  const std::optional<car::Cid> child = DAGFS_TRY(reader->lookup(name));
  if (!child) return Error(ErrorCode::kNotFound, "no such name");
  return *child;
}

// Whether the text of a path begins with a CID rather than a name below the
// only root: a name there may look like one.
std::optional<car::Cid> first_cid(const car::BlockSource& blocks,
                                  const std::optional<car::Cid>& only_root,
                                  const std::string& component) {
  Result<car::Cid> cid = car::Cid::parse(component);
  if (!cid.ok()) return std::nullopt;
  const bool is_name = only_root && !(*cid == *only_root) &&
                       step(blocks, *only_root, component).ok();
  if (is_name) return std::nullopt;
  return std::move(cid).value();
}

std::optional<car::Cid> only_root_of(const std::vector<car::Cid>& roots) {
  const auto differs = [&](const car::Cid& root) {
    return root != roots.front();
  };
  if (roots.empty() || std::ranges::any_of(roots, differs)) {
    return std::nullopt;
  }
  return roots.front();
}

}  // namespace

std::string FoundPath::path() const {
  std::string text;
  for (const std::string& component : components) {
    text = join_path(text, component);
  }
  return text;
}

Result<FoundPath> find_path(const car::BlockSource& blocks,
                            const std::vector<car::Cid>& roots,
                            std::string_view path) {
  const std::vector<std::string> asked = components_of(path);
  const std::optional<car::Cid> only_root = only_root_of(roots);
  std::optional<car::Cid> start;
  if (!asked.empty()) start = first_cid(blocks, only_root, asked.front());
  if (!start && !only_root) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: there are {} roots, so a path begins with "
                             "the CID of one",
                             path, roots.size()));
  }

  FoundPath found = {.cid = start ? *start : *only_root};
  for (const std::string& component : asked) {
    const bool is_start = start && found.components.empty();
    found.components.push_back(component);
    if (is_start) continue;
    found.cid =
        DAGFS_TRY_CONTEXT(step(blocks, found.cid, component), found.path());
  }
  return found;
}

std::vector<FoundPath> paths_of_roots(const std::vector<car::Cid>& roots) {
  if (const std::optional<car::Cid> root = only_root_of(roots)) {
    return {{.cid = *root}};
  }
  std::vector<FoundPath> paths;
  std::set<car::Cid> seen;
  for (const car::Cid& root : roots) {
    if (!seen.insert(root).second) continue;
    paths.push_back({.cid = root, .components = {root.to_string()}});
  }
  return paths;
}

std::string join_path(std::string_view folder, std::string_view name) {
  if (folder.empty()) return std::string(name);
  return fmt::format("{}/{}", folder, name);
}

}  // namespace dagfs::tools
