// SPDX-License-Identifier: Apache-2.0 OR MIT

// What is read as a CID, from bytes or from text, comes back from its text as
// the same CID.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "car/ipld/cid.h"
#include "car/limits.h"

namespace {

using dagfs::car::Cid;

void check(const Cid& cid) {
  if (cid.bytes().size() > dagfs::car::kCidSizeMax) std::abort();
  const auto again = Cid::parse(cid.to_string());
  if (!again.ok() || *again != cid) std::abort();
  if (again->codec() != cid.codec()) std::abort();
  if (!(again->multihash() == cid.multihash())) std::abort();

  dagfs::ByteView rest = cid.multihash_bytes();
  const auto multihash = dagfs::car::read_multihash(&rest);
  if (!multihash.ok() || !rest.empty()) std::abort();
  if (!(*multihash == cid.multihash())) std::abort();
  if (cid.version() == 1 && Cid::v1(cid.codec(), *multihash) != cid) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const auto from_text = Cid::parse(dagfs::as_text(input));
  if (from_text.ok()) check(*from_text);

  dagfs::ByteView rest = input;
  const auto from_bytes = dagfs::car::read_cid(&rest);
  if (from_bytes.ok()) {
    if (from_bytes->bytes().size() + rest.size() != size) std::abort();
    check(*from_bytes);
  } else if (rest.size() != size) {
    std::abort();
  }
  return 0;
}
