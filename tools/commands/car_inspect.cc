// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include <algorithm>

#include "car/index_comparison.h"
#include "tools/commands/car/car_statistics.h"
#include "tools/commands/car/open_car.h"
#include "tools/commands/commands.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

struct CarInspectOptions {
  std::string file;
};

Result<std::string> presence_of(const OpenCar& car, const car::Cid& root) {
  if (root.is_identity()) return std::string("identity");
  const auto found = DAGFS_TRY(car.blocks->find(root));
  return std::string(found.empty() ? "missing" : "present");
}

// The first kRootsToldMax roots, each once for each time it is listed.
Result<Json> roots_of(const OpenCar& car) {
  Json roots = Json::array();
  for (const car::Cid& root : car.header.roots) {
    if (roots.size() == kRootsToldMax) break;
    const std::string presence =
        DAGFS_TRY_CONTEXT(presence_of(car, root), car.path);
    roots.push_back({{"cid", root.to_string()}, {"block", presence}});
  }
  return roots;
}

Result<Json> index_of(const OpenCar& car) {
  if (!car.header.v2 || car.header.v2->index_offset == 0) return Json();
  const std::uint64_t offset = car.header.v2->index_offset;
  Json json = {{"offset", offset}};
  const auto index = car::CarIndex::open(
      car.file, {.offset = offset, .size = car.file->size() - offset});
  if (index.ok()) {
    const bool sorted =
        (*index)->codec() == car::IndexCodec::kMultihashIndexSorted;
    json["codec"] = sorted ? "multihash-index-sorted" : "index-sorted";
    json["entries"] = (*index)->entry_count();
    json["size"] = (*index)->size();
  }
  json["verdict"] = DAGFS_TRY_CONTEXT(
      car::compare_embedded_index(car.file, car.header, *car.index), car.path);
  return json;
}

// Bytes after the last section, where there are any.
Result<Json> padding_of(const OpenCar& car) {
  const ByteRange payload = car.header.payload;
  const std::uint64_t size = payload.size - car.summary.data_end;
  if (size == 0) return Json();
  const ByteRange range = {.offset = payload.offset + car.summary.data_end,
                           .size = size};
  return Json{{"offset", range.offset},
              {"size", size},
              {"content", DAGFS_TRY_CONTEXT(describe_padding(*car.file, range),
                                            car.path)}};
}

Json payload_of(const OpenCar& car) {
  return {
      {"offset", car.header.payload.offset},
      {"size", car.header.payload.size},
      {"first_section", car.header.payload.offset + car.header.first_section}};
}

Json blocks_of(const CarStatistics& statistics) {
  const std::uint64_t count = std::max<std::uint64_t>(statistics.blocks, 1);
  return {
      {"count", statistics.blocks},      {"bytes", statistics.bytes},
      {"size_min", statistics.size_min}, {"size_avg", statistics.bytes / count},
      {"size_max", statistics.size_max}, {"cid_v0", statistics.cid_v0},
      {"identity", statistics.identity}, {"codecs", statistics.codecs},
      {"hashes", statistics.hashes}};
}

Result<Json> report_of(const OpenCar& car) {
  const CarStatistics statistics =
      DAGFS_TRY_CONTEXT(collect_statistics(*car.file, car.header), car.path);
  Json report;
  set_text(&report, "file", car.path);
  report["size"] = car.file->size();
  report["version"] = car.header.version;
  if (car.header.v2) {
    report["characteristics"] = to_hex(car.header.v2->characteristics);
    report["fully_indexed"] = car.header.v2->fully_indexed();
  }
  report["payload"] = payload_of(car);
  report["roots"] = DAGFS_TRY(roots_of(car));
  report["root_count"] = car.header.roots.size();
  report["blocks"] = blocks_of(statistics);
  report["blocks"]["duplicates"] = car.summary.has_duplicates;
  report["index"] = DAGFS_TRY(index_of(car));
  report["padding"] = DAGFS_TRY(padding_of(car));
  return report;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return to_line(value);
}

