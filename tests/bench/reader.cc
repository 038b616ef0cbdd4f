// SPDX-License-Identifier: Apache-2.0 OR MIT

// reader sequential FILE BLOCK          reads all of it
// reader random FILE BLOCK COUNT        reads blocks at random places
// reader forget FILE                    drops it from the page cache
// reader list FOLDER                    lists it, names only
//
// Prints "UNITS SECONDS": bytes, reads or entries, and the time they took.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "car/base/unique_fd.h"

namespace dagfs::tests {
namespace {

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

UniqueFd open_or_die(const char* path) {
  UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) die(path);
  return fd;
}

std::uint64_t read_sequentially(const char* path, std::size_t block) {
  const UniqueFd fd = open_or_die(path);
  std::vector<char> buffer(block);
  std::uint64_t total = 0;
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0) die(path);
    if (count == 0) return total;
    total += static_cast<std::uint64_t>(count);
  }
}

std::uint64_t read_at_random(const char* path, std::size_t block,
                             std::uint64_t count) {
  const UniqueFd fd = open_or_die(path);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) die(path);
  std::vector<char> buffer(block);
  std::mt19937_64 random(1);
  const auto places = static_cast<std::uint64_t>(status.st_size) / block;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto offset = static_cast<off_t>(random() % places * block);
    if (::pread(fd.get(), buffer.data(), block, offset) !=
        static_cast<ssize_t>(block)) {
      die(path);
    }
  }
  return count;
}

std::uint64_t forget(const char* path) {
  const UniqueFd fd = open_or_die(path);
  if (::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED) != 0) die(path);
  return 0;
}

std::uint64_t list(const char* path) {
  struct Close {
    void operator()(DIR* folder) const { ::closedir(folder); }
  };
  const std::unique_ptr<DIR, Close> folder(::opendir(path));
  if (!folder) die(path);
  std::uint64_t entries = 0;
  while (::readdir(folder.get()) != nullptr) ++entries;
  return entries;
}

std::uint64_t number(const char* text) {
  return std::strtoull(text, nullptr, 10);
}

std::uint64_t work(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  if (what == "sequential" && argc == 4) {
    return read_sequentially(argv[2], number(argv[3]));
  }
  if (what == "random" && argc == 5) {
    return read_at_random(argv[2], number(argv[3]), number(argv[4]));
  }
  if (what == "forget" && argc == 3) return forget(argv[2]);
  if (what == "list" && argc == 3) return list(argv[2]);
  std::fputs("usage: see the head of reader.cc\n", stderr);
  std::exit(64);
}

}  // namespace
}  // namespace dagfs::tests

int main(int argc, char** argv) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t units = dagfs::tests::work(argc, argv);
  const std::chrono::duration<double> seconds =
      std::chrono::steady_clock::now() - start;
  std::printf("%llu %.6f\n", static_cast<unsigned long long>(units),
              seconds.count());
}
