// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tests/support/provider_repo_builder.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "dagstore/level_db.h"
#include "mount/piece/piece_cid.h"

namespace dagfs::tests {
namespace {

// CBOR as cbor-gen writes it: heads of the least length.
class CborWriter {
 public:
  CborWriter& head(unsigned major, std::uint64_t argument) {
    const unsigned type = major << 5;
    if (argument < 24) return raw({static_cast<char>(type | argument)});
    const int log = argument < 0x100         ? 0
                    : argument < 0x10000     ? 1
                    : argument < 0x100000000 ? 2
                                             : 3;
    text_.push_back(static_cast<char>(type | static_cast<unsigned>(24 + log)));
    for (int shift = (8 << log) - 8; shift >= 0; shift -= 8) {
      text_.push_back(static_cast<char>(argument >> shift));
    }
    return *this;
  }
  CborWriter& raw(std::string_view bytes) {
    text_.append(bytes);
    return *this;
  }
  CborWriter& raw(std::initializer_list<char> bytes) {
    text_.append(bytes);
    return *this;
  }
  CborWriter& number(std::uint64_t value) { return head(0, value); }
  CborWriter& bytes(std::string_view value) {
    return head(2, value.size()).raw(value);
  }
  CborWriter& text(std::string_view value) {
    return head(3, value.size()).raw(value);
  }
  CborWriter& list(std::size_t size) { return head(4, size); }
  CborWriter& map(std::size_t size) { return head(5, size); }
  CborWriter& cid(const car::Cid& value) {
    return head(6, 42).bytes(
        std::string(1, '\0').append(as_text(value.bytes())));
  }
  CborWriter& null() { return raw({'\xf6'}); }
  CborWriter& no() { return raw({'\xf4'}); }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Peer IDs are a multihash in raw bytes, although their type is text.
constexpr std::string_view kPeer = "\x00\x24\x08\xff\xfe\x80";
constexpr std::string_view kMiner("\0\xe8\x07", 3);  // t01000.

}  // namespace

car::Cid proposal_cid(const BuiltDeal& deal) {
  return car::Cid::of(car::Codec::kDagCbor, car::HashCode::kSha2_256,
                      as_bytes(deal.proposal))
      .value();
}

std::string miner_deal_record(const BuiltDeal& deal) {
  CborWriter cbor;
  cbor.map(20).text("ClientDealProposal").list(2).list(11);
  cbor.cid(deal.piece).number(deal.piece_size).no();
  cbor.bytes(kMiner).bytes(kMiner).text("label \xff").number(100).number(200);
  cbor.bytes("").bytes("").bytes("").bytes("\x01signature");
  cbor.text("ProposalCid").cid(proposal_cid(deal));
  cbor.text("AddFundsCid").null().text("PublishCid").null();
  cbor.text("Miner").text(kPeer).text("Client").text(kPeer);
  cbor.text("State").number(deal.state).text("PiecePath").text("");
  cbor.text("MetadataPath").text("").text("SlashEpoch").raw({'\x20'});
  cbor.text("FastRetrieval").no().text("Message").text("");
  cbor.text("FundsReserved").bytes("").text("Ref").map(1);
  cbor.text("Root").cid(deal.piece).text("AvailableForRetrieval").no();
  cbor.text("DealID").number(deal.deal_id);
  cbor.text("CreationTime").number(1'600'000'000'000'000'000);
  cbor.text("TransferChannelId").list(3).text(kPeer).text(kPeer).number(5);
  cbor.text("SectorNumber").number(deal.sector);
  cbor.text("InboundCAR").text(deal.inbound_car);
  return cbor.take();
}

std::string piece_info_record(const car::Cid& piece,
                              const std::vector<BuiltPlace>& places) {
  CborWriter cbor;
  cbor.map(2).text("PieceCID").cid(piece).text("Deals").list(places.size());
  for (const BuiltPlace& place : places) {
    cbor.map(4).text("DealID").number(place.deal_id);
    cbor.text("SectorID").number(place.sector);
    cbor.text("Offset").number(place.offset);
    cbor.text("Length").number(place.length);
  }
  return cbor.take();
}

car::Cid piece_number(std::uint64_t number) {
  mount::TreeNode root = {};
  for (std::size_t i = 0; i < sizeof number; ++i) {
    root[i] = static_cast<std::byte>(number >> (8 * i));
  }
  return mount::piece_cid_v1(root);
}

void write_level_db(const std::string& folder, const Rows& rows) {
  std::filesystem::create_directories(folder);
  auto database = dagstore::LevelDb::open(folder);
  ASSERT_TRUE(database.ok());
  dagstore::LevelDbBatch batch;
  for (const auto& [key, value] : rows) batch.put(key, value);
  ASSERT_TRUE(database->write(batch, dagstore::Sync::kYes).ok());
}

LotusRepoBuilder::LotusRepoBuilder()
    : metadata_({{"/deals/provider/versions/current", "2"},
                 {"/deals/provider/latest-ask", "not a deal"},
                 {"/deals/provider/storage-ask/latest", "not a deal"},
                 {"/storagemarket/pieces/versions/current", "1"},
                 {"/miner-address", std::string(kMiner)}}) {}

LotusRepoBuilder& LotusRepoBuilder::deal(const BuiltDeal& deal) {
  return raw_deal(proposal_cid(deal).to_string(), miner_deal_record(deal));
}

LotusRepoBuilder& LotusRepoBuilder::raw_deal(const std::string& id,
                                             std::string record) {
  metadata_.emplace_back("/deals/provider/2/" + id, std::move(record));
  return *this;
}

LotusRepoBuilder& LotusRepoBuilder::places(
    const car::Cid& piece, const std::vector<BuiltPlace>& places) {
  metadata_.emplace_back("/storagemarket/pieces/1/" + piece.to_string(),
                         piece_info_record(piece, places));
  return *this;
}

LotusRepoBuilder& LotusRepoBuilder::shard(const car::Cid& key,
                                          const std::string& url) {
  shards_.emplace_back(
      "/dagstore/" + key.to_string(),
      fmt::format(R"({{"k":"{}","u":"{}","t":"","s":2,"l":true,"e":""}})",
                  key.to_string(), url));
  return *this;
}

LotusRepoBuilder& LotusRepoBuilder::storage_path(const std::string& path) {
  storage_paths_.push_back(path);
  return *this;
}

void LotusRepoBuilder::write(const std::string& folder) const {
  write_level_db(folder + "/datastore/metadata", metadata_);
  write_level_db(folder + "/dagstore/datastore", shards_);
  std::string paths;
  for (const std::string& path : storage_paths_) {
    paths += fmt::format("{}\n    {{\n      \"Path\": \"{}\"\n    }}",
                         paths.empty() ? "" : ",", path);
  }
  std::ofstream(folder + "/storage.json")
      << "{\n  \"StoragePaths\": [" << paths << "\n  ]\n}";
}

void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message),
            SQLITE_OK)
      << (message == nullptr ? "" : message);
  sqlite3_free(message);
  sqlite3_close(database);
}

