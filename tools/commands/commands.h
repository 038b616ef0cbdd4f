// SPDX-License-Identifier: Apache-2.0 OR MIT

// Every command adds itself to the program: its name, options, help, and what
// it does.

#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "tools/commands/command_context.h"

namespace dagfs::tools {

// Help of one command.
struct CommandHelp {
  std::string what;     // Half a sentence, shown in the list of commands too.
  std::string when;     // When one wants it.
  std::string example;  // A command line.
};

// What the arguments ask for.
struct Selection {
  Action action;
  bool json = false;
};

// Adds `name` to `parent`.
CLI::App* add_command(CLI::App& parent, const std::string& name,
                      const CommandHelp& help);

// Each adds one command that, if the arguments name it, puts its action in
// `selected`, which must outlive parsing.
void add_init(CLI::App& program, Selection* selected);
void add_register(CLI::App& program, Selection* selected);
void add_mount(CLI::App& program, Selection* selected);
void add_umount(CLI::App& program, Selection* selected);
void add_commp(CLI::App& program, Selection* selected);
void add_migrate_lotus(CLI::App& migrate, Selection* selected);
void add_migrate_boost(CLI::App& migrate, Selection* selected);
void add_ingest(CLI::App& program, Selection* selected);
void add_inbox_list(CLI::App& inbox, Selection* selected);
void add_inbox_seal(CLI::App& inbox, Selection* selected);
void add_inbox_retry(CLI::App& inbox, Selection* selected);
void add_inbox_remove(CLI::App& inbox, Selection* selected);
void add_shard_list(CLI::App& shard, Selection* selected);
void add_shard_info(CLI::App& shard, Selection* selected);
void add_shard_destroy(CLI::App& shard, Selection* selected);
void add_shard_verify(CLI::App& shard, Selection* selected);
void add_car_inspect(CLI::App& car, Selection* selected);
void add_car_ls(CLI::App& car, Selection* selected);
void add_car_cat(CLI::App& car, Selection* selected);
void add_car_verify(CLI::App& car, Selection* selected);
void add_car_index(CLI::App& car, Selection* selected);
void add_car_extract(CLI::App& car, Selection* selected);

// Of commands that have none.
struct NoOptions {};

// Makes `action(options, context)` what `command` does; `options` is where the
// parser puts its values.
template <typename Options>
void select(CLI::App* command, Selection* selected,
            std::shared_ptr<Options> options,
            Result<ExitCode> (*action)(const Options&, CommandContext&)) {
  command->callback([selected, options = std::move(options), action] {
    selected->action = [options, action](CommandContext& context) {
      return action(*options, context);
    };
  });
}

}  // namespace dagfs::tools
