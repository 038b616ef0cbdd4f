// SPDX-License-Identifier: Apache-2.0 OR MIT

// A CAR that is checked while it arrives, in steps as long as the input's first
// byte says, is judged as one that is read when it is complete.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "car/car_adopter.h"
#include "car/car_verifier.h"
#include "tests/support/indexed_car.h"

namespace dagfs::tests {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

bool adopt(const Bytes& bytes, std::uint64_t step,
           car::CarAdopter::Adopted* adopted) {
  car::CarAdopter adopter([&bytes](std::uint64_t offset,
                                   std::span<std::byte> out) {
    std::ranges::copy(ByteView(bytes).subspan(offset, out.size()), out.begin());
    return ok_status();
  });
  for (std::uint64_t size = 0; size < bytes.size(); size += step) {
    if (!adopter.advance(size).ok()) {
      require(!adopter.finish(bytes.size()).ok());
      return false;
    }
  }
  const auto finished = adopter.finish(bytes.size());
  if (finished.ok()) *adopted = *finished;
  return finished.ok();
}

void run(std::uint64_t step, const Bytes& bytes) {
  car::CarAdopter::Adopted adopted;
  const bool good = adopt(bytes, step, &adopted);
  car::CarAdopter::Adopted at_once;
  require(adopt(bytes, bytes.size() + 1, &at_once) == good);
  if (!good) return;

  require(car::looks_like_car(bytes) == car::CarSign::kCar);
  const auto file = std::make_shared<MemoryFile>(bytes);
  const auto indexed = index_car(file);
  require(indexed.ok());
  require(indexed->header.roots == adopted.header.roots);
  require(indexed->header.payload == adopted.header.payload);
  require(indexed->summary.section_count == adopted.summary.section_count);
  require(indexed->summary.data_end == adopted.summary.data_end);
  require(indexed->summary.index_size == adopted.summary.index_size);
  const auto report = car::verify_car(
      file, indexed->header,
      {.zero_section = car::ZeroSection::kEndsData, .threads = 1});
  require(report.ok() && report->bad_count == 0);
  require(report->unverifiable_count == adopted.unverifiable_count);
}

}  // namespace
}  // namespace dagfs::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  dagfs::tests::run(std::uint64_t{data[0]} + 1,
                    dagfs::Bytes(bytes + 1, bytes + size));
  return 0;
}
