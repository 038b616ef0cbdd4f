// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include <filesystem>

#include "car/index_builder.h"
#include "tools/commands/car/open_car.h"
#include "tools/commands/car/output_folder.h"
#include "tools/commands/commands.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

struct CarIndexOptions {
  std::string file;
  std::string output;
  bool force = false;
};

std::string default_output(std::string_view file) {
  if (file.ends_with(".car")) file.remove_suffix(4);
  return std::string(file) + ".idx";
}

// Everything about the output that can go wrong ends the same way.
ExitCode fail_output(const std::filesystem::path& output, const Error& error,
                     CommandContext& context) {
  return context.fail(ExitCode::kCannotCreate,
                      fmt::format("{}: {}", output.string(), error.message()));
}

Result<ExitCode> index(const CarIndexOptions& options,
                       CommandContext& context) {
  const auto file = DAGFS_TRY(open_input(options.file));
  const car::CarHeader header =
      DAGFS_TRY_CONTEXT(car::read_car_header(*file), options.file);

  const std::filesystem::path output =
      options.output.empty() ? default_output(options.file) : options.output;
  const Existing existing =
      options.force ? Existing::kReplace : Existing::kKeep;
  const std::string name = output.filename().string();
  const std::string parent =
      output.has_parent_path() ? output.parent_path().string() : ".";
  const Result<OutputFolder> folder = OutputFolder::open_existing(parent);
  if (!folder.ok()) return fail_output(output, folder.error(), context);
  const Status free = folder->check_free(name, existing);
  if (!free.ok()) return fail_output(output, free.error(), context);
  Result<OutputFile> created = folder->file(name);
  if (!created.ok()) return fail_output(output, created.error(), context);

  const car::IndexSummary summary = DAGFS_TRY_CONTEXT(
      car::build_index(*file, header, car::ZeroSection::kEndsData,
                       created->fd(), nullptr),
      options.file);
  const Status finished = std::move(*created).finish({}, existing);
  if (!finished.ok()) return fail_output(output, finished.error(), context);

  if (context.json()) {
    Json json = {{"blocks", summary.section_count},
                 {"size", summary.index_size}};
    set_text(&json, "index", output.string());
    context.print_json(json);
  } else {
    context.print(printable(output.string()));
  }
  return ExitCode::kOk;
}

}  // namespace

void add_car_index(CLI::App& car, Selection* selected) {
  auto options = std::make_shared<CarIndexOptions>();
  CLI::App* command = add_command(
      car, "index",
      {.what = "Write the index of a CAR (MultihashIndexSorted) to a file",
       .when = "another program needs a detached CARv2 index",
       .example = "dagfs car index archive.car -o archive.idx"});
  command->add_option("file", options->file, "The CAR")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("-o,--output", options->output,
                   "The index; FILE with .idx for .car if not given")
      ->type_name("OUT");
  command->add_flag("--force", options->force, "Replace a file that exists");
  command->add_flag("--json", selected->json, "Print JSON");
  select(command, selected, options, index);
}

}  // namespace dagfs::tools
