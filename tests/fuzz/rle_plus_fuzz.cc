// SPDX-License-Identifier: Apache-2.0 OR MIT

// Runs ascend and are not empty; what was read, written again, reads the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <vector>

#include "mount/sector/rle_plus.h"
#include "tests/support/sector_builder.h"

namespace {

using dagfs::ByteView;
using dagfs::mount::NumberRun;

// nullopt: broken. Runs that touch are one.
std::optional<std::vector<NumberRun>> runs_of(ByteView encoded) {
  auto reader = dagfs::mount::RlePlusReader::open(encoded);
  if (!reader.ok()) return std::nullopt;
  std::vector<NumberRun> runs;
  std::uint64_t end = 0;
  while (true) {
    const auto run = reader->next();
    if (!run.ok()) return std::nullopt;
    if (!run->has_value()) return runs;
    if ((*run)->count == 0 || (*run)->first < end) std::abort();
    if (!runs.empty() && (*run)->first == end) std::abort();
    end = (*run)->first + (*run)->count;
    if (end < (*run)->first) std::abort();
    runs.push_back(**run);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const auto runs = runs_of({reinterpret_cast<const std::byte*>(data), size});
  if (!runs) return 0;
  const auto again = runs_of(dagfs::tests::encode_rle_plus(*runs));
  if (!again || *again != *runs) std::abort();
  return 0;
}