// "raw 12, dag-pb 3".
std::string counts_text(const Json& counts) {
  std::string text;
  for (const auto& [name, count] : counts.items()) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", name, text_of(count));
  }
  return text;
}

// One "name: value" a line.
class TextReport {
 public:
  explicit TextReport(CommandContext& context) : context_(context) {}

  void line(std::string_view name, const Json& value) {
    context_.print(fmt::format("{}: {}", name, printable(text_of(value))));
  }

  void print(const Json& report) {
    line("file", report["file"]);
    line("size", report["size"]);
    line("version", report["version"]);
    if (report.contains("characteristics")) {
      line("characteristics", report["characteristics"]);
    }
    line("payload offset", report["payload"]["offset"]);
    line("payload size", report["payload"]["size"]);
    line("first section", report["payload"]["first_section"]);
    print_roots(report);
    print_blocks(report["blocks"]);
    print_index(report["index"]);
    print_padding(report["padding"]);
  }

 private:
  void print_roots(const Json& report) {
    const Json& roots = report["roots"];
    for (const Json& root : roots) {
      line("root",
           fmt::format("{} {}", text_of(root["cid"]), text_of(root["block"])));
    }
    const auto count = report["root_count"].get<std::size_t>();
    if (count == 0) line("root", "none");
    if (count > roots.size()) line("further roots", count - roots.size());
  }

  void print_blocks(const Json& blocks) {
    line("blocks", blocks["count"]);
    line("block bytes", blocks["bytes"]);
    line("block size",
         fmt::format("min {}, avg {}, max {}", text_of(blocks["size_min"]),
                     text_of(blocks["size_avg"]), text_of(blocks["size_max"])));
    line("codecs", counts_text(blocks["codecs"]));
    line("hashes", counts_text(blocks["hashes"]));
    line("CIDv0", blocks["cid_v0"]);
    line("identity", blocks["identity"]);
    line("duplicates", blocks["duplicates"].get<bool>() ? "yes" : "no");
  }

  void print_index(const Json& index) {
    if (index.is_null()) return line("index", "none");
    if (index.contains("codec")) {
      line("index",
           fmt::format("{} at {}, {} entries, {} bytes",
                       text_of(index["codec"]), text_of(index["offset"]),
                       text_of(index["entries"]), text_of(index["size"])));
    } else {
      line("index", fmt::format("unreadable, at {}", text_of(index["offset"])));
    }
    line("index check", index["verdict"]);
  }

  void print_padding(const Json& padding) {
    if (padding.is_null()) return line("padding", "none");
    line("padding",
         fmt::format("{} bytes at {}: {}", text_of(padding["size"]),
                     text_of(padding["offset"]), text_of(padding["content"])));
  }

  CommandContext& context_;
};

Result<ExitCode> inspect(const CarInspectOptions& options,
                         CommandContext& context) {
  const OpenCar car = DAGFS_TRY(open_car(options.file));
  const Json report = DAGFS_TRY(report_of(car));
  if (context.json()) {
    context.print_json(report);
  } else {
    TextReport(context).print(report);
  }
  return ExitCode::kOk;
}

}  // namespace

void add_car_inspect(CLI::App& car, Selection* selected) {
  auto options = std::make_shared<CarInspectOptions>();
  CLI::App* command = add_command(
      car, "inspect",
      {.what = "Print what a CAR is made of: version, roots, blocks, index",
       .when = "you got a CAR and want to know what kind it is; only section "
               "heads are read, so it is quick",
       .example = "dagfs car inspect archive.car"});
  command->add_option("file", options->file, "The CAR")
      ->type_name("FILE")
      ->required();
  command->add_flag("--json", selected->json, "Print JSON");
  select(command, selected, options, inspect);
}

}  // namespace dagfs::tools
