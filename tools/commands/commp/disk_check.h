// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tools/commands/commp/file_hashers.h"
#include "tools/commands/commp/hashed_files.h"
#include "tools/commands/commp/piece_list.h"

namespace dagfs::tools {

enum class Verdict : std::uint8_t {
  kMatched,  // The file is the piece.
  kWrong,    // The file is listed and is not the piece, or cannot be read.
  kMissing,  // No file is the piece.
  kExtra,    // The file is not listed.
};
inline constexpr std::size_t kVerdicts = 4;
std::string_view to_string(Verdict verdict);

struct Finding {
  Verdict verdict = Verdict::kMatched;
  std::string path;                     // Empty: missing.
  const ListedPiece* listed = nullptr;  // Null: extra.
  std::string why;                      // It is wrong.
};

// Compares the files below some folders with a list of pieces. Files are those
// whose names end in ".car", and those that are listed; which of them is which
// piece is said by the list's names, by files that are named after their piece,
// or else by their bytes. One thread at a time.
class DiskCheck {
 public:
  using Observer = std::function<void(const Finding&)>;
  using Progress = std::function<void(std::uint64_t bytes)>;

  // `list` and `known` must outlive it; `known` is added to.
  DiskCheck(const std::vector<ListedPiece>& list, HashedFiles* known)
      : list_(list), known_(known) {}

  // Looks for the files. kNotFound: no such folder. kIo.
  Status scan(const std::vector<std::string>& folders);

  // What has to be read.
  std::uint64_t bytes_to_hash() const { return bytes_to_hash_; }

  // Findings come as soon as they are known. kIo: what was found out cannot be
  // written down.
  Status run(const FileHashers::Options& options, const Observer& observe,
             const Progress& progress);

 private:
  struct File {
    std::string path;  // Absolute.
    FileStamp stamp;
    std::vector<std::size_t> listed;  // Records that name it.
    bool is_hashed = false;           // Someone needs to know its bytes.
  };

  Status scan_folder(const std::string& folder);
  Status add_file(const std::string& path);
  bool is_wanted_name(const std::string& name) const;
  void assign_names();
  void assign(std::size_t record, const std::vector<std::string>& names);
  void plan();
  bool may_be_unnamed_piece(const File& file) const;
  FileHashers::Disks files_to_hash() const;

  void judge(const File& file, const Result<HashedFile>& hashed,
             const Observer& observe);
  // Of a file that no record names.
  bool judge_by_bytes(const File& file, const HashedFile& hashed,
                      const Observer& observe);

  const std::vector<ListedPiece>& list_;
  HashedFiles* const known_;
  std::map<std::string, std::vector<std::size_t>> records_of_name_;
  std::vector<File> files_;  // By path.
  std::map<std::string, std::vector<std::size_t>> files_of_name_;
  std::vector<bool> is_found_;  // By record.
  // Records that no file is named after, by the root of their piece.
  std::multimap<mount::TreeNode, std::size_t> unnamed_;
  std::uint64_t bytes_to_hash_ = 0;
};

}  // namespace dagfs::tools
