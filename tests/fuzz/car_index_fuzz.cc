// SPDX-License-Identifier: Apache-2.0 OR MIT

// Any bytes may stand where an index should: they are opened or refused, looked
// up in without harm, and compared with a payload.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "car/index_comparison.h"
#include "tests/support/car_builder.h"
#include "tests/support/indexed_car.h"

namespace dagfs::tests {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void look_up_all(const car::CarIndex& index) {
  std::uint64_t count = 0;
  const Status visited =
      index.for_each([&](const car::Multihash& multihash,
                         const car::IndexEntry& entry) -> Status {
        require(entry.ordinal == count++);
        const auto found = index.find(multihash);
        require(found.ok());
        for (const car::IndexEntry& same : *found) {
          require(same.ordinal < index.entry_count());
        }
        return ok_status();
      });
  require(visited.ok());
  require(count == index.entry_count());
}

// What the seeds of the corpus were made for.
CarBuilder payload() {
  CarBuilder builder;
  builder.block("hello");
  builder.identity_block(car::Codec::kRaw, as_bytes("hi"));
  builder.block("hello");
  return builder;
}

}  // namespace
}  // namespace dagfs::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace dagfs::tests;  // NOLINT(google-build-using-namespace)
  const auto* start = reinterpret_cast<const std::byte*>(data);
  const dagfs::Bytes bytes(start, start + size);
  const auto index = open_index(bytes);
  if (index.ok()) look_up_all(**index);

  CarBuilder builder = payload();
  const IndexedCar car = index_car(builder.index_bytes(bytes));
  const auto verdict =
      dagfs::car::compare_embedded_index(car.file, car.header, *car.index);
  require(verdict.ok());
  if (*verdict == "matches") require(index.ok());
  return 0;
}
