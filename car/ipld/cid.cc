// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/cid.h"

#include <fmt/core.h>

#include <functional>

#include "car/ipld/multibase.h"
#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// A version 0 CID is a bare sha2-256 multihash: code, length, digest.
constexpr std::byte kV0Code{0x12};
constexpr std::byte kV0DigestSize{0x20};
constexpr std::size_t kV0Size = 34;
constexpr std::size_t kV0TextSize = 46;  // In base58btc.

Result<CidView> read_v0(ByteView* input) {
  if (input->size() < kV0Size) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("CID of version 0 is cut short after {} bytes",
                             input->size()));
  }
  const ByteView bytes = input->first(kV0Size);
  *input = input->subspan(kV0Size);
  return CidView{Codec::kDagPb,
                 Multihash{HashCode::kSha2_256, bytes.subspan(2)}, bytes};
}

// Nearly all CIDs met are 0x01, a codec and a hash function below 0x80, and a
// digest shorter than that: four varints of a byte each, read without their
// general case.
bool read_short_v1(ByteView* input, CidView* view) {
  const ByteView bytes = *input;
  if (bytes.size() < 4 || bytes[0] != std::byte{1}) return false;
  const auto high_bits = bytes[1] | bytes[2] | bytes[3];
  if ((high_bits & std::byte{0x80}) != std::byte{0}) return false;
  const auto digest_size = std::to_integer<std::size_t>(bytes[3]);
  if (bytes.size() - 4 < digest_size) return false;

  view->codec = static_cast<Codec>(bytes[1]);
  view->multihash.code = static_cast<HashCode>(bytes[2]);
  view->multihash.digest = bytes.subspan(4, digest_size);
  view->bytes = bytes.first(4 + digest_size);
  *input = bytes.subspan(4 + digest_size);
  return true;
}

Error text_error(std::string_view text, Error error) {
  // Enough of it to be recognized; the rest could be 16 KiB.
  constexpr std::size_t kShown = 80;
  return std::move(error).context(
      fmt::format("CID \"{}{}\"", text.substr(0, kShown),
                  text.size() > kShown ? "..." : ""));
}

Result<Bytes> decode_text(std::string_view text) {
  if (text.size() == kV0TextSize && text.starts_with("Qm")) {
    return decode_base58btc(text);
  }
  Bytes bytes = DAGFS_TRY(decode_multibase(text));
  if (!bytes.empty() && bytes.front() == kV0Code) {
    return Error(ErrorCode::kInvalidArgument,
                 "a CID of version 0 has no multibase prefix");
  }
  return bytes;
}

}  // namespace

std::string name_of(Codec codec) {
  using enum Codec;
  switch (codec) {
    case kCbor: return "cbor";
    case kRaw: return "raw";
    case kDagPb: return "dag-pb";
    case kDagCbor: return "dag-cbor";
    case kLibp2pKey: return "libp2p-key";
    case kDagJose: return "dag-jose";
    case kDagJson: return "dag-json";
    case kJson: return "json";
  }
  return fmt::format("{:#x}", static_cast<std::uint64_t>(codec));
}

Cid Cid::v1(Codec codec, const Multihash& multihash) {
  const auto append = [](Cid* cid, ByteView bytes) {
    cid->bytes_.insert(cid->bytes_.end(), bytes.begin(), bytes.end());
  };
  Cid cid;
  cid.codec_ = codec;
  cid.hash_code_ = multihash.code;
  append(&cid, encode_varint(1).view());
  append(&cid, encode_varint(static_cast<std::uint64_t>(codec)).view());
  cid.multihash_at_ = static_cast<std::uint16_t>(cid.bytes_.size());
  append(&cid,
         encode_varint(static_cast<std::uint64_t>(multihash.code)).view());
  append(&cid, encode_varint(multihash.digest.size()).view());
  cid.digest_at_ = static_cast<std::uint16_t>(cid.bytes_.size());
  append(&cid, multihash.digest);
  return cid;
}

Result<Cid> Cid::of(Codec codec, HashCode code, ByteView bytes) {
  const Bytes digest = DAGFS_TRY(hash_bytes(code, bytes));
  return v1(codec, Multihash{code, digest});
}

Result<Cid> Cid::from_bytes(ByteView bytes) {
  const CidView view = DAGFS_TRY(read_cid_view(&bytes));
  if (!bytes.empty()) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} bytes follow a CID of {}", bytes.size(),
                             view.bytes.size()));
  }
  return view.to_cid();
}

Result<Cid> Cid::parse(std::string_view text) {
  auto bytes = decode_text(text);
  if (!bytes.ok()) return text_error(text, std::move(bytes).error());
  auto cid = from_bytes(bytes.value());
  if (cid.ok()) return cid;
  return text_error(text,
                    Error(ErrorCode::kInvalidArgument, cid.error().message()));
}

unsigned Cid::version() const { return multihash_at_ == 0 ? 0 : 1; }

Multihash Cid::multihash() const {
  return {hash_code_, bytes().subspan(digest_at_)};
}

ByteView Cid::multihash_bytes() const { return bytes().subspan(multihash_at_); }

std::string Cid::to_string() const {
  if (version() == 0) return encode_base58btc(bytes());
  return "b" + encode_base32(bytes());
}

Cid CidView::to_cid() const {
  Cid cid;
  cid.bytes_.assign(bytes.begin(), bytes.end());
  cid.codec_ = codec;
  cid.hash_code_ = multihash.code;
  const auto digest_at = bytes.size() - multihash.digest.size();
  cid.digest_at_ = static_cast<std::uint16_t>(digest_at);
  const bool v0 = bytes.front() == kV0Code;
  const auto multihash_at =
      digest_at -
      encode_varint(static_cast<std::uint64_t>(multihash.code)).size -
      encode_varint(multihash.digest.size()).size;
  cid.multihash_at_ = v0 ? 0 : static_cast<std::uint16_t>(multihash_at);
  return cid;
}

Result<CidView> read_cid_view(ByteView* input) {
  CidView view;
  if (read_short_v1(input, &view)) return view;
  if (input->size() >= 2 && (*input)[0] == kV0Code &&
      (*input)[1] == kV0DigestSize) {
    return read_v0(input);
  }

  ByteView rest = *input;
  const std::uint64_t version =
      DAGFS_TRY_CONTEXT(read_varint(&rest), "CID version");
  if (version != 1) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("CID version {}, known are 0 and 1", version));
  }
  view.codec =
      static_cast<Codec>(DAGFS_TRY_CONTEXT(read_varint(&rest), "CID codec"));
  view.multihash = DAGFS_TRY_CONTEXT(read_multihash(&rest), "CID");
  view.bytes = input->first(input->size() - rest.size());
  if (view.bytes.size() > kCidSizeMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("CID of {} bytes, more than {}", view.bytes.size(),
                             kCidSizeMax));
  }
  *input = rest;
  return view;
}

Result<Cid> read_cid(ByteView* input) {
  const CidView view = DAGFS_TRY(read_cid_view(input));
  return view.to_cid();
}

std::size_t CidHash::operator()(const Cid& cid) const {
  return std::hash<std::string_view>()(as_text(cid.bytes()));
}

}  // namespace dagfs::car
