// SPDX-License-Identifier: Apache-2.0 OR MIT

// The inputs from which IPIP-0499's published CIDs were made.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/bytes.h"

namespace dagfs::tests {

// ChaCha20's key stream for the key sha256(seed) and a nonce of zeros, in
// portions of at most 1 MiB.
void chacha_stream(std::string_view seed, std::uint64_t size,
                   const std::function<void(ByteView)>& take);

// All of it.
Bytes chacha_bytes(std::string_view seed, std::uint64_t size);

// `count` names, each of `size` characters, the last one of `last_size`.
std::vector<std::string> chacha_names(std::string_view seed, std::size_t count,
                                      std::size_t size, std::size_t last_size);

}  // namespace dagfs::tests
