// SPDX-License-Identifier: Apache-2.0 OR MIT

// Repos as Lotus and Boost write them: the same keys and records in LevelDB,
// the same tables in SQLite.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "car/ipld/cid.h"

namespace dagfs::tests {

struct BuiltDeal {
  std::string proposal;  // Of which the CID is made.
  car::Cid piece;
  std::uint64_t piece_size = 1024;  // Padded.
  std::uint64_t state = 7;          // Active.
  std::uint64_t deal_id = 1;
  std::uint64_t sector = 1;
  std::string inbound_car = {};
};

// The CBOR of a MinerDeal of miner t01000, with its peer IDs in raw bytes.
std::string miner_deal_record(const BuiltDeal& deal);
// The CID of its signed proposal.
car::Cid proposal_cid(const BuiltDeal& deal);

struct BuiltPlace {
  std::uint64_t deal_id = 1;
  std::uint64_t sector = 1;
  std::uint64_t offset = 0;  // Padded, as the length.
  std::uint64_t length = 1024;
};

std::string piece_info_record(const car::Cid& piece,
                              const std::vector<BuiltPlace>& places);

// Any piece CID of version 1, another for each number.
car::Cid piece_number(std::uint64_t number);

// A LevelDB with these rows in `folder`, which is made.
using Rows = std::vector<std::pair<std::string, std::string>>;
void write_level_db(const std::string& folder, const Rows& rows);

// A lotus-miner's repo.
class LotusRepoBuilder {
 public:
  LotusRepoBuilder();

  LotusRepoBuilder& deal(const BuiltDeal& deal);
  // What some other record holds, whatever it is.
  LotusRepoBuilder& raw_deal(const std::string& id, std::string record);
  LotusRepoBuilder& places(const car::Cid& piece,
                           const std::vector<BuiltPlace>& places);
  LotusRepoBuilder& shard(const car::Cid& key, const std::string& url);
  LotusRepoBuilder& storage_path(const std::string& path);

  void write(const std::string& folder) const;

 private:
  Rows metadata_;
  Rows shards_;
  std::vector<std::string> storage_paths_;
};

// Runs `sql` on the SQLite database at `path`, which is made.
void run_sql(const std::string& path, const std::string& sql);

struct BoostDeal {
  std::string id;
  car::Cid piece;
  std::string checkpoint = "Complete";
  std::string error = {};
  std::string retry = "auto";
  std::uint64_t sector = 1;
  std::uint64_t offset = 0;
  std::string inbound_path = {};
};

// The statements that make boost.db with these deals, of 1024 bytes each.
std::string boost_deals_sql(const std::vector<BoostDeal>& deals);
std::string boost_direct_deals_sql(const std::vector<BoostDeal>& deals);

}  // namespace dagfs::tests
