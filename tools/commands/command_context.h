// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "car/base/error.h"
#include "car/base/result.h"
#include "tools/commands/exit_code.h"
#include "tools/rpc/json_rpc.h"
#include "tools/rpc/store_service.h"

namespace dagfs::tools {

// Where a command writes, and the repo it is about. Tests give it streams and
// services of their own.
class CommandContext {
 public:
  using StoreOpener =
      std::function<Result<std::unique_ptr<StoreService>>(const std::string&)>;

  CommandContext(std::ostream& out, std::ostream& err, StoreOpener open_store)
      : out_(out), err_(err), open_store_(std::move(open_store)) {}

  std::ostream& out() { return out_; }

  // One line on standard error, "dagfs: " before it.
  ExitCode fail(ExitCode code, std::string_view message);
  ExitCode fail(const Error& error);

  // Print JSON instead of text.
  bool json() const { return json_; }
  void set_json(bool json) { json_ = json; }

  // One line on standard output.
  void print(std::string_view line);
  void print_json(const Json& json);
  // False once standard output takes no more: a long listing can stop.
  bool can_print() const { return out_.good(); }

  // Standard error is looked at by a person, who may be shown progress there.
  void set_interactive(bool interactive) { interactive_ = interactive; }
  // Replaces what was last shown; empty removes it.
  void show_progress(std::string_view text);

  // Absolute; empty where none was given and there is no default.
  const std::string& repo() const { return repo_; }
  void set_repo(std::string repo) { repo_ = std::move(repo); }
  // For commands that need one: says so where there is none.
  std::optional<ExitCode> fail_without_repo();

  // The service of the repo.
  Result<std::unique_ptr<StoreService>> open_store();

 private:
  std::ostream& out_;
  std::ostream& err_;
  StoreOpener open_store_;
  std::string repo_;
  bool json_ = false;
  bool interactive_ = false;
  std::size_t progress_size_ = 0;
};

// What a command does once its arguments were read. An Error is printed and
// becomes the exit code.
using Action = std::function<Result<ExitCode>(CommandContext&)>;

// Opens the repo and does `work` on it; ends with kConfiguration where there is
// none.
using StoreWork = std::function<Result<ExitCode>(StoreService&)>;
Result<ExitCode> with_store(CommandContext& context, const StoreWork& work);

}  // namespace dagfs::tools
