// SPDX-License-Identifier: Apache-2.0 OR MIT

// Taking over the pieces of a storage provider's software: docs/migration.md.

#pragma once

#include <string>

#include "dagstore/dagstore.h"
#include "dagstore/migration/migrator.h"

namespace dagfs::dagstore {

enum class MigrationKind : std::uint8_t { kLotus, kBoost };

struct MigrationRequest {
  MigrationKind kind = MigrationKind::kLotus;
  std::string path;  // Of the other repo; absolute.
  bool is_dry_run = false;
};

struct MigrationReport {
  MigrationCounts counts;
  // Every record was understood, and every registration is in: so says the
  // marker in the repo, unless it was a dry run.
  bool is_complete = false;
};

// Registers the pieces of all active deals without touching their bytes, and
// makes known where they lie. Can be repeated: what is there stays as it is.
// Only copies of the other repo's databases are opened, and they are gone when
// it returns.
//
// kNotFound: no such repo there. kUnavailable: its databases never held still.
// kCorrupt: part of them cannot be read; what could was registered. kIo,
// kNoSpace.
Result<MigrationReport> migrate(Dagstore* store,
                                const MigrationRequest& request,
                                const MigrationObserver& observer);

// The file that says that everything of the repo at `path` was registered.
std::string migration_marker(const std::string& repo,
                             const MigrationRequest& request);

}  // namespace dagfs::dagstore
