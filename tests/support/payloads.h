// SPDX-License-Identifier: Apache-2.0 OR MIT

// Payloads that published vectors of piece commitments are made from, and other
// bytes that look random but are the same on every run.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "car/base/bytes.h"

namespace dagfs::tests {

Bytes repeated(std::uint8_t value, std::size_t size);

// Byte N is N mod 251.
Bytes counted(std::size_t size);

// The high bytes of a linear congruential generator (Knuth's, of 64 bits).
Bytes pseudo_random(std::size_t size, std::uint64_t seed);

// sha2-512 of nothing, of that, and so on.
Bytes derived(std::size_t size);

// A quad of 0, one each of 1, 2 and 3, then that many bytes of 0.
Bytes four_quads(std::size_t zeros);

// What the name of a vector in the fixtures stands for: "zero:127",
// "derive-sha512:65". nullopt for one whose bytes cannot be made here.
std::optional<Bytes> named_payload(std::string_view name, std::size_t size);

}  // namespace dagfs::tests
