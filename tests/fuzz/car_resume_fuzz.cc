// SPDX-License-Identifier: Apache-2.0 OR MIT

// Whatever a file holds that is resumed, what becomes of it is a right CAR with
// every block that was kept and every one that was put since.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "car/car_verifier.h"
#include "car/read_write_blockstore.h"
#include "tests/support/fake_read_write_file.h"

namespace dagfs::tests {
namespace {

using car::ReadWriteBlockstore;

void require(bool condition) {
  if (!condition) std::abort();
}

Result<ReadWriteBlockstore::Resumed> resume(
    const std::shared_ptr<FakeDisk>& disk) {
  return ReadWriteBlockstore::resume(FakeDisk::open(disk),
                                     {.write = {.buffer_size = 100}});
}

void check_finished(const Bytes& bytes, std::uint64_t block_count) {
  const auto file = std::make_shared<MemoryFile>(bytes);
  const auto header = car::read_car_header(*file);
  require(header.ok());
  const auto report = car::verify_car(file, *header, {.threads = 1});
  require(report.ok());
  require(report->section_count == block_count);
  require(report->bad_count == 0 && report->unverifiable_count == 0);
  require(report->embedded_index == "matches");
}

void run(Bytes bytes) {
  const auto disk = std::make_shared<FakeDisk>(bytes);
  auto resumed = resume(disk);
  require(disk->change_count() == 0);
  if (!resumed.ok()) return;
  const car::ResumeReport& report = resumed->report;
  require(report.was_finished ||
          report.kept_size + report.cut_size == bytes.size());

  const auto cid =
      car::Cid::of(car::Codec::kRaw, car::HashCode::kSha2_256, bytes).value();
  ReadWriteBlockstore& store = *resumed->store;
  require(store.put(cid, bytes).ok());
  require(**store.get(cid) == bytes);
  const std::uint64_t count = store.block_count();
  require(count - report.block_count <= 1);

  // Dying here must not lose any.
  require(store.flush().ok());
  const auto again = resume(disk);
  require(again.ok() && again->report.block_count == count);

  require(store.finish({}).ok());
  check_finished(disk->content(), count);
}

}  // namespace
}  // namespace dagfs::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  dagfs::tests::run(dagfs::Bytes(bytes, bytes + size));
  return 0;
}
