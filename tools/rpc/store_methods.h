// SPDX-License-Identifier: Apache-2.0 OR MIT

// StoreService as JSON-RPC methods. docs/cli.md lists them.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tools/rpc/json_rpc.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

// Names are Namespace.Method, as go-jsonrpc has them, so that a table for
// another namespace can stand beside this one.
namespace method {
inline constexpr char kRegisterShards[] = "Dagfs.RegisterShards";
inline constexpr char kRegisterEach[] = "Dagfs.RegisterEach";
inline constexpr char kListShards[] = "Dagfs.ListShards";
inline constexpr char kShardInfo[] = "Dagfs.ShardInfo";
inline constexpr char kDestroyShard[] = "Dagfs.DestroyShard";
inline constexpr char kInitializeShard[] = "Dagfs.InitializeShard";
inline constexpr char kVerifyShard[] = "Dagfs.VerifyShard";
inline constexpr char kProveShard[] = "Dagfs.ProveShard";
// Of the inbox. Names and paths, which may be any bytes, in hexadecimal digits.
inline constexpr char kListSubmissions[] = "Dagfs.ListSubmissions";
inline constexpr char kSealSubmission[] = "Dagfs.SealSubmission";
inline constexpr char kRetrySubmission[] = "Dagfs.RetrySubmission";
inline constexpr char kRemoveSubmission[] = "Dagfs.RemoveSubmission";
inline constexpr char kIngest[] = "Dagfs.Ingest";
inline constexpr char kMigrate[] = "Dagfs.Migrate";
inline constexpr char kStatus[] = "Dagfs.Status";
// Sent by the server while kVerifyShard runs; the first of them while
// kProveShard does, too.
inline constexpr char kVerifyProgress[] = "Dagfs.VerifyProgress";
inline constexpr char kVerifyProblem[] = "Dagfs.VerifyProblem";
// And while kIngest runs.
inline constexpr char kIngestProgress[] = "Dagfs.IngestProgress";
// And while kMigrate runs; a record is JSON in text, as "problem".
inline constexpr char kMigrationProgress[] = "Dagfs.MigrationProgress";
inline constexpr char kMigrationRecord[] = "Dagfs.MigrationRecord";
}  // namespace method

// Sends a notification to whoever asked; never fails (a client that has gone is
// noticed when its answer is written).
using Notifier =
    std::function<void(std::string_view method, const Json& params)>;

// The answer to one line, without newline, or nullopt for a notification. Safe
// for use from many threads if `service` is.
std::optional<std::string> answer_line(std::string_view line,
                                       StoreService& service,
                                       const Notifier& notify);

}  // namespace dagfs::tools
