// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/sector/sector_url.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

#include "mount/file_url.h"

namespace dagfs::mount {
namespace {

constexpr std::string_view kSectorScheme = "sector:";
constexpr std::string_view kFileScheme = "file:";

struct Parameters {
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
  std::optional<std::uint64_t> payload;

  std::optional<std::uint64_t>* find(std::string_view name) {
    if (name == "offset") return &offset;
    if (name == "length") return &length;
    if (name == "payload") return &payload;
    return nullptr;
  }
};

Error invalid(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message));
}

Result<std::uint64_t> parse_count(std::string_view name,
                                  std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return invalid(fmt::format("{}={}: not a number of bytes", name, text));
}

Result<Parameters> parse_query(std::string_view query) {
  Parameters parameters;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    query.remove_prefix(end == query.npos ? query.size() : end + 1);
    const std::size_t equals = parameter.find('=');
    const std::string_view name = parameter.substr(0, equals);
    auto* const slot = parameters.find(name);
    if (slot == nullptr || equals == parameter.npos) {
      return invalid(
          fmt::format("\"{}\": only offset, length and payload can "
                      "be given",
                      parameter));
    }
    if (slot->has_value()) return invalid(fmt::format("{} twice", name));
    *slot = DAGFS_TRY(parse_count(name, parameter.substr(equals + 1)));
  }
  return parameters;
}

Result<SectorPiece::Place> place_from(const Parameters& parameters) {
  if (!parameters.offset || !parameters.length) {
    return invalid("both offset and length must be given");
  }
  const PieceSize size = DAGFS_TRY_CONTEXT(
      PieceSize::from_padded(PaddedSize(*parameters.length)), "length");
  if (*parameters.offset % *parameters.length != 0) {
    return invalid(
        fmt::format("no piece of {} bytes begins at {}; both are counted as "
                    "they lie in the sector, padded",
                    *parameters.length, *parameters.offset));
  }
  if (*parameters.offset >= PieceSize::max().padded().bytes()) {
    return invalid(
        fmt::format("offset {} is in no sector", *parameters.offset));
  }
  return SectorPiece::Place{.offset = PaddedOffset(*parameters.offset),
                            .size = size};
}

Result<SectorUrl> parse(std::string_view rest) {
  if (!rest.starts_with('/')) return invalid("its path must be absolute");
  const std::size_t path_end = rest.find('?');
  SectorUrl parts;
  parts.path = DAGFS_TRY(path_from_file_url(
      std::string(kFileScheme) + std::string(rest.substr(0, path_end))));
  const Parameters parameters = DAGFS_TRY(parse_query(
      path_end == rest.npos ? std::string_view() : rest.substr(path_end + 1)));
  parts.place = DAGFS_TRY(place_from(parameters));
  if (!parameters.payload) return parts;

  parts.payload = UnpaddedSize(*parameters.payload);
  const UnpaddedSize room = parts.place.size.unpadded();
  if (*parts.payload == UnpaddedSize() || *parts.payload > room) {
    return invalid(fmt::format("a payload of {} bytes; the piece holds 1 to {}",
                               *parameters.payload, room.bytes()));
  }
  return parts;
}

}  // namespace

Result<SectorUrl> parse_sector_url(std::string_view url) {
  if (!url.starts_with(kSectorScheme)) {
    return invalid(fmt::format("{}: not a sector URL", url));
  }
  return DAGFS_TRY_CONTEXT(parse(url.substr(kSectorScheme.size())), url);
}

std::string sector_url_from(const SectorUrl& parts) {
  const std::string file = file_url_from_path(parts.path);
  std::string url = fmt::format(
      "{}{}?offset={}&length={}", kSectorScheme,
      std::string_view(file).substr(kFileScheme.size()),
      parts.place.offset.bytes(), parts.place.size.padded().bytes());
  if (parts.payload) url += fmt::format("&payload={}", parts.payload->bytes());
  return url;
}

}  // namespace dagfs::mount
