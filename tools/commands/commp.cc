// SPDX-License-Identifier: Apache-2.0 OR MIT

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <thread>

#include "mount/piece/file_commp.h"
#include "tools/commands/car/open_car.h"
#include "tools/commands/commands.h"
#include "tools/commands/commp/manifest_check.h"
#include "tools/commands/text.h"

namespace dagfs::tools {
namespace {

using mount::PaddedSize;
using mount::PieceCommitment;
using mount::PieceSize;

struct CommpOptions {
  std::vector<std::string> files;
  std::uint64_t piece_size = 0;  // Padded; 0 for the smallest that will do.
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool is_v2 = false;
  ManifestCheckOptions check;
};

class CommpOfFile {
 public:
  CommpOfFile(const std::string& path, const CommpOptions& options,
              CommandContext& context)
      : path_(path), options_(options), context_(context) {}

  // What its bytes commit to, in a piece of the size that was asked for.
  Result<PieceCommitment> compute() {
    const auto file = DAGFS_TRY(open_input(path_));
    const PieceSize size = DAGFS_TRY_CONTEXT(piece_size(*file), path_);
    const auto show = [&](std::uint64_t done) {
      context_.show_progress(fmt::format(
          "{}: {} of {}", path_, human_size(done), human_size(file->size())));
    };
    auto least = mount::commitment_of(
        *file, {.threads = options_.threads, .progress = show});
    context_.show_progress("");
    if (!least.ok()) return std::move(least).error().context(path_);
    return grown_to(*least, size);
  }

 private:
  // Known before anything is read, so that hours are not spent on a file that
  // no piece, or not the one that was asked for, can hold.
  Result<PieceSize> piece_size(const RandomAccessFile& file) const {
    const PieceSize least =
        DAGFS_TRY(PieceSize::holding(mount::UnpaddedSize(file.size())));
    if (options_.piece_size == 0) return least;
    const PieceSize wanted =
        DAGFS_TRY(PieceSize::from_padded(PaddedSize(options_.piece_size)));
    if (wanted < least) {
      return Error(
          ErrorCode::kInvalidArgument,
          fmt::format("does not fit a piece of {} bytes padded, the "
                      "smallest that holds it has {}",
                      wanted.padded().bytes(), least.padded().bytes()));
    }
    if (options_.is_v2 && wanted != least) {
      return Error(
          ErrorCode::kInvalidArgument,
          fmt::format("has no piece CID of version 2 for a piece of {} "
                      "bytes padded, only for the smallest, of {}",
                      wanted.padded().bytes(), least.padded().bytes()));
    }
    return wanted;
  }

