// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "tools/commands/car/extraction.h"
#include "tools/commands/commands.h"

namespace dagfs::tools {
namespace {

struct CarExtractOptions {
  std::string file;
  std::string output = ".";
  std::vector<std::string> paths;
  bool force = false;
};

// What is not in the CAR is wrong with the CAR; a name that is taken, or that
// cannot be a name, is the output's trouble.
ExitCode code_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::kNotFound: return ExitCode::kBadData;
    case ErrorCode::kInvalidArgument: return ExitCode::kCannotCreate;
    default: return exit_code_from(error.code());
  }
}

Result<ExitCode> extract(const CarExtractOptions& options,
                         CommandContext& context) {
  const OpenCar car = DAGFS_TRY(open_car(options.file));
  std::vector<FoundPath> starts;
  for (const std::string& path : options.paths) {
    starts.push_back(DAGFS_TRY_CONTEXT(
        find_path(*car.blocks, car.header.roots, path), options.file));
  }
  if (starts.empty()) starts = paths_of_roots(car.header.roots);

  const Result<OutputFolder> output = OutputFolder::open(options.output);
  if (!output.ok()) {
    return context.fail(ExitCode::kCannotCreate, output.error().message());
  }
  ExitCode code = ExitCode::kOk;
  const auto failure = [&](const std::string& path, const Error& error) {
    const ExitCode failed = context.fail(
        code_of(error),
        fmt::format("{}: {}: {}", options.file, path, error.message()));
    // Data that is not right says more than a file that is in the way.
    if (code == ExitCode::kOk || failed == ExitCode::kBadData) code = failed;
  };
  Extraction extraction(
      car, options.force ? Existing::kReplace : Existing::kKeep, failure);
  for (const FoundPath& start : starts) extraction.extract(start, *output);
  if (context.json()) {
    context.print_json(Json{{"files", extraction.files()}});
  }
  return code;
}

}  // namespace

void add_car_extract(CLI::App& car, Selection* selected) {
  auto options = std::make_shared<CarExtractOptions>();
  CLI::App* command = add_command(
      car, "extract",
      {.what = "Write the files in a CAR to a folder, checked",
       .when = "you need copies; to look at files, mount or cat them instead",
       .example = "dagfs car extract archive.car -o out photos/2019"});
  command->add_option("file", options->file, "The CAR")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("paths", options->paths,
                   "Below the only root, or beginning with a CID; everything "
                   "if not given")
      ->type_name("PATH");
  command
      ->add_option("-o,--output", options->output,
                   "Folder to write to, made if need be; the current one if "
                   "not given")
      ->type_name("DIR");
  command->add_flag("--force", options->force, "Replace files that exist");
  command->add_flag("--json", selected->json, "Print how many files, as JSON");
  select(command, selected, options, extract);
}

}  // namespace dagfs::tools
