// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "tools/commands/car/content.h"
#include "tools/commands/car/dag_path.h"
#include "tools/commands/commands.h"

namespace dagfs::tools {
namespace {

struct CarCatOptions {
  std::string file;
  std::vector<std::string> paths;
};

Status cat_one(const OpenCar& car, const std::string& path,
               CommandContext& context) {
  const FoundPath found =
      DAGFS_TRY(find_path(*car.blocks, car.header.roots, path));
  const DagEntry entry = describe(*car.blocks, found.cid);
  if (entry.type == EntryType::kDirectory) {
    return Error(ErrorCode::kInvalidArgument,
                 fmt::format("{}: is a directory", path));
  }
  if (entry.type == EntryType::kSymlink) {
    return Error(
        ErrorCode::kInvalidArgument,
        fmt::format("{}: is a symbolic link to {}", path, entry.target));
  }
  DAGFS_TRY_CONTEXT(
      read_content(car, entry,
                   [&](ByteView bytes) -> Status {
                     context.out().write(
                         as_text(bytes).data(),
                         static_cast<std::streamsize>(bytes.size()));
                     if (context.can_print()) return ok_status();
                     return Error(ErrorCode::kIo, "standard output is closed");
                   }),
      path);
  return ok_status();
}

Result<ExitCode> cat(const CarCatOptions& options, CommandContext& context) {
  const OpenCar car = DAGFS_TRY(open_car(options.file));
  ExitCode code = ExitCode::kOk;
  for (const std::string& path : options.paths) {
    const Status done = cat_one(car, path, context);
    if (done.ok()) continue;
    // The one who writes out says why it cannot.
    if (!context.can_print()) return ExitCode::kIo;
    const ExitCode failed = context.fail(
        exit_code_from(done.error().code()),
        fmt::format("{}: {}", options.file, done.error().message()));
    if (code == ExitCode::kOk) code = failed;
  }
  return code;
}

}  // namespace

void add_car_cat(CLI::App& car, Selection* selected) {
  auto options = std::make_shared<CarCatOptions>();
  CLI::App* command =
      add_command(car, "cat",
                  {.what = "Write files in a CAR to standard output, checked",
                   .when = "you want one file, or one block by its CID",
                   .example = "dagfs car cat archive.car photos/index.html"});
  command->add_option("file", options->file, "The CAR")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("paths", options->paths,
                   "Below the only root, or beginning with a CID")
      ->type_name("PATH")
      ->required();
  select(command, selected, options, cat);
}

}  // namespace dagfs::tools
