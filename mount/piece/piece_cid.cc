// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "mount/piece/piece_cid.h"

#include <fmt/core.h>

#include <algorithm>

#include "car/ipld/varint.h"

namespace dagfs::mount {
namespace {

using car::Cid;
using car::Codec;
using car::HashCode;

// Of the multicodec table: fil-commitment-unsealed, sha2-256-trunc254-padded
// and fr32-sha256-trunc254-padbintree.
constexpr auto kUnsealedCommitment = static_cast<Codec>(0xf101);
constexpr auto kTruncatedSha256 = static_cast<HashCode>(0x1012);
constexpr auto kPaddedTree = static_cast<HashCode>(0x1011);

Error not_a_piece(const Cid& cid, std::string_view why) {
  return {
      ErrorCode::kInvalidArgument,
      fmt::format("{} is not the CID of a piece: {}", cid.to_string(), why)};
}

TreeNode node_from(ByteView bytes) {
  TreeNode node = {};
  std::ranges::copy(bytes, node.begin());
  return node;
}

Result<PieceCid> parse_v1(const Cid& cid, ByteView digest) {
  if (digest.size() != sizeof(TreeNode)) {
    return not_a_piece(cid, fmt::format("digest of {} bytes, not {}",
                                        digest.size(), sizeof(TreeNode)));
  }
  return PieceCid{.root = node_from(digest), .payload = std::nullopt};
}

// The digest is a varint of how many zeros follow the payload, the height of
// the tree in a byte, and the root.
Result<PieceCid> parse_v2(const Cid& cid, ByteView digest) {
  const auto padding = car::read_varint(&digest);
  if (!padding.ok()) return not_a_piece(cid, padding.error().message());
  if (digest.size() != 1 + sizeof(TreeNode)) {
    return not_a_piece(cid, fmt::format("{} bytes follow the padding, not {}",
                                        digest.size(), 1 + sizeof(TreeNode)));
  }
  const auto piece =
      PieceSize::from_height(std::to_integer<unsigned>(digest.front()));
  if (!piece.ok()) return not_a_piece(cid, piece.error().message());

  const UnpaddedSize zeros(padding.value());
  if (zeros > piece->unpadded()) {
    return not_a_piece(
        cid, fmt::format("{} bytes of padding in a piece of {}", zeros.bytes(),
                         piece->unpadded().bytes()));
  }
  const UnpaddedSize payload = piece->unpadded() - zeros;
  if (DAGFS_TRY(PieceSize::holding(payload)) != *piece) {
    return not_a_piece(cid,
                       fmt::format("a payload of {} bytes does not ask for "
                                   "a piece of {}",
                                   payload.bytes(), piece->unpadded().bytes()));
  }
  return PieceCid{.root = node_from(digest.subspan(1)), .payload = payload};
}

}  // namespace

Cid piece_cid_v1(const TreeNode& root) {
  return Cid::v1(kUnsealedCommitment, {kTruncatedSha256, root});
}

Result<Cid> piece_cid_v2(const PieceCommitment& commitment) {
  const PieceSize least = DAGFS_TRY(PieceSize::holding(commitment.payload));
  if (least != commitment.piece) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("payload of {} bytes in a piece of {}: no piece CID of "
                    "version 2 for other than the smallest piece, here {}",
                    commitment.payload.bytes(),
                    commitment.piece.padded().bytes(), least.padded().bytes()));
  }
  const UnpaddedSize zeros = least.unpadded() - commitment.payload;
  Bytes digest;
  car::append_varint(zeros.bytes(), &digest);
  digest.push_back(static_cast<std::byte>(least.height()));
  digest.insert(digest.end(), commitment.root.begin(), commitment.root.end());
  return Cid::v1(Codec::kRaw, {kPaddedTree, digest});
}

Result<PieceCid> parse_piece_cid(const Cid& cid) {
  if (cid.empty()) {
    return Error(ErrorCode::kInvalidArgument, "no CID at all");
  }
  const car::Multihash hash = cid.multihash();
  if (cid.codec() == kUnsealedCommitment && hash.code == kTruncatedSha256) {
    return parse_v1(cid, hash.digest);
  }
  if (cid.codec() == Codec::kRaw && hash.code == kPaddedTree) {
    return parse_v2(cid, hash.digest);
  }
  return not_a_piece(
      cid, fmt::format("codec {}, hash function {}", name_of(cid.codec()),
                       name_of(hash.code)));
}

Result<Cid> to_piece_cid_v1(const Cid& cid) {
  const PieceCid piece = DAGFS_TRY(parse_piece_cid(cid));
  return piece_cid_v1(piece.root);
}

Result<Cid> to_piece_cid_v2(const Cid& cid, UnpaddedSize payload) {
  const PieceCid piece = DAGFS_TRY(parse_piece_cid(cid));
  if (piece.payload && *piece.payload != payload) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{} is of a payload of {} bytes, not {}", cid.to_string(),
                    piece.payload->bytes(), payload.bytes()));
  }
  const PieceSize size = DAGFS_TRY(PieceSize::holding(payload));
  return piece_cid_v2({.root = piece.root, .payload = payload, .piece = size});
}

}  // namespace dagfs::mount
