// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "car/ipld/multibase.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace dagfs::car {
namespace {

constexpr std::string_view kBase10 = "0123456789";
constexpr std::string_view kBase16 = "0123456789abcdef";
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::string_view kBase32Hex = "0123456789abcdefghijklmnopqrstuv";
constexpr std::string_view kBase32Z = "ybndrfg8ejkmcpqxot1uwisza345h769";
constexpr std::string_view kBase36 = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kBase58Btc =
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::string_view kBase58Flickr =
    "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNoDigit = 0xff;
using DigitValues = std::array<std::uint8_t, 256>;

enum class Letters { kAsWritten, kEitherCase };
enum class Padding { kNone, kRequired };

struct Base {
  DigitValues values;
  unsigned digits;  // How many different ones.
  unsigned bits;    // Each digit carries; 0 when not a whole number.
  Padding padding;
};

constexpr Base make_base(std::string_view alphabet, Letters letters,
                         Padding padding = Padding::kNone) {
  Base base{.digits = static_cast<unsigned>(alphabet.size()),
            .bits = 0,
            .padding = padding};
  base.values.fill(kNoDigit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    const char c = alphabet[i];
    base.values[static_cast<unsigned char>(c)] = static_cast<std::uint8_t>(i);
    if (letters == Letters::kEitherCase && c >= 'a' && c <= 'z') {
      base.values[static_cast<unsigned char>(c - 'a' + 'A')] =
          static_cast<std::uint8_t>(i);
    }
  }
  for (unsigned bits = 1; bits <= 6; ++bits) {
    if (alphabet.size() == std::size_t{1} << bits) base.bits = bits;
  }
  return base;
}

constexpr Base kDecodeBase2 =
    make_base(kBase10.substr(0, 2), Letters::kAsWritten);
constexpr Base kDecodeBase8 =
    make_base(kBase10.substr(0, 8), Letters::kAsWritten);
constexpr Base kDecodeBase10 = make_base(kBase10, Letters::kAsWritten);
constexpr Base kDecodeBase16 = make_base(kBase16, Letters::kEitherCase);
constexpr Base kDecodeBase32 = make_base(kBase32, Letters::kEitherCase);
constexpr Base kDecodeBase32Padded =
    make_base(kBase32, Letters::kEitherCase, Padding::kRequired);
constexpr Base kDecodeBase32Hex = make_base(kBase32Hex, Letters::kEitherCase);
constexpr Base kDecodeBase32HexPadded =
    make_base(kBase32Hex, Letters::kEitherCase, Padding::kRequired);
constexpr Base kDecodeBase32Z = make_base(kBase32Z, Letters::kAsWritten);
constexpr Base kDecodeBase36 = make_base(kBase36, Letters::kEitherCase);
constexpr Base kDecodeBase58Btc = make_base(kBase58Btc, Letters::kAsWritten);
constexpr Base kDecodeBase58Flickr =
    make_base(kBase58Flickr, Letters::kAsWritten);
constexpr Base kDecodeBase64 = make_base(kBase64, Letters::kAsWritten);
constexpr Base kDecodeBase64Padded =
    make_base(kBase64, Letters::kAsWritten, Padding::kRequired);
constexpr Base kDecodeBase64Url = make_base(kBase64Url, Letters::kAsWritten);
constexpr Base kDecodeBase64UrlPadded =
    make_base(kBase64Url, Letters::kAsWritten, Padding::kRequired);

const Base* find_base(char prefix) {
  switch (prefix) {
    case '0': return &kDecodeBase2;
    case '7': return &kDecodeBase8;
    case '9': return &kDecodeBase10;
    case 'f':
    case 'F': return &kDecodeBase16;
    case 'b':
    case 'B': return &kDecodeBase32;
    case 'c':
    case 'C': return &kDecodeBase32Padded;
    case 'v':
    case 'V': return &kDecodeBase32Hex;
    case 't':
    case 'T': return &kDecodeBase32HexPadded;
    case 'h': return &kDecodeBase32Z;
    case 'k':
    case 'K': return &kDecodeBase36;
    case 'z': return &kDecodeBase58Btc;
    case 'Z': return &kDecodeBase58Flickr;
    case 'm': return &kDecodeBase64;
    case 'M': return &kDecodeBase64Padded;
    case 'u': return &kDecodeBase64Url;
    case 'U': return &kDecodeBase64UrlPadded;
    default: return nullptr;
  }
}

Error bad_digit(const Base& base, std::string_view digits, std::size_t at) {
  const auto code = static_cast<unsigned char>(digits[at]);
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("byte {:#04x} at {} is not a digit of base {}", code,
                           at, base.digits));
}

Error bad_padding() {
  return Error(ErrorCode::kInvalidArgument,
               "padding with '=' is not as the base has it");
}

// Padding fills the last group of digits up to a whole number of bytes.
Result<std::string_view> strip_padding(const Base& base,
                                       std::string_view digits) {
  if (base.padding == Padding::kNone) return digits;
  const std::size_t group = base.bits == 5 ? 8 : 4;
  const std::size_t kept = digits.find_last_not_of('=') + 1;
  if (digits.size() % group != 0 || digits.size() - kept >= group) {
    return bad_padding();
  }
  return digits.substr(0, kept);
}

