// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "dagstore/migration/sqlite_table.h"

#include <fmt/core.h>
#include <sqlite3.h>

#include <memory>
#include <set>

namespace dagfs::dagstore {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Error sqlite_error(sqlite3* database) {
  const int code = sqlite3_errcode(database);
  const bool is_system = code == SQLITE_IOERR || code == SQLITE_CANTOPEN ||
                         code == SQLITE_FULL || code == SQLITE_BUSY;
  return {is_system ? ErrorCode::kIo : ErrorCode::kCorrupt,
          sqlite3_errmsg(database)};
}

Result<Database> open_database(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  Database database(raw);
  if (raw == nullptr) return Error(ErrorCode::kIo, "no memory for SQLite");
  if (code != SQLITE_OK) return sqlite_error(raw);
  return database;
}

Result<Statement> prepare(sqlite3* database, const std::string& query) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, query.c_str(), -1, &raw, nullptr) !=
      SQLITE_OK) {
    return sqlite_error(database);
  }
  return Statement(raw);
}

std::optional<std::string> column_text(sqlite3_stmt* statement, int column) {
  const unsigned char* const text = sqlite3_column_text(statement, column);
  if (text == nullptr) return std::nullopt;
  const int size = sqlite3_column_bytes(statement, column);
  return std::string(reinterpret_cast<const char*>(text),
                     static_cast<std::size_t>(size));
}

Status for_each_row(sqlite3* database, const std::string& query,
                    const SqliteVisitor& visit) {
  const Statement statement = DAGFS_TRY(prepare(database, query));
  while (true) {
    const int code = sqlite3_step(statement.get());
    if (code == SQLITE_DONE) return ok_status();
    if (code != SQLITE_ROW) return sqlite_error(database);
    SqliteRow row;
    const int columns = sqlite3_column_count(statement.get());
    for (int i = 0; i < columns; ++i) {
      row.push_back(column_text(statement.get(), i));
    }
    DAGFS_TRY(visit(row));
  }
}

Result<std::set<std::string, std::less<>>> columns_of(sqlite3* database,
                                                      std::string_view table) {
  std::set<std::string, std::less<>> names;
  constexpr std::size_t kName = 1;
  DAGFS_TRY(for_each_row(database, fmt::format("PRAGMA table_info({})", table),
                         [&](const SqliteRow& row) {
                           if (row.size() > kName && row[kName]) {
                             names.insert(*row[kName]);
                           }
                           return ok_status();
                         }));
  return names;
}

}  // namespace

Status read_sqlite_table(const std::string& path, std::string_view table,
                         std::span<const std::string_view> columns,
                         const SqliteVisitor& visit) {
  const Database database = DAGFS_TRY_CONTEXT(open_database(path), path);
  const auto known = DAGFS_TRY_CONTEXT(columns_of(database.get(), table), path);
  if (known.empty()) return ok_status();
  std::string list;
  for (const std::string_view column : columns) {
    if (!list.empty()) list += ", ";
    list += known.contains(column) ? fmt::format("\"{}\"", column) : "NULL";
  }
  const std::string query = fmt::format("SELECT {} FROM {}", list, table);
  return for_each_row(database.get(), query, visit);
}

}  // namespace dagfs::dagstore
