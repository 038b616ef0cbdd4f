// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/multihash.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "car/ipld/digest.h"
#include "car/ipld/sha256_many.h"
#include "car/ipld/varint.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

std::string_view fixed_name(HashCode code) {
  using enum HashCode;
  switch (code) {
    case kIdentity: return "identity";
    case kSha1: return "sha1";
    case kSha2_256: return "sha2-256";
    case kSha2_512: return "sha2-512";
    case kSha3_512: return "sha3-512";
    case kSha3_384: return "sha3-384";
    case kSha3_256: return "sha3-256";
    case kSha3_224: return "sha3-224";
    case kShake128: return "shake-128";
    case kShake256: return "shake-256";
    case kKeccak224: return "keccak-224";
    case kKeccak256: return "keccak-256";
    case kKeccak384: return "keccak-384";
    case kKeccak512: return "keccak-512";
    case kBlake3: return "blake3";
    case kSha2_384: return "sha2-384";
    case kDblSha2_256: return "dbl-sha2-256";
    case kMd5: return "md5";
    case kSha2_224: return "sha2-224";
    default: return {};
  }
}

Error mismatch(HashCode code, ByteView expected, ByteView found) {
  return Error(ErrorCode::kCorrupt,
               fmt::format("{} digest is {}, the bytes hash to {}",
                           name_of(code), to_hex(expected), to_hex(found)));
}

Status verify_identity(ByteView digest, ByteView bytes) {
  if (std::ranges::equal(digest, bytes)) return ok_status();
  return Error(ErrorCode::kCorrupt,
               "the bytes are not those of the identity digest");
}

// Whether a digest of this length can match at all.
Status check_length(const Multihash& multihash) {
  const DigestSize size = digest_size(multihash.code);
  if (size.max == 0) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("hash function {} is not known, cannot verify",
                             name_of(multihash.code)));
  }
  if (multihash.digest.empty() || multihash.digest.size() > size.max) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} gives 1 to {} bytes, the digest has {}",
                             name_of(multihash.code), size.max,
                             multihash.digest.size()));
  }
  return ok_status();
}

Status check_digest(const Multihash& multihash, ByteView found) {
  if (std::ranges::equal(found, multihash.digest)) return ok_status();
  return mismatch(multihash.code, multihash.digest, found);
}

}  // namespace

bool operator==(const Multihash& a, const Multihash& b) {
  return a.code == b.code && as_text(a.digest) == as_text(b.digest);
}

Result<Multihash> read_multihash(ByteView* input) {
  ByteView rest = *input;
  const std::uint64_t code = DAGFS_TRY_CONTEXT(read_varint(&rest), "hash code");
  const std::uint64_t size =
      DAGFS_TRY_CONTEXT(read_varint(&rest), "digest length");
  if (size > kCidSizeMax) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("digest of {} bytes, more than the {} a CID may "
                             "have",
                             size, kCidSizeMax));
  }
  if (size > rest.size()) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("digest of {} bytes is cut short after {}", size,
                             rest.size()));
  }
  *input = rest.subspan(size);
  return Multihash{static_cast<HashCode>(code), rest.first(size)};
}

std::string name_of(HashCode code) {
  using enum HashCode;
  const auto number = static_cast<std::uint64_t>(code);
  if (const std::string_view name = fixed_name(code); !name.empty()) {
    return std::string(name);
  }
  if (code >= kBlake2bMin && code <= kBlake2sMax) {
    const char letter = code <= kBlake2bMax ? 'b' : 's';
    return fmt::format("blake2{}-{}", letter, 8 * digest_size(code).usual);
  }
  return fmt::format("{:#x}", number);
}

bool can_verify(HashCode code) {
  return code == HashCode::kIdentity || digest_size(code).max > 0;
}

Status verify_bytes(const Multihash& multihash, ByteView bytes) {
  if (multihash.code == HashCode::kIdentity) {
    return verify_identity(multihash.digest, bytes);
  }
  DAGFS_TRY(check_length(multihash));

  std::array<std::byte, kCidSizeMax> buffer;
  const auto found = std::span(buffer).first(multihash.digest.size());
  DAGFS_TRY(compute_digest(multihash.code, bytes, found));
  return check_digest(multihash, found);
}

Status verify_digest(const Multihash& multihash, ByteView digest) {
  DAGFS_TRY(check_length(multihash));
  return check_digest(multihash, digest.first(multihash.digest.size()));
}

std::vector<Status> verify_many(std::span<const HashedBytes> blocks) {
  std::vector<Status> verdicts(blocks.size(), ok_status());
  std::vector<std::size_t> together;  // Places among the blocks.
  std::vector<ByteView> messages;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].multihash.code == HashCode::kSha2_256) {
      together.push_back(i);
      messages.push_back(blocks[i].bytes);
    } else {
      verdicts[i] = verify_bytes(blocks[i].multihash, blocks[i].bytes);
    }
  }
  std::vector<Sha256Digest> digests(messages.size());
  sha256_many(messages, digests);
  for (std::size_t i = 0; i < together.size(); ++i) {
    verdicts[together[i]] =
        verify_digest(blocks[together[i]].multihash, digests[i]);
  }
  return verdicts;
}

Result<Bytes> hash_bytes(HashCode code, ByteView bytes) {
  if (code == HashCode::kIdentity) return Bytes(bytes.begin(), bytes.end());
  Bytes digest(digest_size(code).usual);
  DAGFS_TRY(compute_digest(code, bytes, digest));
  return digest;
}

}  // namespace dagfs::car