// Bases of a power of two: each digit stands for the same bits wherever it is.
Result<Bytes> decode_bits(const Base& base, std::string_view digits) {
  Bytes out;
  out.reserve(digits.size() * base.bits / 8);
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::uint8_t value =
        base.values[static_cast<unsigned char>(digits[i])];
    if (value == kNoDigit) return bad_digit(base, digits, i);
    pending = pending << base.bits | value;
    pending_bits += base.bits;
    if (pending_bits >= 8) {
      pending_bits -= 8;
      out.push_back(static_cast<std::byte>(pending >> pending_bits));
    }
  }
  const std::uint32_t left_over = pending & ((1u << pending_bits) - 1);
  if (pending_bits >= base.bits || left_over != 0) {
    return Error(ErrorCode::kInvalidArgument,
                 "the last digit carries bits beyond the last byte");
  }
  return out;
}

// Other bases: one large number, and each leading zero digit a zero byte.
Result<Bytes> decode_number(const Base& base, std::string_view digits) {
  if (digits.size() > kLongDivisionTextMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{} digits of base {}, more than {}",
                             digits.size(), base.digits, kLongDivisionTextMax));
  }
  std::vector<std::uint32_t> limbs;  // Least first.
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::uint8_t value =
        base.values[static_cast<unsigned char>(digits[i])];
    if (value == kNoDigit) return bad_digit(base, digits, i);
    if (value == 0 && zeros == i) ++zeros;
    std::uint64_t carry = value;
    for (std::uint32_t& limb : limbs) {
      carry += std::uint64_t{limb} * base.digits;
      limb = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limbs.push_back(static_cast<std::uint32_t>(carry));
  }

  Bytes out;
  for (const std::uint32_t limb : limbs) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      out.push_back(static_cast<std::byte>(limb >> shift));
    }
  }
  while (!out.empty() && out.back() == std::byte{0}) out.pop_back();
  out.insert(out.end(), zeros, std::byte{0});
  std::ranges::reverse(out);
  return out;
}

// Names of millions of blocks
// are written this way, so the text is sized once and filled.
template <unsigned bits>
std::string encode_bits(std::string_view alphabet, ByteView bytes) {
  std::string text((bytes.size() * 8 + bits - 1) / bits, '\0');
  char* out = text.data();
  constexpr std::uint32_t kMask = (1u << bits) - 1;
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const std::byte byte : bytes) {
    pending = pending << 8 | std::to_integer<std::uint32_t>(byte);
    pending_bits += 8;
    while (pending_bits >= bits) {
      pending_bits -= bits;
      *out++ = alphabet[pending >> pending_bits & kMask];
    }
  }
  if (pending_bits > 0) {
    *out = alphabet[pending << (bits - pending_bits) & kMask];
  }
  return text;
}

}  // namespace

Result<Bytes> decode_multibase(std::string_view text) {
  if (text.empty()) {
    return Error(ErrorCode::kInvalidArgument, "multibase text is empty");
  }
  if (text.size() > kMultibaseTextMax) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("text of {} characters, more than the {} a CID "
                             "may have",
                             text.size(), kMultibaseTextMax));
  }
  const Base* const base = find_base(text.front());
  if (base == nullptr) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("byte {:#04x} is no multibase prefix known here",
                             static_cast<unsigned char>(text.front())));
  }
  if (base->bits == 0) return decode_number(*base, text.substr(1));
  const std::string_view digits =
      DAGFS_TRY(strip_padding(*base, text.substr(1)));
  return decode_bits(*base, digits);
}

Result<Bytes> decode_base58btc(std::string_view digits) {
  return decode_number(kDecodeBase58Btc, digits);
}

Result<Bytes> decode_base64(std::string_view digits) {
  return decode_bits(kDecodeBase64, digits);
}

std::string encode_base32(ByteView bytes) {
  return encode_bits<5>(kBase32, bytes);
}

std::string encode_base64(ByteView bytes) {
  return encode_bits<6>(kBase64, bytes);
}

std::string encode_base58btc(ByteView bytes) {
  std::size_t zeros = 0;
  while (zeros < bytes.size() && bytes[zeros] == std::byte{0}) ++zeros;

  std::vector<std::uint8_t> digits;  // Least first.
  for (const std::byte byte : bytes.subspan(zeros)) {
    auto carry = std::to_integer<std::uint32_t>(byte);
    for (std::uint8_t& digit : digits) {
      carry += std::uint32_t{digit} << 8;
      digit = static_cast<std::uint8_t>(carry % 58);
      carry /= 58;
    }
    for (; carry != 0; carry /= 58) {
      digits.push_back(static_cast<std::uint8_t>(carry % 58));
    }
  }

  std::string text(zeros, kBase58Btc.front());
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
    text.push_back(kBase58Btc[*digit]);
  }
  return text;
}

}  // namespace dagfs::car
