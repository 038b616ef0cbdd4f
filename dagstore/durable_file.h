// SPDX-License-Identifier: Apache-2.0 OR MIT

// Files that are there whole or not at all, whenever the machine stops.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/base/unique_fd.h"

namespace dagfs::dagstore {

// The name a file has until it is whole.
std::string temporary_name(std::string_view name);

// Makes `folder` durably unless it exists; its parent must. kIo.
Status make_folder(const std::string& folder);

Status sync_folder(const std::string& folder);

enum class Durability : std::uint8_t {
  kProcess,  // Survives this process.
  kMachine,  // Survives the machine.
};

// Puts a file with these parts, one behind the other, in the place of `name`:
// whatever happens there is the old one or the new one. kIo.
Status replace_file(const std::string& folder, std::string_view name,
                    std::span<const std::string_view> parts,
                    Durability durability);
Status replace_file(const std::string& folder, std::string_view name,
                    std::string_view content, Durability durability);

// The file `name` in `folder` while it is being written under its temporary
// name. One at a time for a name; what an earlier process left under it is
// overwritten.
class DurableFile {
 public:
  static Result<DurableFile> create(const std::string& folder,
                                    std::string_view name);

  DurableFile(DurableFile&&) noexcept = default;
  DurableFile& operator=(DurableFile&&) = delete;
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;
  // Removes the file unless it was committed.
  ~DurableFile();

  // For reading and writing; at offset 0.
  int fd() const { return fd_.get(); }

  // What was written so far, to be read.
  Result<std::shared_ptr<const RandomAccessFile>> reopen() const;

  // Makes content, name and folder durable, in that order. kIo.
  Status commit() &&;

 private:
  DurableFile(std::string folder, std::string_view name);
  std::string path(std::string_view name) const;

  std::string folder_;
  std::string name_;
  UniqueFd fd_;  // Empty once it is committed.
};

Status write_durably(const std::string& folder, std::string_view name,
                     std::string_view content);

}  // namespace dagfs::dagstore
