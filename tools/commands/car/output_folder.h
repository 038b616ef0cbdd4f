// SPDX-License-Identifier: Apache-2.0 OR MIT

// Writing below one folder and nowhere else, whatever names and links a
// stranger chose.

#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "car/base/bytes.h"
#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::tools {

enum class Existing : std::uint8_t { kKeep, kReplace };

// What UnixFS may say of a file or folder.
struct OutputAttributes {
  std::optional<mode_t> mode;  // 0777 of it counts: no set-user-id bits.
  std::optional<timespec> mtime;
};

// kInvalidArgument: `name` cannot be a file here, or would lead elsewhere
// ("..", one with a '/').
Status check_output_name(std::string_view name);

// A file that gets its name once it is whole.
class OutputFile {
 public:
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  // Removes what was not finished.
  ~OutputFile();

  Status write(ByteView bytes);
  int fd() const { return fd_.get(); }

  // Sets the attributes and gives the file its name. kInvalidArgument: the
  // name is taken (kKeep), or is a folder's. kIo.
  Status finish(const OutputAttributes& attributes, Existing existing) &&;

 private:
  friend class OutputFolder;
  OutputFile(int folder, std::string name, std::string temporary, UniqueFd fd)
      : folder_(folder),
        name_(std::move(name)),
        temporary_(std::move(temporary)),
        fd_(std::move(fd)) {}

  int folder_;  // Of the OutputFolder, which must outlive the file.
  std::string name_;
  std::string temporary_;  // Empty once it is finished or moved from.
  UniqueFd fd_;
};

// An open folder. Symbolic links are not followed below the first one. Names
// are checked by check_output_name; that errors are about them is left to the
// caller to say.
class OutputFolder {
 public:
  // Makes the folder unless it is there; its parent must be. `path` may go
  // through links: it is the user's. kIo.
  static Result<OutputFolder> open(const std::string& path);

  // The same for a folder that must be there.
  static Result<OutputFolder> open_existing(const std::string& path);

  // The folder `name` in this one, made unless it is there. kInvalidArgument:
  // something else has the name. kIo.
  Result<OutputFolder> folder(const std::string& name) const;

  // kInvalidArgument: something has the name (kKeep). kIo.
  Status check_free(const std::string& name, Existing existing) const;

  Result<OutputFile> file(const std::string& name) const;
  Status symlink(const std::string& name, const std::string& target,
                 Existing existing) const;

  // Of a folder that folder() made; others stay as they are. kIo.
  Status set_attributes(const OutputAttributes& attributes) const;

 private:
  OutputFolder(UniqueFd fd, bool is_new)
      : fd_(std::move(fd)), is_new_(is_new) {}

  UniqueFd fd_;
  bool is_new_;
};

}  // namespace dagfs::tools
