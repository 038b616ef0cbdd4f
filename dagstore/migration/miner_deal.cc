// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/miner_deal.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "car/ipld/dag_cbor.h"
#include "dagstore/migration/found_deal.h"
#include "mount/piece/piece_cid.h"

namespace dagfs::dagstore {
namespace {

using car::IpldKind;
using car::IpldNode;

// Numbers are positions.
constexpr std::array<std::string_view, 31> kStateNames = {
    "Unknown",
    "ProposalNotFound",
    "ProposalRejected",
    "ProposalAccepted",
    "Staged",
    "Sealing",
    "Finalizing",
    "Active",
    "Expired",
    "Slashed",
    "Rejecting",
    "Failing",
    "FundsReserved",
    "CheckForAcceptance",
    "Validating",
    "AcceptWait",
    "StartDataTransfer",
    "Transferring",
    "WaitingForData",
    "VerifyData",
    "ReserveProviderFunds",
    "ReserveClientFunds",
    "ProviderFunding",
    "ClientFunding",
    "Publish",
    "Publishing",
    "Error",
    "ProviderTransferAwaitRestart",
    "ClientTransferRestart",
    "AwaitingPreCommit",
    "TransferQueued",
};

constexpr std::array<std::uint64_t, 5> kActiveStates = {4, 5, 6, 7, 29};

// Of a DealProposal, which is a list.
enum ProposalField : std::size_t {
  kPieceCid = 0,
  kPieceSize = 1,
  kProvider = 4,
  kProposalFields = 11,
};

Error bad_member(std::string_view name) {
  return {ErrorCode::kCorrupt,
          fmt::format("{} is missing or of another type", name)};
}

Result<const IpldNode*> member(const IpldNode& map, std::string_view name,
                               IpldKind kind) {
  const IpldNode* const found = map.find(name);
  if (found == nullptr || found->kind() != kind) return bad_member(name);
  return found;
}

Result<std::uint64_t> number_in(const IpldNode& map, std::string_view name) {
  const IpldNode* const found =
      DAGFS_TRY(member(map, name, IpldKind::kInteger));
  if (found->as_integer().negative) return bad_member(name);
  return found->as_integer().argument;
}

// Text that some versions do not have.
std::string text_in(const IpldNode& map, std::string_view name) {
  const auto found = member(map, name, IpldKind::kString);
  return found.ok() ? (*found)->as_string() : std::string();
}

Result<car::Cid> piece_from(const IpldNode& node) {
  if (node.kind() != IpldKind::kLink) return bad_member("PieceCID");
  auto piece = mount::to_piece_cid_v1(node.as_link());
  if (!piece.ok()) return Error(ErrorCode::kCorrupt, piece.error().message());
  return piece;
}

// [[PieceCID, PieceSize, VerifiedDeal, Client, Provider, ...], signature]
Status read_proposal(const IpldNode& deal, MinerDeal* out) {
  const IpldNode* const signed_proposal =
      DAGFS_TRY(member(deal, "ClientDealProposal", IpldKind::kList));
  const IpldNode::List& parts = signed_proposal->as_list();
  if (parts.empty() || parts[0].kind() != IpldKind::kList ||
      parts[0].as_list().size() < kProposalFields) {
    return bad_member("ClientDealProposal");
  }
  const IpldNode::List& proposal = parts[0].as_list();
  out->piece = DAGFS_TRY(piece_from(proposal[kPieceCid]));
  const IpldNode& size = proposal[kPieceSize];
  const IpldNode& provider = proposal[kProvider];
  if (size.kind() != IpldKind::kInteger || size.as_integer().negative) {
    return bad_member("PieceSize");
  }
  auto piece_size = mount::PieceSize::from_padded(
      mount::PaddedSize(size.as_integer().argument));
  if (!piece_size.ok()) {
    return Error(ErrorCode::kCorrupt, piece_size.error().message());
  }
  out->piece_size = *piece_size;
  if (provider.kind() == IpldKind::kBytes) {
    out->miner = actor_from_address(provider.as_bytes());
  }
  return ok_status();
}

Result<DealPlace> place_from(const IpldNode& node) {
  DealPlace place;
  place.deal_id = DAGFS_TRY(number_in(node, "DealID"));
  place.sector = DAGFS_TRY(number_in(node, "SectorID"));
  place.offset = DAGFS_TRY(number_in(node, "Offset"));
  place.length = DAGFS_TRY(number_in(node, "Length"));
  return place;
}

}  // namespace

Result<MinerDeal> decode_miner_deal(ByteView bytes) {
  const IpldNode record = DAGFS_TRY(car::decode_dag_cbor(bytes));
  MinerDeal deal;
  DAGFS_TRY(read_proposal(record, &deal));
  const IpldNode* const proposal =
      DAGFS_TRY(member(record, "ProposalCid", IpldKind::kLink));
  deal.proposal = proposal->as_link();
  deal.state = DAGFS_TRY(number_in(record, "State"));
  deal.deal_id = DAGFS_TRY(number_in(record, "DealID"));
  deal.sector = DAGFS_TRY(number_in(record, "SectorNumber"));
  deal.inbound_car = text_in(record, "InboundCAR");
  return deal;
}

Result<PieceInfo> decode_piece_info(ByteView bytes) {
  const IpldNode record = DAGFS_TRY(car::decode_dag_cbor(bytes));
  const IpldNode* const piece =
      DAGFS_TRY(member(record, "PieceCID", IpldKind::kLink));
  PieceInfo info;
  info.piece = DAGFS_TRY(piece_from(*piece));
  const IpldNode* const deals = record.find("Deals");
  // An empty list may be written as null.
  if (deals == nullptr || deals->kind() == IpldKind::kNull) return info;
  if (deals->kind() != IpldKind::kList) return bad_member("Deals");
  for (const IpldNode& deal : deals->as_list()) {
    info.places.push_back(DAGFS_TRY(place_from(deal)));
  }
  return info;
}

std::string deal_state_name(std::uint64_t state) {
  if (state < kStateNames.size()) {
    return fmt::format("StorageDeal{}", kStateNames[state]);
  }
  return fmt::format("StorageDealState{}", state);
}

bool is_active_deal(std::uint64_t state) {
  return std::ranges::find(kActiveStates, state) != kActiveStates.end();
}

}  // namespace dagfs::dagstore
