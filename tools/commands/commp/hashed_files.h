// SPDX-License-Identifier: Apache-2.0 OR MIT

// What earlier runs found out about files, so that an interrupted check goes on
// where it was. A text file with a JSON object a line; docs/cli.md has it.

#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "car/base/file.h"
#include "car/base/result.h"
#include "mount/piece/piece_commitment.h"

namespace dagfs::tools {

struct HashedFile {
  std::string path;  // Absolute.
  FileStamp stamp;
  mount::PieceCommitment commitment;
};

// One line, without the newline; and back. nullopt: it is not one, as where
// the machine stopped while it was written.
std::string encode_hashed_file(const HashedFile& file);
std::optional<HashedFile> decode_hashed_file(std::string_view line);

// One thread at a time.
class HashedFiles {
 public:
  // Reads what there is at `path` and makes the file if there is none. Lines
  // that make no sense are left alone. kIo: it cannot be read or written.
  static Result<HashedFiles> open(const std::string& path);

  // Remembers nothing beyond this object.
  HashedFiles() = default;

  // Null: not hashed, or written to since then.
  const HashedFile* find(const std::string& path, const FileStamp& now) const;

  // Survives the process when it returns. kIo.
  Status add(HashedFile file);

  // Forgets all that was known, here but not in the file.
  void forget() { files_.clear(); }

 private:
  std::map<std::string, HashedFile> files_;
  UniqueFd fd_;  // Empty: nowhere to write to.
};

}  // namespace dagfs::tools
