// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include "car/unixfs/directory_reader.h"
#include "tools/commands/car/dag_entry.h"
#include "tools/commands/car/dag_path.h"
#include "tools/commands/car/mode_text.h"
#include "tools/commands/car/open_car.h"
#include "tools/commands/commands.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

// Deeper folders than this are nobody's files.
constexpr std::size_t kDepthMax = 512;

struct CarLsOptions {
  std::string file;
  std::string path;
  bool is_long = false;
  bool recursive = false;
  bool human = false;
};

Json to_json(const std::string& path, const DagEntry& entry) {
  Json json = {{"cid", entry.cid.to_string()}, {"type", to_string(entry.type)}};
  set_text(&json, "path", path);
  json["size"] = entry.size ? Json(*entry.size) : Json();
  if (entry.mode) json["mode"] = fmt::format("{:04o}", *entry.mode);
  if (entry.mtime) json["mtime"] = entry.mtime->seconds;
  if (entry.type == EntryType::kSymlink) {
    set_text(&json, "target", entry.target);
  }
  if (entry.error) json["error"] = entry.error->message();
  return json;
}

class Listing {
 public:
  Listing(const OpenCar& car, const CarLsOptions& options,
          CommandContext& context)
      : car_(car), options_(options), context_(context) {}

  void print(const std::string& path, const DagEntry& entry) {
    if (context_.json()) return context_.print_json(to_json(path, entry));
    std::string line;
    if (options_.is_long) {
      line = fmt::format("{}  {:>20}  ", mode_text(entry), time_text(entry));
    }
    line += fmt::format("{:>9}  {}  {}", size_text(entry),
                        entry.cid.to_string(), printable(path));
    if (entry.type == EntryType::kSymlink) {
      line += " -> " + printable(entry.target);
    }
    context_.print(line);
  }

  // The entries of a folder, and of those below if asked for.
  void print_folder(const std::string& path, const car::Cid& folder,
                    std::size_t depth) {
    if (depth > kDepthMax) {
      return fail(path, Error(ErrorCode::kExhausted, "too many folders deep"));
    }
    const auto reader = car::DirectoryReader::open(*car_.blocks, folder);
    if (!reader.ok()) return fail(path, reader.error());
    const Status listed =
        (*reader)->list(0, [&](const car::DirectoryEntry& child) {
          print_child(join_path(path, child.name), child.cid.to_cid(), depth);
          return context_.can_print();
        });
    if (!listed.ok()) fail(path, listed.error());
  }

  ExitCode code() const { return code_; }

 private:
  void print_child(const std::string& path, const car::Cid& cid,
                   std::size_t depth) {
    const DagEntry entry = describe(*car_.blocks, cid);
    print(path, entry);
    if (options_.recursive && entry.type == EntryType::kDirectory) {
      print_folder(path, cid, depth + 1);
    }
  }

  std::string size_text(const DagEntry& entry) const {
    if (entry.type == EntryType::kMissing || entry.type == EntryType::kBad) {
      return std::string(to_string(entry.type));
    }
    if (!entry.size) return "-";
    return options_.human ? human_size(*entry.size)
                          : fmt::format("{}", *entry.size);
  }

  static std::string time_text(const DagEntry& entry) {
    return entry.mtime ? utc_time(entry.mtime->seconds) : "-";
  }

  void fail(const std::string& path, const Error& error) {
    const ExitCode failed = context_.fail(
        exit_code_from(error.code()),
        fmt::format("{}: {}: {}", car_.path, path, error.message()));
    // What is not here is wrong with this CAR, not with the call.
    code_ = failed == ExitCode::kNoInput ? ExitCode::kBadData : failed;
  }

  const OpenCar& car_;
  const CarLsOptions& options_;
  CommandContext& context_;
  ExitCode code_ = ExitCode::kOk;
};

Result<ExitCode> ls(const CarLsOptions& options, CommandContext& context) {
  const OpenCar car = DAGFS_TRY(open_car(options.file));
  std::vector<FoundPath> starts = paths_of_roots(car.header.roots);
  if (!options.path.empty()) {
    starts = {DAGFS_TRY_CONTEXT(
        find_path(*car.blocks, car.header.roots, options.path), options.file)};
  }
  Listing listing(car, options, context);
  const bool enter = starts.size() == 1;
  for (const FoundPath& start : starts) {
    const DagEntry entry = describe(*car.blocks, start.cid);
    const bool is_folder = entry.type == EntryType::kDirectory;
    if (!enter || !is_folder) {
      listing.print(
          start.components.empty() ? start.cid.to_string() : start.path(),
          entry);
    }
    if (is_folder && (enter || options.recursive)) {
      listing.print_folder(start.path(), start.cid, 1);
    }
  }
  return listing.code();
}

}  // namespace

void add_car_ls(CLI::App& car, Selection* selected) {
  auto options = std::make_shared<CarLsOptions>();
  CLI::App* command = add_command(
      car, "ls",
      {.what = "List size, CID and path of what is below the roots",
       .when = "you want to know what is in a CAR without registering it; "
               "blocks that are not in it are marked \"missing\"",
       .example = "dagfs car ls -lR archive.car photos/2019"});
  command->set_help_flag("--help", "Print this help message and exit");
  command->add_option("file", options->file, "The CAR")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("path", options->path,
                   "Below the only root, or beginning with a CID")
      ->type_name("PATH");
  command->add_flag("-l", options->is_long, "With type, mode and time");
  command->add_flag("-R", options->recursive, "With everything below");
  command->add_flag("-h", options->human, "Sizes as 1.2K, 340M");
  command->add_flag("--json", selected->json, "Print JSON, a line an entry");
  select(command, selected, options, ls);
}

}  // namespace dagfs::tools
