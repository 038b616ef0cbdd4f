// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/commp/manifest_check.h"

#include <fmt/core.h>

#include <array>

#include "tools/commands/car/open_car.h"
#include "tools/commands/commp/disk_check.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

using Counts = std::array<std::uint64_t, kVerdicts>;

std::uint64_t& count_of(Counts* counts, Verdict verdict) {
  return (*counts)[static_cast<std::size_t>(verdict)];
}

Result<std::vector<ListedPiece>> read_piece_list(const std::string& path) {
  const auto file = DAGFS_TRY(open_input(path));
  if (file->size() > kPieceListSizeMax) {
    return Error(ErrorCode::kExhausted, path + ": too long for a list");
  }
  std::string text(file->size(), '\0');
  const auto bytes = std::as_writable_bytes(std::span(text));
  DAGFS_TRY_CONTEXT(file->read_at(0, bytes), path);
  return DAGFS_TRY_CONTEXT(parse_piece_list(text), path);
}

// A disk that is checked may well be read-only: then the check just cannot be
// interrupted without loss.
Result<HashedFiles> open_state(const ManifestCheckOptions& options,
                               CommandContext& context) {
  const bool is_asked_for = !options.state.empty();
  const std::string path =
      is_asked_for ? options.state : options.manifest + ".checked";
  auto files = HashedFiles::open(path);
  if (files.ok() && options.is_fresh) files->forget();
  if (files.ok() || is_asked_for) return files;
  context.fail(ExitCode::kCannotCreate,
               files.error().message() +
                   "; an interrupted check will begin "
                   "again (--state names another file)");
  return HashedFiles();
}

void print_finding(const Finding& finding, CommandContext& context) {
  const ListedPiece* const listed = finding.listed;
  if (context.json()) {
    Json json = {{"verdict", to_string(finding.verdict)}};
    if (listed != nullptr) {
      json["cid"] = listed->cid;
      json["record"] = listed->number;
      if (!listed->file.empty()) set_text(&json, "listed_file", listed->file);
    }
    if (!finding.path.empty()) set_text(&json, "file", finding.path);
    if (!finding.why.empty()) json["problem"] = finding.why;
    return context.print_json(json);
  }
  const bool is_named = finding.path.empty() && listed != nullptr;
  std::string line =
      fmt::format("{}\t{}\t{}", to_string(finding.verdict),
                  listed == nullptr ? "-" : listed->cid,
                  printable(is_named ? listed->file : finding.path));
  if (!finding.why.empty()) line += '\t' + printable(finding.why);
  context.print(line);
}

void print_table(const Counts& counts, CommandContext& context) {
  if (context.json()) {
    Json json = Json::object();
    for (std::size_t i = 0; i < kVerdicts; ++i) {
      json[std::string(to_string(static_cast<Verdict>(i)))] = counts[i];
    }
    return context.print_json(json);
  }
  for (std::size_t i = 0; i < kVerdicts; ++i) {
    context.print(
        fmt::format("{:<8} {}", to_string(static_cast<Verdict>(i)), counts[i]));
  }
}

ExitCode exit_code_of(Counts counts, const ManifestCheckOptions& options) {
  const std::uint64_t extra =
      options.is_extra_allowed ? 0 : count_of(&counts, Verdict::kExtra);
  const std::uint64_t faults = count_of(&counts, Verdict::kWrong) +
                               count_of(&counts, Verdict::kMissing) + extra;
  return faults == 0 ? ExitCode::kOk : ExitCode::kBadData;
}

}  // namespace

Result<ExitCode> check_manifest(const ManifestCheckOptions& options,
                                CommandContext& context) {
  const auto list = DAGFS_TRY(read_piece_list(options.manifest));
  HashedFiles known = DAGFS_TRY(open_state(options, context));
  DiskCheck check(list, &known);
  DAGFS_TRY(check.scan(options.folders));

  Counts counts = {};
  const auto observe = [&](const Finding& finding) {
    ++count_of(&counts, finding.verdict);
    context.show_progress("");
    print_finding(finding, context);
  };
  const auto show = [&](std::uint64_t bytes) {
    context.show_progress(fmt::format(
        "{} of {}, {} matched, {} wrong", human_size(bytes),
        human_size(check.bytes_to_hash()), count_of(&counts, Verdict::kMatched),
        count_of(&counts, Verdict::kWrong)));
  };
  const FileHashers::Options hashing = {.threads = options.threads,
                                        .per_disk = options.per_disk};
  const Status status = check.run(hashing, observe, show);
  context.show_progress("");
  DAGFS_TRY(status);
  print_table(counts, context);
  const ExitCode code = exit_code_of(counts, options);
  if (code == ExitCode::kOk) return code;
  return context.fail(code, options.manifest + ": not everything is as listed");
}

}  // namespace dagfs::tools
