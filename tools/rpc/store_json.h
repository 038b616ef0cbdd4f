// SPDX-License-Identifier: Apache-2.0 OR MIT

// The records of StoreService as JSON, the way they travel over the socket.

#pragma once

#include "car/base/result.h"
#include "tools/rpc/json_rpc.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

Json to_json(const ShardRecord& record);
Json to_json(const ShardPage& page);
Json to_json(const RegisterReport& report);
Json to_json(const VerifyCounts& counts);
Json to_json(const PieceProof& proof);
Json to_json(const MigratedRecord& record);
Json to_json(const MigrationSummary& summary);
Json to_json(const ServiceStatus& status);
// Names in hexadecimal digits, as they may be any bytes.
Json to_json(const SubmissionEntry& entry);
Json to_json(const SubmissionPage& page);
Json to_json(const IngestedShard& shard);

// kCorrupt names the member that is missing or of another type. Members that
// are not known are ignored, so that an older program understands a newer
// daemon.
Result<ShardRecord> shard_record_from(const Json& json);
Result<ShardPage> shard_page_from(const Json& json);
Result<RegisterReport> register_report_from(const Json& json);
Result<VerifyCounts> verify_counts_from(const Json& json);
Result<PieceProof> piece_proof_from(const Json& json);
Result<MigratedRecord> migrated_record_from(const Json& json);
Result<MigrationSummary> migration_summary_from(const Json& json);
Result<ServiceStatus> service_status_from(const Json& json);
Result<SubmissionEntry> submission_entry_from(const Json& json);
Result<SubmissionPage> submission_page_from(const Json& json);
Result<IngestedShard> ingested_shard_from(const Json& json);

}  // namespace dagfs::tools
