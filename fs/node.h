// SPDX-License-Identifier: Apache-2.0 OR MIT

// What the mount shows, one object for each file, directory or link that
// somebody looked at. Nothing here knows FUSE.

#pragma once

#include <sys/stat.h>
#include <sys/uio.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::fs {

class Node;
class WritableNode;
using NodePtr = std::shared_ptr<const Node>;

enum class NodeType : std::uint8_t { kUnknown, kDirectory, kFile, kSymlink };

struct Attributes {
  NodeType type = NodeType::kFile;
  mode_t permissions = 0444;  // The low 12 bits.
  std::uint64_t size = 0;
  nlink_t links = 1;
  timespec mtime = {};
  // Stable over remounts: derived from the path, not from who looked first.
  std::uint64_t inode = 0;
  // Tells apart what had the same number one after the other.
  std::uint64_t generation = 0;

  // Of what is written here; where absent, what holds for the whole mount.
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<timespec> atime;           // Absent: mtime.
  std::optional<timespec> ctime;           // Absent: mtime.
  std::optional<std::uint64_t> allocated;  // Bytes; absent: all of `size`.
};

// How long the kernel may believe what it was told.
enum class Caching : std::uint8_t {
  kForever,  // Below a CID: content that cannot change.
  kShort,    // May change; a second is fine (a shard's directory).
  kNever,    // Asked each time (shard.json, status files).
};

// Where requests that may wait for the same slow thing queue up: each shard is
// one lane. Opaque here (fs/lane.h); null for what never waits.
class Lane;

// The bytes of one read, gathered without copying where that is possible.
struct ReadBuffers {
  std::vector<iovec> pieces;                        // In order.
  std::vector<std::shared_ptr<const void>> owners;  // Keep the pieces alive.
};

// The bytes of one write, as long as somebody holds their owner. Small ones are
// in memory of their own, large ones in that in which the request came.
struct WrittenBytes {
  ByteView bytes;
  std::shared_ptr<const void> owner;
};

enum class SyncDepth : std::uint8_t { kData, kDataAndAttributes };

// An open file; closed when it is destroyed. Thread-safe: the kernel reads
// ahead with several requests at once.
class FileHandle {
 public:
  FileHandle() = default;
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  virtual ~FileHandle() = default;

  // Appends the bytes of `range` to `buffers`; fewer only at the end of the
  // file. Pieces may point into a mapping of a backing file: they are handed to
  // the kernel, never touched here.
  virtual Status read(ByteRange range, ReadBuffers* buffers) = 0;

  // After the bytes of a read() went out: whether they could be trusted. An
  // Error makes the session drop what the kernel cached of this inode.
  virtual Status confirm() { return ok_status(); }

  // After that, with nobody waiting: work for the reads that are likely to
  // follow. May wait for disks.
  virtual void read_ahead() {}

  // A descriptor the kernel may read by itself (FUSE passthrough), or -1.
  virtual int passthrough_fd() const { return -1; }

  // Bypass the page cache: content is made up at each open, or written.
  virtual bool direct_io() const { return false; }

  // What follows is asked of handles that WritableNode::open() or create_file()
  // gave. A full disk and the like is kIo or kRefused with its number.

  // Writes at `offset`, which may lie past the end; how many bytes were taken,
  // fewer than all only where the next write will say why. Appending is the
  // kernel's: it sends the offset. Whoever wants the bytes for later keeps
  // their owner. May hold the writer back; if `given_up` is asked to stop
  // meanwhile, it must return soon: what was written until then, or EINTR as
  // kRefused, but never write anything after that.
  virtual Result<std::size_t> write(std::uint64_t offset, WrittenBytes bytes,
                                    const std::stop_token& given_up);
  // At each close() of a descriptor for it, of which there may be many, and
  // more may follow. For reporting what went wrong since the last one.
  virtual Status flush() { return ok_status(); }
  // On the disk by the time it returns.
  virtual Status sync(SyncDepth /*depth*/) { return ok_status(); }
  virtual Status truncate(std::uint64_t size);
  // fallocate(2) with its flags.
  virtual Status allocate(ByteRange range, int flags);
};

// Receives the entries of a directory until it has no more room.
class DirectorySink {
 public:
  virtual ~DirectorySink() = default;

  // `next_cookie` is where reading goes on after this entry; never 0, and below
  // 2^62, as the kernel's offsets are signed and two are spent on "." and "..".
  // False: no room, the entry was not taken.
  virtual bool add(std::string_view name, std::uint64_t inode, NodeType type,
                   std::uint64_t next_cookie) = 0;
};

// An open directory. Thread-safe.
class DirectoryHandle {
 public:
  DirectoryHandle() = default;
  DirectoryHandle(const DirectoryHandle&) = delete;
  DirectoryHandle& operator=(const DirectoryHandle&) = delete;
  virtual ~DirectoryHandle() = default;

  // Adds entries from `cookie` on (0: from the start), "." and ".." excluded,
  // until the sink is full or the directory ends. An Error after entries were
  // added is told to the reader on the next call.
  virtual Status read(std::uint64_t cookie, DirectorySink* sink) = 0;

  // Names and what they stand for are on the disk by the time it returns.
  virtual Status sync() { return ok_status(); }
};

// Immutable; safe for use from many threads at once. Calls may wait for disks
// unless said otherwise; callers hold no lock.
//
// Errors: a name that is not there is no Error (lookup answers null); every
// Error means that the thing exists but cannot be had.
class Node : public std::enable_shared_from_this<Node> {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  virtual Result<Attributes> attributes() const = 0;
  // Of the names in a directory, or the content of a file. Never waits.
  virtual Caching caching() const = 0;
  // Of attributes(). Never waits.
  virtual Caching attribute_caching() const { return caching(); }
  // Never waits; the same for as long as the node lives.
  virtual std::shared_ptr<Lane> lane() const { return nullptr; }
  // Whether attributes() may wait, and so has to queue in lane(). Never waits.
  // False for what listings show of many lanes at once, such as a shard's
  // directory: `ls -l` must not hang for one shard's disk.
  virtual bool attributes_may_wait() const { return true; }

  // The same node, where it can be changed (fs/writable_node.h); null: all that
  // changes something is answered EROFS.
  virtual const WritableNode* writable() const { return nullptr; }

  // Directories. Null: no such name.
  virtual Result<NodePtr> lookup(std::string_view name) const;
  virtual Result<std::unique_ptr<DirectoryHandle>> open_directory() const;

  // Symbolic links.
  virtual Result<std::string> read_link() const;

  // Files.
  virtual Result<std::unique_ptr<FileHandle>> open_file() const;

  // Extended attributes; nullopt: no such one.
  virtual std::vector<std::string> attribute_names() const { return {}; }
  virtual Result<std::optional<std::string>> attribute(
      std::string_view /*name*/) const {
    return std::optional<std::string>();
  }
};

// For statfs: of the whole mount, or of the disk that is written to.
struct Usage {
  std::uint64_t bytes = 0;
  std::uint64_t bytes_free = 0;
  std::uint64_t files = 0;
};

}  // namespace dagfs::fs
