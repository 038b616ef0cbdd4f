// SPDX-License-Identifier: Apache-2.0 OR MIT

// Whatever is read can be written, and what was written reads back as text that
// does not change any more.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/ipld/dag_cbor.h"
#include "car/ipld/dag_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto node = dagfs::car::decode_dag_json(input);
  if (!node.ok()) return 0;

  const auto text = dagfs::car::encode_dag_json(*node);
  if (!text.ok()) std::abort();
  const auto again = dagfs::car::decode_dag_json(dagfs::as_bytes(*text));
  if (!again.ok()) std::abort();
  if (dagfs::car::dag_json_text(*again) != *text) std::abort();
  if (!dagfs::car::encode_dag_cbor(*node).ok()) std::abort();
  return 0;
}
