// SPDX-License-Identifier: Apache-2.0 OR MIT

// Whatever is read in the canonical form is written as the very same bytes, and
// whatever can be written reads back.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/ipld/dag_cbor.h"
#include "car/ipld/dag_json.h"

using dagfs::car::DagCborForm;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto node = dagfs::car::decode_dag_cbor(input);
  const auto canonical =
      dagfs::car::decode_dag_cbor(input, DagCborForm::kCanonical);
  if (canonical.ok() && !(node.ok() && *node == *canonical)) std::abort();
  if (!node.ok()) return 0;

  const auto written = dagfs::car::encode_dag_cbor(*node);
  if (canonical.ok() &&
      !(written.ok() && std::ranges::equal(*written, input))) {
    std::abort();
  }
  if (written.ok()) {
    const auto again =
        dagfs::car::decode_dag_cbor(*written, DagCborForm::kCanonical);
    if (!again.ok()) std::abort();
  }
  if (dagfs::car::dag_json_text(*node).empty()) std::abort();
  return 0;
}
