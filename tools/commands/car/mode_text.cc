// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/mode_text.h"

#include <string_view>

namespace dagfs::tools {
namespace {

char type_letter(EntryType type) {
  switch (type) {
    case EntryType::kDirectory: return 'd';
    case EntryType::kFile: return '-';
    case EntryType::kSymlink: return 'l';
    case EntryType::kNode: return 'n';
    case EntryType::kMissing:
    case EntryType::kBad: return '?';
  }
  return '?';
}

std::uint32_t default_mode(EntryType type) {
  if (type == EntryType::kDirectory) return 0555;
  return type == EntryType::kSymlink ? 0777 : 0444;
}

}  // namespace

std::string mode_text(const DagEntry& entry) {
  constexpr std::string_view kLetters = "rwxrwxrwx";
  const std::uint32_t mode = entry.mode.value_or(default_mode(entry.type));
  std::string text(1, type_letter(entry.type));
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    const bool is_set = (mode >> (kLetters.size() - 1 - i) & 1) != 0;
    text.push_back(is_set ? kLetters[i] : '-');
  }
  const auto mark = [&](std::uint32_t bit, std::size_t at, char letter) {
    if ((mode & bit) == 0) return;
    // Upper case where the bit it stands over is not set.
    text[at] = text[at] == 'x' ? letter : static_cast<char>(letter - 'a' + 'A');
  };
  mark(04000, 3, 's');
  mark(02000, 6, 's');
  mark(01000, 9, 't');
  return text;
}

}  // namespace dagfs::tools
