// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/payloads.h"

#include <algorithm>

#include "car/ipld/multihash.h"
#include "tests/support/fixtures.h"

namespace dagfs::tests {
namespace {

constexpr std::size_t kQuad = 127;
constexpr std::size_t kSha512Size = 64;

// A file of the sample aggregate: one of its CARs, or its index.
std::optional<Bytes> aggregated(std::string_view file) {
  const auto folder = fixtures_folder();
  if (!folder) return std::nullopt;
  constexpr std::string_view kSample =
      "filecoin-project__go-data-segment/datasegment/testdata/sample_aggregate";
  std::string name(file);
  std::ranges::replace(name, ' ', '_');
  for (const auto& path :
       {*folder / "car" / ("go-data-segment--sample_aggregate__" + name),
        *folder / "aux" / kSample / name}) {
    auto bytes = read_file(path);
    if (bytes.ok()) return std::move(bytes).value();
  }
  return std::nullopt;
}

}  // namespace

Bytes repeated(std::uint8_t value, std::size_t size) {
  return Bytes(size, std::byte{value});
}

Bytes counted(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::byte>(i % 251);
  return out;
}

Bytes pseudo_random(std::size_t size, std::uint64_t seed) {
  Bytes out(size);
  for (std::byte& byte : out) {
    seed = seed * 6364136223846793005 + 1442695040888963407;
    byte = static_cast<std::byte>(seed >> 56);
  }
  return out;
}

Bytes derived(std::size_t size) {
  Bytes out;
  while (out.size() < size) {
    const ByteView last = ByteView(out).last(std::min(out.size(), kSha512Size));
    const Bytes next = car::hash_bytes(car::HashCode::kSha2_512, last).value();
    out.insert(out.end(), next.begin(), next.end());
  }
  out.resize(size);
  return out;
}

Bytes four_quads(std::size_t zeros) {
  Bytes out;
  for (unsigned value = 0; value < 4; ++value) {
    out.insert(out.end(), kQuad, static_cast<std::byte>(value));
  }
  out.insert(out.end(), zeros, std::byte{0});
  return out;
}

std::optional<Bytes> named_payload(std::string_view name, std::size_t size) {
  if (name.starts_with("zero:")) return repeated(0, size);
  if (name.starts_with("0xCC:")) return repeated(0xcc, size);
  if (name.starts_with("derive-sha512:")) return derived(size);
  if (name.starts_with("frc-0069:0..3")) return four_quads(size - 4 * kQuad);
  if (name.starts_with("frc-0069:")) return repeated(0, size);
  if (name.starts_with("podsi:")) return aggregated(name.substr(6));
  return std::nullopt;
}

}  // namespace dagfs::tests
