// SPDX-License-Identifier: Apache-2.0 OR MIT

#include "tools/commands/command_context.h"

#include <algorithm>

#include "tools/commands/text.h"

namespace dagfs::tools {

ExitCode CommandContext::fail(ExitCode code, std::string_view message) {
  show_progress("");
  // Standard output first, so that lines stand in the order they came about
  // where both go to one place.
  out_.flush();
  err_ << "dagfs: " << printable(message) << '\n' << std::flush;
  return code;
}

ExitCode CommandContext::fail(const Error& error) {
  return fail(exit_code_from(error.code()), error.message());
}

void CommandContext::print(std::string_view line) { out_ << line << '\n'; }

void CommandContext::print_json(const Json& json) {
  out_ << to_line(json) << '\n';
}

void CommandContext::show_progress(std::string_view text) {
  if (!interactive_ || (text.empty() && progress_size_ == 0)) return;
  const std::size_t blanks =
      progress_size_ - std::min(progress_size_, text.size());
  err_ << '\r' << text << std::string(blanks, ' ') << std::string(blanks, '\b');
  if (text.empty()) err_ << '\r';
  err_ << std::flush;
  progress_size_ = text.size();
}

std::optional<ExitCode> CommandContext::fail_without_repo() {
  if (!repo_.empty()) return std::nullopt;
  return fail(ExitCode::kConfiguration,
              "no repo: give --repo, or set DAGFS_REPO or HOME");
}

Result<std::unique_ptr<StoreService>> CommandContext::open_store() {
  return open_store_(repo_);
}

Result<ExitCode> with_store(CommandContext& context, const StoreWork& work) {
  if (const auto failed = context.fail_without_repo()) return *failed;
  Result<std::unique_ptr<StoreService>> store = context.open_store();
  if (store.ok()) return work(**store);
  if (store.error().code() == ErrorCode::kNotFound) {
    return context.fail(
        ExitCode::kConfiguration,
        context.repo() + ": no repo there; `dagfs init` makes one");
  }
  return std::move(store).error();
}

}  // namespace dagfs::tools
