// SPDX-License-Identifier: Apache-2.0 OR MIT

// A directory of any DAG lists the same from each cookie on, by another
// reader, as it does from the start; no name comes twice out of one block.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "car/unixfs/directory_reader.h"
#include "tests/fuzz/fuzzed_dag.h"
#include "tests/support/fake_block_source.h"

namespace {

using dagfs::car::DirectoryEntry;
using dagfs::car::DirectoryReader;

struct Listed {
  std::string name;
  std::uint64_t next_cookie = 0;

  friend bool operator==(const Listed&, const Listed&) = default;
};

std::vector<Listed> list(const DirectoryReader& reader, std::uint64_t cookie,
                         std::size_t count) {
  std::vector<Listed> listed;
  const auto status = reader.list(cookie, [&](const DirectoryEntry& entry) {
    if (listed.size() == count) return false;
    listed.push_back({std::string(entry.name), entry.next_cookie});
    return true;
  });
  // An Error is as good an end as any.
  if (!status.ok() && status.error().message().empty()) std::abort();
  return listed;
}

void check(const dagfs::car::BlockSource& source, const dagfs::car::Cid& root) {
  constexpr std::size_t kEntriesMax = 100;  // A few blocks hold 2^64 entries.
  const auto reader = DirectoryReader::open(source, root);
  if (!reader.ok()) return;
  const auto all = list(**reader, 0, kEntriesMax);
  const auto fresh = DirectoryReader::open(source, root);
  // A call may visit many empty shards, so that few calls must do.
  const std::size_t step = 1 + all.size() / 8;
  for (std::size_t i = 0; i < all.size(); i += step) {
    if (all[i].next_cookie == 0 ||
        all[i].next_cookie >= dagfs::car::kDirectoryCookieEnd) {
      std::abort();
    }
    const auto next = list(**fresh, all[i].next_cookie, 1);
    if (i + 1 < all.size() && (next.empty() || next[0] != all[i + 1])) {
      std::abort();
    }
    const auto cid = (*fresh)->lookup(all[i].name);
    if (!cid.ok() && cid.error().message().empty()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const dagfs::tests::FuzzedDag dag(dagfs::tests::FuzzInput(data, size));
  const dagfs::tests::FakeBlockSource source(dag.blocks());
  for (const auto& root : dag.last_roots()) check(source, root);
  return 0;
}
