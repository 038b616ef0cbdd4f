// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "car/car_verifier.h"
#include "tools/commands/car/open_car.h"
#include "tools/commands/commands.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

struct CarVerifyOptions {
  std::vector<std::string> files;
};

class Verification {
 public:
  Verification(const std::string& path, CommandContext& context)
      : path_(path), context_(context) {}

  // How it ended, or why it could not be done.
  Result<ExitCode> run() {
    const auto file = DAGFS_TRY(open_input(path_));
    const car::CarHeader header =
        DAGFS_TRY_CONTEXT(car::read_car_header(*file), path_);
    car::CarReport report = DAGFS_TRY_CONTEXT(check(file, header), path_);
    context_.show_progress("");
    print_findings(report);
    print_summary(report);
    return judge(report);
  }

 private:
  Result<car::CarReport> check(
      const std::shared_ptr<const RandomAccessFile>& file,
      const car::CarHeader& header) {
    car::VerifyOptions strict;
    strict.progress = [this, size = header.payload.size](std::uint64_t done) {
      context_.show_progress(fmt::format("{}: {} of {}", path_,
                                         human_size(done), human_size(size)));
    };
    Result<car::CarReport> report = car::verify_car(file, header, strict);
    if (report.ok() || report.error().code() != ErrorCode::kCorrupt) {
      return report;
    }
    // Where padding is all that is wrong with the sections, the blocks before
    // it can still be judged.
    car::VerifyOptions lenient = strict;
    lenient.zero_section = car::ZeroSection::kEndsData;
    Result<car::CarReport> rest = car::verify_car(file, header, lenient);
    if (!rest.ok()) return report;
    print_problem(report.error().message());
    return rest;
  }

  void print_findings(const car::CarReport& report) {
    for (const car::BlockFinding& finding : report.bad) {
      print_problem(fmt::format("{} at {}: {}", finding.cid.to_string(),
                                finding.offset, finding.reason));
    }
    if (report.bad_count > report.bad.size()) {
      problems_ += report.bad_count - report.bad.size();
      print(fmt::format("{} further bad blocks are not listed",
                        report.bad_count - report.bad.size()));
    }
    for (const car::BlockFinding& finding : report.unverifiable) {
      print(fmt::format("{} at {}: cannot be checked: {}",
                        finding.cid.to_string(), finding.offset,
                        finding.reason));
    }
    for (const car::Cid& root : report.missing_roots) {
      print_problem(root.to_string() + ": is a root, but no section has it");
    }
    if (report.embedded_index.starts_with("differs")) {
      print_problem("index: " + report.embedded_index);
    }
  }

  void print_problem(const std::string& line) {
    ++problems_;
    print(line);
  }

  void print(const std::string& line) {
    context_.show_progress("");
    if (context_.json()) {
      Json json = {{"problem", line}};
      set_text(&json, "file", path_);
      return context_.print_json(json);
    }
    context_.print(printable(path_ + ": " + line));
  }

  void print_summary(const car::CarReport& report) {
    if (!context_.json()) {
      return context_.print(fmt::format(
          "{}: {} blocks, {} bytes, {} problems, {} unverifiable",
          printable(path_), report.section_count, report.block_bytes, problems_,
          report.unverifiable_count));
    }
    Json json = {{"blocks", report.section_count},
                 {"bytes", report.block_bytes},
                 {"problems", problems_},
                 {"unverifiable", report.unverifiable_count}};
    set_text(&json, "file", path_);
    context_.print_json(json);
  }

  ExitCode judge(const car::CarReport& report) {
    if (problems_ > 0) {
      return context_.fail(ExitCode::kBadData,
                           fmt::format("{}: {} problems", path_, problems_));
    }
    if (report.unverifiable_count > 0) {
      return context_.fail(
          ExitCode::kUnavailable,
          fmt::format("{}: {} blocks have a hash function not known here",
                      path_, report.unverifiable_count));
    }
    return ExitCode::kOk;
  }

  const std::string& path_;
  CommandContext& context_;
  std::uint64_t problems_ = 0;
};

Result<ExitCode> verify(const CarVerifyOptions& options,
                        CommandContext& context) {
  ExitCode code = ExitCode::kOk;
  for (const std::string& path : options.files) {
    const Result<ExitCode> result = Verification(path, context).run();
    const ExitCode one = result.ok() ? *result : context.fail(result.error());
    if (code == ExitCode::kOk) code = one;
  }
  return code;
}

}  // namespace

void add_car_verify(CLI::App& car, Selection* selected) {
  auto options = std::make_shared<CarVerifyOptions>();
  CLI::App* command = add_command(
      car, "verify",
      {.what = "Check all of a CAR strictly: every block, the roots, the index",
       .when = "a CAR came from somewhere and must be whole and right; a piece "
               "is none, as its padding counts as a problem",
       .example = "dagfs car verify *.car"});
  command->add_option("files", options->files, "The CARs")
      ->type_name("FILE")
      ->required();
  command->add_flag("--json", selected->json,
                    "Print JSON, a line a problem and a line a file");
  select(command, selected, options, verify);
}

}  // namespace dagfs::tools
