// SPDX-License-Identifier: Apache-2.0 OR MIT

// Any CAR that can be walked can be indexed; every section is found through the
// index; nothing but bytes that hash to their CID is served.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "car/car_reader.h"
#include "tests/support/indexed_car.h"

namespace dagfs::tests {
namespace {

using car::ZeroSection;

void require(bool condition) {
  if (!condition) std::abort();
}

// Sections follow one another and stay inside the payload. Answers whether the
// walk came to its end.
bool walk(const RandomAccessFile& file, const car::CarHeader& header,
          ZeroSection zero_section) {
  car::SectionReader reader(file, header, zero_section, header.first_section);
  std::uint64_t position = header.first_section;
  while (true) {
    const auto section = reader.next();
    if (!section.ok()) return false;
    if (!section->has_value()) return true;
    const car::Section& found = **section;
    require(found.position == position);
    position += found.size;
    require(position <= header.payload.size);
    require(found.block.offset + found.block.size ==
            header.payload.offset + position);
  }
}

void read_all(const IndexedCar& car) {
  const auto store = car.blockstore();
  car::SectionReader reader(*car.file, car.header, ZeroSection::kEndsData,
                            car.header.first_section);
  for (std::uint64_t i = 0; i < car.summary.section_count; ++i) {
    const auto section = reader.next();
    require(section.ok() && section->has_value());
    const car::Cid cid = (*section)->cid.to_cid();
    const auto found = store->find(cid);
    require(found.ok() && !found->empty());
    const auto block = store->get(cid);
    const auto location = store->locate(cid);
    if (location.ok()) {
      const bool verified = store->verify({&*location, 1}).ok();
      require(verified == store->is_verified(*location));
    }
    if (!block.ok()) continue;
    require(car::verify_bytes(cid.multihash(), **block).ok());
    require(location.ok() || cid.is_identity());
  }
}

}  // namespace
}  // namespace dagfs::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace dagfs::tests;  // NOLINT(google-build-using-namespace)
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const auto file =
      std::make_shared<dagfs::MemoryFile>(dagfs::Bytes(bytes, bytes + size));
  const auto header = dagfs::car::read_car_header(*file);
  if (!header.ok()) return 0;
  walk(*file, *header, ZeroSection::kIsCorrupt);
  const bool readable = walk(*file, *header, ZeroSection::kEndsData);

  const auto car = index_car(file);
  require(car.ok() == readable);
  if (car.ok()) read_all(*car);
  return 0;
}
