// SPDX-License-Identifier: Apache-2.0 OR MIT

// mmap_read FILE ORIGINAL: whether FILE, mapped shared and private and read
// with pread, has the bytes of ORIGINAL.

#include <sys/mman.h>

#include <cstdio>
#include <cstring>

#include "car/base/file.h"
#include "car/base/unique_fd.h"

namespace dagfs::tests {
namespace {

bool mapping_equals(const PosixFile& file, int flags, ByteView wanted) {
  void* address =
      ::mmap(nullptr, file.size(), PROT_READ, flags, file.plain_fd(), 0);
  if (address == MAP_FAILED) return false;
  const bool equal = std::memcmp(address, wanted.data(), wanted.size()) == 0;
  ::munmap(address, file.size());
  return equal;
}

Result<bool> same(const char* path, const char* original) {
  const auto file = DAGFS_TRY(PosixFile::open(path));
  const auto plain = DAGFS_TRY(PosixFile::open(original));
  if (file->size() != plain->size()) return false;
  Bytes wanted(plain->size());
  DAGFS_TRY(plain->read_at(0, wanted));
  Bytes found(file->size());
  // Mappings first: they must not profit from what read() left in the cache.
  const bool mapped = mapping_equals(*file, MAP_SHARED, wanted) &&
                      mapping_equals(*file, MAP_PRIVATE, wanted);
  DAGFS_TRY(file->read_at(0, found));
  return mapped && found == wanted;
}

}  // namespace
}  // namespace dagfs::tests

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const auto same = dagfs::tests::same(argv[1], argv[2]);
  if (!same.ok()) {
    std::fprintf(stderr, "%s\n", same.error().message().c_str());
    return 1;
  }
  if (!*same) std::fprintf(stderr, "%s and %s differ\n", argv[1], argv[2]);
  return *same ? 0 : 1;
}
