// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/digest.h"

#include <cryptopp/blake2.h>
#include <cryptopp/keccak.h>
#include <fmt/core.h>
#include <openssl/evp.h>
#include <sodium/crypto_generichash_blake2b.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <memory>

#include "car/ipld/blake3.h"
#include "car/limits.h"

namespace dagfs::car {
namespace {

// The longest fixed-length digest among the functions below.
constexpr std::size_t kFixedDigestSizeMax = 64;

struct EvpMdContextDeleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const unsigned char* as_unsigned(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* writable(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// A fetch takes locks and compares strings, about as long as hashing a small
// block, so each function is fetched once. Never freed: OpenSSL may clean up
// before our static destructors run.
template <HashCode code>
const EVP_MD* fetched(const char* name) {
  static const EVP_MD* const function = EVP_MD_fetch(nullptr, name, nullptr);
  return function;
}

const EVP_MD* openssl_function(HashCode code) {
  using enum HashCode;
  switch (code) {
    case kSha1: return fetched<kSha1>("SHA1");
    case kSha2_224: return fetched<kSha2_224>("SHA2-224");
    case kSha2_256: return fetched<kSha2_256>("SHA2-256");
    case kSha2_384: return fetched<kSha2_384>("SHA2-384");
    case kSha2_512: return fetched<kSha2_512>("SHA2-512");
    case kSha3_224: return fetched<kSha3_224>("SHA3-224");
    case kSha3_256: return fetched<kSha3_256>("SHA3-256");
    case kSha3_384: return fetched<kSha3_384>("SHA3-384");
    case kSha3_512: return fetched<kSha3_512>("SHA3-512");
    case kShake128: return fetched<kShake128>("SHAKE-128");
    case kShake256: return fetched<kShake256>("SHAKE-256");
    case kMd5: return fetched<kMd5>("MD5");
    case kBlake2s256: return fetched<kBlake2s256>("BLAKE2S-256");
    default: return nullptr;
  }
}

bool is_extendable(HashCode code) {
  return code == HashCode::kShake128 || code == HashCode::kShake256;
}

bool in_range(HashCode code, HashCode first, HashCode last) {
  return code >= first && code <= last;
}

std::size_t blake2b_size(HashCode code) {
  return static_cast<std::size_t>(code) -
         static_cast<std::size_t>(HashCode::kBlake2bMin) + 1;
}

std::size_t blake2s_size(HashCode code) {
  return static_cast<std::size_t>(code) -
         static_cast<std::size_t>(HashCode::kBlake2sMin) + 1;
}

Status openssl_digest(HashCode code, ByteView bytes, std::span<std::byte> out) {
  // A context allocates on its first use with a function and not again.
  thread_local const std::unique_ptr<EVP_MD_CTX, EvpMdContextDeleter> context(
      EVP_MD_CTX_new());
  const EVP_MD* const function = openssl_function(code);
  bool done = function != nullptr && context != nullptr &&
              EVP_DigestInit_ex2(context.get(), function, nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1;
  if (is_extendable(code)) {
    done = done &&
           EVP_DigestFinalXOF(context.get(), writable(out), out.size()) == 1;
  } else {
    std::array<std::byte, EVP_MAX_MD_SIZE> whole;
    done = done &&
           EVP_DigestFinal_ex(context.get(), writable(whole), nullptr) == 1;
    if (done) std::copy_n(whole.begin(), out.size(), out.begin());
  }
  if (done) return ok_status();
  return Error(ErrorCode::kUnsupported,
               fmt::format("OpenSSL here does not do {}", name_of(code)));
}

Status double_sha2_256(ByteView bytes, std::span<std::byte> out) {
  std::array<std::byte, 32> inner;
  DAGFS_TRY(openssl_digest(HashCode::kSha2_256, bytes, inner));
  return openssl_digest(HashCode::kSha2_256, inner, out);
}

template <typename Function>
void cryptopp_digest(Function function, ByteView bytes,
                     std::span<std::byte> out) {
  function.Update(as_unsigned(bytes), bytes.size());
  function.TruncatedFinal(writable(out), out.size());
}

void blake2b_digest(std::size_t size, ByteView bytes,
                    std::span<std::byte> out) {
  // libsodium is the quicker one, but refuses the short variants.
  if (size < crypto_generichash_blake2b_BYTES_MIN) {
    return cryptopp_digest(
        CryptoPP::BLAKE2b(false, static_cast<unsigned>(size)), bytes, out);
  }
  std::array<std::byte, kFixedDigestSizeMax> whole;
  crypto_generichash_blake2b(writable(whole), size, as_unsigned(bytes),
                             bytes.size(), nullptr, 0);
  std::copy_n(whole.begin(), out.size(), out.begin());
}

}  // namespace

DigestSize digest_size(HashCode code) {
  using enum HashCode;
  switch (code) {
    case kMd5: return {16, 16};
    case kSha1: return {20, 20};
    case kSha2_224:
    case kSha3_224:
    case kKeccak224: return {28, 28};
    case kSha2_256:
    case kDblSha2_256:
    case kSha3_256:
    case kKeccak256: return {32, 32};
    case kSha2_384:
    case kSha3_384:
    case kKeccak384: return {48, 48};
    case kSha2_512:
    case kSha3_512:
    case kKeccak512: return {64, 64};
    case kBlake3:
    case kShake128: return {32, kCidSizeMax};
    case kShake256: return {64, kCidSizeMax};
    default: break;
  }
  if (in_range(code, kBlake2bMin, kBlake2bMax)) {
    return {blake2b_size(code), blake2b_size(code)};
  }
  if (in_range(code, kBlake2sMin, kBlake2sMax)) {
    return {blake2s_size(code), blake2s_size(code)};
  }
  return {};
}

Status compute_digest(HashCode code, ByteView bytes, std::span<std::byte> out) {
  assert(out.size() <= digest_size(code).max);
  using enum HashCode;
  switch (code) {
    case kDblSha2_256: return double_sha2_256(bytes, out);
    case kBlake3: blake3(bytes, out); return ok_status();
    case kKeccak224:
      cryptopp_digest(CryptoPP::Keccak_224(), bytes, out);
      return ok_status();
    case kKeccak256:
      cryptopp_digest(CryptoPP::Keccak_256(), bytes, out);
      return ok_status();
    case kKeccak384:
      cryptopp_digest(CryptoPP::Keccak_384(), bytes, out);
      return ok_status();
    case kKeccak512:
      cryptopp_digest(CryptoPP::Keccak_512(), bytes, out);
      return ok_status();
    default: break;
  }
  if (openssl_function(code) != nullptr) {
    return openssl_digest(code, bytes, out);
  }
  if (in_range(code, kBlake2bMin, kBlake2bMax)) {
    blake2b_digest(blake2b_size(code), bytes, out);
    return ok_status();
  }
  if (in_range(code, kBlake2sMin, kBlake2sMax)) {
    const auto size = static_cast<unsigned>(blake2s_size(code));
    cryptopp_digest(CryptoPP::BLAKE2s(false, size), bytes, out);
    return ok_status();
  }
  return Error(ErrorCode::kUnsupported,
               fmt::format("hash function {} is not known", name_of(code)));
}

}  // namespace dagfs::car
