// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "car/base/result.h"
#include "car/unixfs/hash_pool.h"
#include "car/unixfs/tree_importer.h"
#include "dagstore/ingest/piece_writer.h"

namespace dagfs::dagstore {

// How a path was made a piece.
struct IngestedPath {
  WrittenPiece piece;
  std::string file;  // Where the piece is, durable.
};

// Makes a piece of what lies at `path`, in the folder `work`: a file that is a
// CAR is one already, and is checked and, unless `may_take` says that it may be
// had as it is, copied; everything else is imported as UnixFS.
//
// Errors: as import_tree, CarAdopter::finish and PieceWriter. The folder may
// keep a file then.
Result<IngestedPath> make_piece(const std::string& path,
                                const std::string& work, bool may_take,
                                const car::TreeImportOptions& options,
                                car::HashPool* pool);

}  // namespace dagfs::dagstore
