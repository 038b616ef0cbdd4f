// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commp/disk_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "mount/piece/piece_cid.h"

namespace dagfs::tools {
namespace {

namespace fs = std::filesystem;

std::string base_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

// What a file may be called that is this piece.
std::vector<std::string> names_of(const ListedPiece& piece) {
  if (!piece.file.empty()) return {base_name(piece.file)};
  const std::string v1 =
      mount::piece_cid_v1(piece.expected.cid.root).to_string();
  std::vector<std::string> names = {v1, v1 + ".car"};
  if (piece.cid != v1)
    names.insert(names.end(), {piece.cid, piece.cid + ".car"});
  return names;
}

// How many components the ends of both paths have in common.
std::size_t common_end(std::string_view a, std::string_view b) {
  std::size_t components = 0;
  while (!a.empty() && !b.empty()) {
    const std::string_view last_a = a.substr(a.rfind('/') + 1);
    const std::string_view last_b = b.substr(b.rfind('/') + 1);
    if (last_a != last_b) break;
    ++components;
    a.remove_suffix(std::min(a.size(), last_a.size() + 1));
    b.remove_suffix(std::min(b.size(), last_b.size() + 1));
  }
  return components;
}

Result<std::string> absolute(const std::string& path) {
  std::error_code failure;
  const fs::path found = fs::canonical(path, failure);
  if (!failure) return found.string();
  return Error(ErrorCode::kNotFound, path + ": " + failure.message());
}

}  // namespace

std::string_view to_string(Verdict verdict) {
  constexpr std::array<std::string_view, kVerdicts> kNames = {
      "matched", "wrong", "missing", "extra"};
  return kNames[static_cast<std::size_t>(verdict)];
}

bool DiskCheck::is_wanted_name(const std::string& name) const {
  return name.ends_with(".car") || records_of_name_.contains(name);
}

Status DiskCheck::add_file(const std::string& path) {
  File file{.path = path, .stamp = {}, .listed = {}};
  // One that cannot be looked at is found wrong when it is opened.
  if (const auto stamp = stamp_of_path(path); stamp.ok()) file.stamp = *stamp;
  files_.push_back(std::move(file));
  return ok_status();
}

Status DiskCheck::scan_folder(const std::string& folder) {
  std::error_code failure;
  const std::string root = DAGFS_TRY(absolute(folder));
  if (!fs::is_directory(root, failure)) return add_file(root);
  fs::recursive_directory_iterator entry(root, failure);
  while (!failure && entry != fs::recursive_directory_iterator()) {
    std::error_code ignored;
    const std::string path = entry->path().string();
    if (is_wanted_name(base_name(path)) && entry->is_regular_file(ignored)) {
      DAGFS_TRY(add_file(path));
    }
    entry.increment(failure);
  }
  if (failure) return error_from_errno(failure.value(), root);
  return ok_status();
}

Status DiskCheck::scan(const std::vector<std::string>& folders) {
  for (std::size_t record = 0; record < list_.size(); ++record) {
    for (std::string& name : names_of(list_[record])) {
      records_of_name_[std::move(name)].push_back(record);
    }
  }
  for (const std::string& folder : folders) DAGFS_TRY(scan_folder(folder));
  std::ranges::sort(files_, {}, &File::path);
  // Not that of std::ranges, which clang 14 cannot compile.
  const auto is_same = [](const File& a, const File& b) {
    return a.path == b.path;
  };
  files_.erase(std::unique(files_.begin(), files_.end(), is_same),
               files_.end());
  for (std::size_t i = 0; i < files_.size(); ++i) {
    files_of_name_[base_name(files_[i].path)].push_back(i);
  }
  assign_names();
  plan();
  return ok_status();
}

void DiskCheck::assign_names() {
  is_found_.assign(list_.size(), false);
  for (std::size_t record = 0; record < list_.size(); ++record) {
    assign(record, names_of(list_[record]));
    if (is_found_[record]) continue;
    unnamed_.emplace(list_[record].expected.cid.root, record);
  }
}

// Lists say paths of the machine they were made on: those files belong to a
// record that have the most of its path in common, in each of the folders.
void DiskCheck::assign(std::size_t record,
                       const std::vector<std::string>& names) {
  std::vector<std::size_t> best;
  std::size_t best_common = 0;
  for (const std::string& name : names) {
    const auto found = files_of_name_.find(name);
    if (found == files_of_name_.end()) continue;
    for (const std::size_t file : found->second) {
      const std::size_t common = std::max<std::size_t>(
          1, common_end(files_[file].path, list_[record].file));
      if (common > best_common) best.clear();
      best_common = std::max(common, best_common);
      if (common == best_common) best.push_back(file);
    }
  }
  for (const std::size_t file : best) files_[file].listed.push_back(record);
  is_found_[record] = !best.empty();
}

bool DiskCheck::may_be_unnamed_piece(const File& file) const {
  return std::ranges::any_of(unnamed_, [&](const auto& record) {
    return check_file_size(list_[record.second], file.stamp.size).ok();
  });
}

// A file of a size that no piece in question has is not read.
void DiskCheck::plan() {
  for (File& file : files_) {
    if (known_->find(file.path, file.stamp) != nullptr) continue;
    file.is_hashed =
        file.listed.empty()
            ? may_be_unnamed_piece(file)
            : std::ranges::any_of(file.listed, [&](std::size_t record) {
                return check_file_size(list_[record], file.stamp.size).ok();
              });
    if (file.is_hashed) bytes_to_hash_ += file.stamp.size;
  }
}

FileHashers::Disks DiskCheck::files_to_hash() const {
  std::map<std::uint64_t, std::deque<std::string>> disks;
  for (const File& file : files_) {
    if (file.is_hashed) disks[file.stamp.device].push_back(file.path);
  }
  FileHashers::Disks queues;
  for (auto& [device, paths] : disks) queues.push_back(std::move(paths));
  return queues;
}

Status DiskCheck::run(const FileHashers::Options& options,
                      const Observer& observe, const Progress& progress) {
  for (const File& file : files_) {
    if (file.is_hashed) continue;
    const HashedFile* const known = known_->find(file.path, file.stamp);
    // What is not known of it is not needed either.
    judge(file,
          known != nullptr ? Result<HashedFile>(*known)
                           : Error(ErrorCode::kNotFound, "not looked at"),
          observe);
  }
  FileHashers hashers(files_to_hash(), options);
  while (auto outcome = hashers.next(progress)) {
    const auto file =
        std::ranges::lower_bound(files_, outcome->path, {}, &File::path);
    judge(*file, outcome->hashed, observe);
    if (outcome->hashed.ok()) {
      DAGFS_TRY(known_->add(std::move(outcome->hashed).value()));
    }
  }
  for (std::size_t record = 0; record < list_.size(); ++record) {
    if (is_found_[record]) continue;
    observe({.verdict = Verdict::kMissing, .listed = &list_[record]});
  }
  return ok_status();
}

void DiskCheck::judge(const File& file, const Result<HashedFile>& hashed,
                      const Observer& observe) {
  for (const std::size_t record : file.listed) {
    const ListedPiece& listed = list_[record];
    Status status = check_file_size(listed, file.stamp.size);
    if (status.ok() && !hashed.ok()) status = hashed.error();
    if (status.ok()) status = check_file(listed, hashed->commitment);
    observe({.verdict = status.ok() ? Verdict::kMatched : Verdict::kWrong,
             .path = file.path,
             .listed = &listed,
             .why = status.ok() ? std::string() : status.error().message()});
  }
  if (!file.listed.empty()) return;
  if (hashed.ok() && judge_by_bytes(file, *hashed, observe)) return;
  observe({.verdict = Verdict::kExtra,
           .path = file.path,
           .why = file.is_hashed && !hashed.ok() ? hashed.error().message()
                                                 : std::string()});
}

bool DiskCheck::judge_by_bytes(const File& file, const HashedFile& hashed,
                               const Observer& observe) {
  mount::PieceCommitment grown = hashed.commitment;
  bool is_listed = false;
  while (true) {
    const auto [first, last] = unnamed_.equal_range(grown.root);
    for (auto record = first; record != last; ++record) {
      const ListedPiece& listed = list_[record->second];
      if (!check_file(listed, hashed.commitment).ok()) continue;
      is_found_[record->second] = true;
      is_listed = true;
      observe(
          {.verdict = Verdict::kMatched, .path = file.path, .listed = &listed});
    }
    const auto larger = mount::PieceSize::from_height(grown.piece.height() + 1);
    if (!larger.ok()) return is_listed;
    const auto next = grown_to(grown, *larger);
    if (!next.ok()) return is_listed;
    grown = *next;
  }
}

}  // namespace dagfs::tools
