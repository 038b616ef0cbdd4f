// SPDX-License-Identifier: Apache-2.0 OR MIT

// What can be changed through the mount.

#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string_view>

#include "fs/node.h"

namespace dagfs::fs {

enum class Access : std::uint8_t { kRead, kWrite, kReadWrite };

struct OpenRequest {
  Access access = Access::kRead;
  bool truncate = false;
};

// A name to be made, and who makes it.
struct NewEntry {
  std::string_view name;
  mode_t permissions = 0;  // The low 12 bits, umask taken off already.
  uid_t uid = 0;
  gid_t gid = 0;
};

enum class IfExists : std::uint8_t { kFail, kOpen };

struct CreatedFile {
  NodePtr node;
  std::unique_ptr<FileHandle> handle;
};

// What is absent stays as it is. The kernel has checked that the caller may.
struct AttributeChange {
  std::optional<mode_t> permissions;  // The low 12 bits.
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<std::uint64_t> size;
  // A tv_nsec of UTIME_NOW means the time it is.
  std::optional<timespec> atime;
  std::optional<timespec> mtime;
};

enum class RenameMode : std::uint8_t {
  kReplace,    // As rename(2).
  kNoReplace,  // EEXIST where the new name is taken.
  kExchange,   // Both names exist and change places; ENOENT else.
};

class WritableNode;

struct Renaming {
  std::string_view name;
  const WritableNode& new_directory;
  std::string_view new_name;
  RenameMode mode = RenameMode::kReplace;
};

enum class AttributeMode : std::uint8_t {
  kSet,
  kCreate,   // EEXIST where it is there.
  kReplace,  // ENODATA where it is not.
};

// A node that can be changed. What is const here is the object: like a
// descriptor it stands for something that changes.
//
// Of one thing there is one object at a time: look-ups answer the same one for
// as long as somebody holds it. It stays good when its name changes, and when
// it has lost its name while it is open. Attributes::generation differs from
// that of everything that had the same inode number before.
//
// Names have 1 to 255 bytes, no '/' and no NUL, and are not "." or "..". What
// cannot be done is kRefused with the errno that Linux's own file systems give.
// The kernel lets one at a time change a directory, and looks nothing up in it
// meanwhile; but whoever was interrupted may be late.
class WritableNode : public Node {
 public:
  const WritableNode* writable() const final { return this; }

  // All at once as far as possible; the attributes it has then.
  virtual Result<Attributes> change(const AttributeChange& change) const = 0;

  // EOPNOTSUPP where nothing else is said.
  virtual Status set_attribute(std::string_view name, std::string_view value,
                               AttributeMode mode) const;
  virtual Status remove_attribute(std::string_view name) const;

  // Of the disk on which it is kept; nullopt: as the whole mount.
  virtual Result<std::optional<Usage>> usage() const;

  // Files. open_file() opens for reading.
  virtual Result<std::unique_ptr<FileHandle>> open(OpenRequest request) const;
  Result<std::unique_ptr<FileHandle>> open_file() const override;

  // Directories. ENOTDIR where nothing else is said.

  // Makes an empty file and opens it, whatever `permissions` say of that. A
  // name that is taken is opened with IfExists::kOpen, else EEXIST. O_CREAT
  // and mknod(2) come here.
  virtual Result<CreatedFile> create_file(const NewEntry& entry,
                                          OpenRequest request,
                                          IfExists if_exists) const;
  virtual Result<NodePtr> create_directory(const NewEntry& entry) const;
  virtual Result<NodePtr> create_symlink(const NewEntry& entry,
                                         std::string_view target) const;
  virtual Status remove_file(std::string_view name) const;
  virtual Status remove_directory(std::string_view name) const;
  // EXDEV where the two directories are none of which one can move into the
  // other: programs copy then.
  virtual Status rename(const Renaming& renaming) const;
};

}  // namespace dagfs::fs
