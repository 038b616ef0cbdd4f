// SPDX-License-Identifier: Apache-2.0 OR MIT

// Runs file_exerciser on a spooled file.
//
//   DAGFS_EXERCISER_OPERATIONS   how many (a million for a long run)
//   DAGFS_EXERCISER_SEED         which

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/fs/inbox/spool_fixture.h"

namespace dagfs::fs {
namespace {

using namespace tests;  // NOLINT(google-build-using-namespace)

std::string from_environment(const char* name, const char* fallback) {
  // Nothing here changes the environment.
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? fallback : text;
}

class FileExerciser : public MountedSpool {};

TEST_F(FileExerciser, ASpooledFileIsAFileLikeAnyOther) {
  const std::string operations =
      from_environment("DAGFS_EXERCISER_OPERATIONS", "3000");
  const std::string seed = from_environment("DAGFS_EXERCISER_SEED", "20240229");
  EXPECT_EQ(shell(std::string(DAGFS_FILE_EXERCISER) + ' ' + path("file") + ' ' +
                  plain("file") + ' ' + operations + ' ' + seed),
            "same\n")
      << "seed " << seed;
}

}  // namespace
}  // namespace dagfs::fs
