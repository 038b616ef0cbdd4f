// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/extraction.h"

#include "car/unixfs/directory_reader.h"
#include "tools/commands/car/content.h"
#include "tools/commands/car/dag_entry.h"

namespace dagfs::tools {
namespace {

// Each level holds a descriptor and a block.
constexpr std::size_t kFolderDepthMax = 512;

constexpr std::uint32_t kNanosecondsMax = 999'999'999;

OutputAttributes attributes_of(const DagEntry& entry) {
  OutputAttributes attributes;
  if (entry.mode) attributes.mode = *entry.mode;
  if (entry.mtime) {
    const std::uint32_t nanoseconds = entry.mtime->nanoseconds.value_or(0);
    attributes.mtime =
        timespec{.tv_sec = entry.mtime->seconds,
                 .tv_nsec = nanoseconds <= kNanosecondsMax ? nanoseconds : 0};
  }
  return attributes;
}

}  // namespace

void Extraction::extract(const FoundPath& start, const OutputFolder& output) {
  std::vector<std::string> components = start.components;
  if (components.empty()) {
    if (describe(*car_.blocks, start.cid).type == EntryType::kDirectory) {
      return extract_children(output, "", start.cid, 1);
    }
    components.push_back(start.cid.to_string());
  }
  const OutputFolder* parent = &output;
  std::vector<OutputFolder> folders;
  folders.reserve(components.size());
  for (std::size_t i = 0; i + 1 < components.size(); ++i) {
    Result<OutputFolder> folder = parent->folder(components[i]);
    if (!folder.ok()) return failure_(start.path(), folder.error());
    folders.push_back(std::move(folder).value());
    parent = &folders.back();
  }
  extract_entry(*parent, components.back(), {start.path(), start.cid}, 1);
}

void Extraction::extract_entry(const OutputFolder& parent,
                               const std::string& name, const Place& place,
                               std::size_t depth) {
  const DagEntry entry = describe(*car_.blocks, place.cid);
  Status done = ok_status();
  switch (entry.type) {
    case EntryType::kDirectory:
      done = extract_folder(parent, name, place, depth);
      break;
    case EntryType::kFile:
    case EntryType::kNode: done = extract_file(parent, name, entry); break;
    case EntryType::kSymlink:
      done = parent.symlink(name, entry.target, existing_);
      break;
    case EntryType::kMissing:
    case EntryType::kBad: done = *entry.error; break;
  }
  if (!done.ok()) return failure_(place.path, done.error());
  if (entry.type != EntryType::kDirectory) ++files_;
}

Status Extraction::extract_file(const OutputFolder& parent,
                                const std::string& name,
                                const DagEntry& entry) {
  DAGFS_TRY(parent.check_free(name, existing_));
  OutputFile file = DAGFS_TRY(parent.file(name));
  DAGFS_TRY(read_content(car_, entry,
                         [&](ByteView bytes) { return file.write(bytes); }));
  return std::move(file).finish(attributes_of(entry), existing_);
}

Status Extraction::extract_folder(const OutputFolder& parent,
                                  const std::string& name, const Place& place,
                                  std::size_t depth) {
  if (depth > kFolderDepthMax) {
    return Error(ErrorCode::kExhausted, "too many folders deep");
  }
  const OutputFolder folder = DAGFS_TRY(parent.folder(name));
  extract_children(folder, place.path, place.cid, depth + 1);
  // Last: a folder that may not be written to could not be filled, and filling
  // it would change its time.
  return folder.set_attributes(
      attributes_of(describe(*car_.blocks, place.cid)));
}

void Extraction::extract_children(const OutputFolder& folder,
                                  const std::string& path, const car::Cid& cid,
                                  std::size_t depth) {
  const auto reader = car::DirectoryReader::open(*car_.blocks, cid);
  if (!reader.ok()) return failure_(path, reader.error());
  const Status listed =
      (*reader)->list(0, [&](const car::DirectoryEntry& child) {
        const std::string name(child.name);
        extract_entry(folder, name, {join_path(path, name), child.cid.to_cid()},
                      depth);
        return true;
      });
  if (!listed.ok()) failure_(path, listed.error());
}

}  // namespace dagfs::tools