std::string boost_deals_sql(const std::vector<BoostDeal>& deals) {
  std::string sql =
      "CREATE TABLE Deals (ID TEXT, CreatedAt DateTime, SignedProposalCID TEXT,"
      "PieceCID TEXT, PieceSize INT, ProviderAddress TEXT, InboundFilePath "
      "TEXT,"
      "ChainDealID INT, SectorID INT, Offset INT, Length INT, Checkpoint TEXT,"
      "Error TEXT, Retry TEXT, PRIMARY KEY(ID)) WITHOUT ROWID;";
  for (const BoostDeal& deal : deals) {
    sql += fmt::format(
        "INSERT INTO Deals VALUES('{}','','','{}',1024,'f01000','{}',5,{},{},"
        "1024,'{}','{}','{}');",
        deal.id, deal.piece.to_string(), deal.inbound_path, deal.sector,
        deal.offset, deal.checkpoint, deal.error, deal.retry);
  }
  return sql;
}

std::string boost_direct_deals_sql(const std::vector<BoostDeal>& deals) {
  std::string sql =
      "CREATE TABLE DirectDeals (ID TEXT, PieceCID TEXT, PieceSize INT,"
      "ProviderAddress TEXT, InboundFilePath TEXT, InboundFileSize INT,"
      "SectorID INT, Offset INT, Length INT, Checkpoint TEXT, Error TEXT,"
      "Retry TEXT, PRIMARY KEY(ID)) WITHOUT ROWID;";
  for (const BoostDeal& deal : deals) {
    sql += fmt::format(
        "INSERT INTO DirectDeals VALUES('{}','{}',1024,'f01000','{}',300,{},{},"
        "1024,'{}','{}','{}');",
        deal.id, deal.piece.to_string(), deal.inbound_path, deal.sector,
        deal.offset, deal.checkpoint, deal.error, deal.retry);
  }
  return sql;
}

}  // namespace dagfs::tests
