// SPDX-License-Identifier: Apache-2.0 OR MIT

// A record that is accepted is written back as one that says the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "car/base/bytes.h"
#include "dagstore/shard_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  using namespace dagfs::dagstore;  // NOLINT(google-build-using-namespace)
  static const ShardKey key = ShardKey::parse("k").value();
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto info = decode_shard_record(key, dagfs::as_text(input));
  if (!info.ok()) return 0;

  const std::string record = encode_shard_record(*info);
  const auto again = decode_shard_record(key, record);
  // An error text that was cut in the middle of a character grows again by its
  // replacement; everything else must stay.
  if (!again.ok()) std::abort();
  if (info->error.size() < kRecordErrorSizeMax &&
      encode_shard_record(*again) != record) {
    std::abort();
  }
  return 0;
}
