// SPDX-License-Identifier: Apache-2.0 OR MIT

// The CIDs of a piece. Version 1 is the root of its tree alone; version 2 says
// how large the payload is, too.
// https://github.com/filecoin-project/FIPs/blob/master/FRCs/frc-0069.md

#pragma once

#include <optional>

#include "car/base/result.h"
#include "car/ipld/cid.h"
#include "mount/piece/piece_commitment.h"

namespace dagfs::mount {

// "baga6ea4seaq...".
car::Cid piece_cid_v1(const TreeNode& root);

// "bafkzcib...". kInvalidArgument: the piece is larger than its payload asks
// for, which version 2 has no way to say. Who means the zeros to be part of the
// payload sets `payload` to the piece's unpadded size.
Result<car::Cid> piece_cid_v2(const PieceCommitment& commitment);

// What a piece CID says, of either version.
struct PieceCid {
  TreeNode root = {};
  // Version 2 only. The piece is the smallest that holds it.
  std::optional<UnpaddedSize> payload;

  friend bool operator==(const PieceCid&, const PieceCid&) = default;
};

// kInvalidArgument: `cid` is not that of a piece, or contradicts itself: a
// height that no piece has, or padding that a smaller piece would do without.
Result<PieceCid> parse_piece_cid(const car::Cid& cid);

// Version 1 of a piece CID of either version. kInvalidArgument as above.
Result<car::Cid> to_piece_cid_v1(const car::Cid& cid);

// Version 2 of a piece CID of either version, for a payload of that size.
// kInvalidArgument: as above; or `cid` is of version 2 and says another size.
// Whether a root is that of a piece of that size cannot be seen from it.
Result<car::Cid> to_piece_cid_v2(const car::Cid& cid, UnpaddedSize payload);

}  // namespace dagfs::mount
