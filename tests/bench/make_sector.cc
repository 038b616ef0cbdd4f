// SPDX-License-Identifier: Apache-2.0 OR MIT

// make_sector FILE PAYLOAD
//
// Writes the unsealed copy of a sector of 512 MiB to FILE, with one piece of
// that size: the first 500 MiB of the file PAYLOAD.

#include <algorithm>
#include <cstdio>

#include "tests/support/sector_builder.h"

namespace dagfs::tests {
namespace {

constexpr std::uint64_t kSectorSize = std::uint64_t{512} << 20;
constexpr std::uint64_t kPayloadMax = std::uint64_t{500} << 20;

Status make_sector(const char* path, const char* payload_path) {
  const auto payload = DAGFS_TRY(PosixFile::open(payload_path));
  Bytes bytes(std::min(payload->size(), kPayloadMax));
  DAGFS_TRY(payload->read_at(0, bytes));
  SectorBuilder sector(kSectorSize);
  sector.add(bytes, kSectorSize);
  sector.write(path);
  return ok_status();
}

}  // namespace
}  // namespace dagfs::tests

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: make_sector FILE PAYLOAD\n", stderr);
    return 64;
  }
  const dagfs::Status made = dagfs::tests::make_sector(argv[1], argv[2]);
  if (made.ok()) return 0;
  std::fprintf(stderr, "%s\n", made.error().message().c_str());
  return 1;
}
