// SPDX-License-Identifier: Apache-2.0 OR MIT

// The only header that knows SQLite.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "car/base/result.h"

namespace dagfs::dagstore {

// The values of a row as text, in the order of the columns that were asked for;
// nullopt: NULL, or the table has no such column.
using SqliteRow = std::vector<std::optional<std::string>>;
using SqliteVisitor = std::function<Status(const SqliteRow& row)>;

// Visits the rows of `table` in the database at `path`, which is a copy: what
// its log holds is put into it. Streams. No row: there is no such table.
// kCorrupt: not a database, or damaged. kIo. An Error of `visit` ends the walk.
Status read_sqlite_table(const std::string& path, std::string_view table,
                         std::span<const std::string_view> columns,
                         const SqliteVisitor& visit);

}  // namespace dagfs::dagstore
