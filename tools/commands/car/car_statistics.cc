// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/car/car_statistics.h"

#include <fmt/core.h>

#include <algorithm>

#include "car/car_reader.h"

namespace dagfs::tools {
namespace {

constexpr std::size_t kLookSize = std::size_t{1} << 20;

// CIDs differ in few codes: naming each would cost more than the walk.
template <typename Code>
std::map<std::string, std::uint64_t> by_name(
    const std::map<Code, std::uint64_t>& counts) {
  std::map<std::string, std::uint64_t> named;
  for (const auto& [code, count] : counts) named[name_of(code)] += count;
  return named;
}

bool is_v0(const car::CidView& cid) {
  // A CIDv0 is a bare sha2-256 multihash; version 1 begins with its number.
  return cid.bytes.front() == std::byte{0x12};
}

}  // namespace

Result<CarStatistics> collect_statistics(const RandomAccessFile& file,
                                         const car::CarHeader& header) {
  CarStatistics statistics;
  std::map<car::Codec, std::uint64_t> codecs;
  std::map<car::HashCode, std::uint64_t> hashes;
  car::SectionReader sections(file, header, car::ZeroSection::kEndsData,
                              header.first_section);
  while (true) {
    const auto section = DAGFS_TRY(sections.next());
    if (!section.has_value()) break;
    const std::uint64_t size = section->block.size;
    const bool first = statistics.blocks == 0;
    statistics.size_min = first ? size : std::min(statistics.size_min, size);
    statistics.size_max = std::max(statistics.size_max, size);
    ++statistics.blocks;
    statistics.bytes += size;
    ++codecs[section->cid.codec];
    ++hashes[section->cid.multihash.code];
    if (is_v0(section->cid)) ++statistics.cid_v0;
    if (section->cid.multihash.code == car::HashCode::kIdentity) {
      ++statistics.identity;
    }
  }
  statistics.codecs = by_name(codecs);
  statistics.hashes = by_name(hashes);
  return statistics;
}

Result<std::string> describe_padding(const RandomAccessFile& file,
                                     ByteRange range) {
  const std::uint64_t looked = std::min(range.size, kPaddingLookMax);
  Bytes buffer;
  for (std::uint64_t done = 0; done < looked; done += buffer.size()) {
    buffer.resize(std::min<std::uint64_t>(kLookSize, looked - done));
    DAGFS_TRY(file.read_at(range.offset + done, buffer));
    const auto data = std::ranges::find_if(
        buffer, [](std::byte byte) { return byte != std::byte{0}; });
    if (data == buffer.end()) continue;
    const auto at = static_cast<std::uint64_t>(data - buffer.begin());
    return fmt::format("data from {} on", range.offset + done + at);
  }
  if (looked == range.size) return std::string("zeros");
  return fmt::format("zeros in the first {} bytes, not looked further", looked);
}

}  // namespace dagfs::tools