  const std::string& path_;
  const CommpOptions& options_;
  CommandContext& context_;
};

// "508 KiB": four digits at most, as Lotus writes it.
std::string lotus_size(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) amount /= 1024;
  return fmt::format("{:.4g} {}", amount, kUnits[unit]);
}

Result<car::Cid> cid_of(const PieceCommitment& commitment, bool is_v2) {
  if (is_v2) return piece_cid_v2(commitment);
  return mount::piece_cid_v1(commitment.root);
}

Json commp_json(const std::string& path, const PieceCommitment& commitment) {
  Json json = {{"cid", mount::piece_cid_v1(commitment.root).to_string()},
               {"payload_size", commitment.payload.bytes()},
               {"unpadded_piece_size", commitment.piece.unpadded().bytes()},
               {"padded_piece_size", commitment.piece.padded().bytes()}};
  const auto v2 = piece_cid_v2(commitment);
  if (v2.ok()) json["cid_v2"] = v2->to_string();
  set_text(&json, "file", path);
  return json;
}

void print_as_lotus(const car::Cid& cid, const PieceCommitment& commitment,
                    CommandContext& context) {
  const std::uint64_t unpadded = commitment.piece.unpadded().bytes();
  context.print(fmt::format("CID:  {}", cid.to_string()));
  context.print(fmt::format("Piece size:  {}", lotus_size(unpadded)));
  context.print(fmt::format("Piece size in bytes:  {}", unpadded));
  context.print(fmt::format("Padded piece size in bytes:  {}",
                            commitment.piece.padded().bytes()));
  context.print(
      fmt::format("Payload size in bytes:  {}", commitment.payload.bytes()));
}

Result<ExitCode> commp_of_file(const std::string& path,
                               const CommpOptions& options,
                               CommandContext& context) {
  const PieceCommitment commitment =
      DAGFS_TRY(CommpOfFile(path, options, context).compute());
  const car::Cid cid =
      DAGFS_TRY_CONTEXT(cid_of(commitment, options.is_v2), path);
  if (context.json()) {
    context.print_json(commp_json(path, commitment));
  } else if (options.files.size() == 1) {
    print_as_lotus(cid, commitment, context);
  } else {
    context.print(fmt::format("{}\t{}\t{}", cid.to_string(),
                              commitment.piece.padded().bytes(),
                              printable(path)));
  }
  return ExitCode::kOk;
}

Result<ExitCode> commp(const CommpOptions& options, CommandContext& context) {
  if (!options.check.manifest.empty()) {
    ManifestCheckOptions check = options.check;
    check.folders = options.files;
    check.threads = options.threads;
    return check_manifest(check, context);
  }
  ExitCode code = ExitCode::kOk;
  for (const std::string& path : options.files) {
    const Result<ExitCode> result = commp_of_file(path, options, context);
    const ExitCode one = result.ok() ? *result : context.fail(result.error());
    if (code == ExitCode::kOk) code = one;
  }
  return code;
}

void add_check_options(CLI::App* command, ManifestCheckOptions* check) {
  CLI::Option* manifest =
      command
          ->add_option("--manifest", check->manifest,
                       "List of pieces that the files below the folders FILE "
                       "are compared with: CSV or JSON")
          ->type_name("LIST")
          ->excludes("--piece-size")
          ->excludes("--v2");
  command
      ->add_option("--state", check->state,
                   "File that remembers what was hashed; else LIST.checked")
      ->type_name("PATH")
      ->needs(manifest);
  command
      ->add_flag("--fresh", check->is_fresh,
                 "Hash again what earlier checks hashed")
      ->needs(manifest);
  command
      ->add_option("--jobs", check->per_disk,
                   "Files read side by side from one disk; else 1, which is "
                   "best where heads move")
      ->type_name("N")
      ->check(CLI::Range(1U, 1024U))
      ->needs(manifest);
  command
      ->add_flag("--allow-extra", check->is_extra_allowed,
                 "Files that are not on the list are no fault")
      ->needs(manifest);
}

}  // namespace

void add_commp(CLI::App& program, Selection* selected) {
  auto options = std::make_shared<CommpOptions>();
  CLI::App* command = add_command(
      program, "commp",
      {.what = "Compute the piece commitment of files: what Filecoin stores",
       .when = "a deal is to be made of a file, or a CID to be compared; all "
               "bytes count, whether they are a CAR or not",
       .example = "dagfs commp archive.car"});
  command
      ->add_option("files", options->files,
                   "The files, or with --manifest the folders")
      ->type_name("FILE")
      ->required();
  command
      ->add_option("--piece-size", options->piece_size,
                   "Padded size of the piece, such as 32GiB; else the smallest "
                   "that holds the file")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false).description(""));
  command->add_flag("--v2", options->is_v2,
                    "Print piece CIDs of version 2, which say the size too");
  command
      ->add_option("--threads", options->threads,
                   "Threads that hash; else as many as there are cores")
      ->type_name("N")
      ->check(CLI::Range(1U, 1024U));
  add_check_options(command, &options->check);
  command->add_flag("--json", selected->json, "Print JSON, a line a file");
  select(command, selected, options, commp);
}

}  // namespace dagfs::tools
