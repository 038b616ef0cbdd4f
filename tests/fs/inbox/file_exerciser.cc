// SPDX-License-Identifier: Apache-2.0 OR MIT

// file_exerciser TRIED PLAIN OPERATIONS SEED
//
// Does the same at random to the file TRIED and to PLAIN, which lies on an
// ordinary file system: reads, writes, appends, changes through mappings, cuts,
// allocates, closes and opens. Says where they differ first, or "same". A
// program of its own, as whoever serves a file must not map it.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <utility>

#include "car/base/unique_fd.h"

namespace dagfs::tests {
namespace {

constexpr std::size_t kFileSizeMax = 512 << 10;
constexpr std::size_t kAccessSizeMax = 96 << 10;

// One of two files that have to be equal at all times.
class Subject {
 public:
  explicit Subject(std::string path) : path_(std::move(path)) { reopen(0); }
  ~Subject() { unmap(); }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;

  int fd(bool appends = false) const {
    return appends ? appender_.get() : fd_.get();
  }
  const std::string& path() const { return path_; }

  void reopen(int flags) {
    unmap();
    fd_ = UniqueFd(
        ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | flags, 0644));
    appender_ =
        UniqueFd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  }

  // All of the file as it is now, to read and write; null where it is empty.
  char* map() {
    const std::size_t now = size();
    if (memory_ != nullptr && mapped_ == now) return memory_;
    unmap();
    if (now == 0) return nullptr;
    void* memory =
        ::mmap(nullptr, now, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (memory == MAP_FAILED) return nullptr;
    memory_ = static_cast<char*>(memory);
    mapped_ = now;
    return memory_;
  }
  void unmap() {
    if (memory_ != nullptr) ::munmap(memory_, mapped_);
    memory_ = nullptr;
  }

  std::size_t size() const {
    struct stat status = {};
    if (::fstat(fd_.get(), &status) != 0) return 0;
    return static_cast<std::size_t>(status.st_size);
  }

 private:
  const std::string path_;
  UniqueFd fd_;
  UniqueFd appender_;
  char* memory_ = nullptr;
  std::size_t mapped_ = 0;
};

// What is done to both. Ends the program at the first difference.
class FileExerciser {
 public:
  FileExerciser(const std::string& tried, const std::string& plain,
                std::uint64_t seed)
      : random_(seed), tried_(tried), reference_(plain) {
    std::ranges::generate(source_,
                          [this] { return static_cast<char>(random_()); });
  }

  void run(std::uint64_t operations) {
    while (done_ < operations) step();
    compare();
  }

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  // Sizes of all magnitudes, often whole pages.
  std::size_t some_size() {
    const std::size_t size = below(std::size_t{1} << (1 + below(17)));
    const std::size_t bounded = std::min(size, kAccessSizeMax);
    return below(4) == 0 ? (bounded + 4095) / 4096 * 4096 : bounded;
  }
  std::size_t some_offset() {
    const std::size_t offset = below(kFileSizeMax);
    return below(4) == 0 ? offset / 4096 * 4096 : offset;
  }
  const char* some_bytes() {
    return source_.data() + below(source_.size() - kAccessSizeMax);
  }

  // Calls `run(Subject&)` for both; what it answers has to be the same.
  template <typename Run>
  void both(const char* what, Run run) {
    errno = 0;
    const auto expected = run(reference_);
    const int expected_error = errno;
    errno = 0;
    const auto found = run(tried_);
    if (found == expected && errno == expected_error) return;
    std::printf(
        "operation %llu, %s: errno %d instead of %d, or other content\n",
        static_cast<unsigned long long>(done_), what, errno, expected_error);
    std::exit(1);  // NOLINT(concurrency-mt-unsafe): there is one thread.
  }

  void step();
  void write_some(bool appends);
  void write_mapped();
  void read_some();
  void read_mapped();
  void resize();
  void allocate();
  void reopen();
  void compare();

  std::uint64_t done_ = 0;
  std::mt19937_64 random_;
  std::string source_ = std::string(1 << 20, '\0');
  Subject tried_;
  Subject reference_;
};

void FileExerciser::write_some(bool appends) {
  const std::size_t size = some_size();
  const std::size_t offset =
      std::min(some_offset(), kFileSizeMax - std::min(size, kFileSizeMax));
  const char* from = some_bytes();
  if (appends && reference_.size() + size > kFileSizeMax) return;
  both(appends ? "append" : "write", [&](Subject& file) {
    return appends
               ? ::write(file.fd(true), from, size)
               : ::pwrite(file.fd(), from, size, static_cast<off_t>(offset));
  });
}

void FileExerciser::write_mapped() {
  const std::size_t size = reference_.size();
  if (size == 0) return;
  const std::size_t offset = below(size);
  const std::size_t count = std::min(some_size(), size - offset);
  const char* from = some_bytes();
  const std::size_t fate = below(3);
  both("write mapped", [&](Subject& file) {
    char* memory = file.map();
    if (memory == nullptr) return false;
    std::memcpy(memory + offset, from, count);
    if (fate == 0) file.unmap();
    if (fate == 1) ::msync(memory, size, MS_SYNC);
    return true;
  });
}

void FileExerciser::read_some() {
  const std::size_t size = some_size();
  const std::size_t offset = some_offset();
  both("read", [&](Subject& file) {
    std::string content(size, '?');
    const ssize_t got =
        ::pread(file.fd(), content.data(), size, static_cast<off_t>(offset));
    content.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return content;
  });
}

void FileExerciser::read_mapped() {
  const std::size_t size = reference_.size();
  if (size == 0) return;
  const std::size_t offset = below(size);
  const std::size_t count = std::min(some_size(), size - offset);
  both("read mapped", [&](Subject& file) {
    const char* memory = file.map();
    return memory == nullptr ? "none" : std::string(memory + offset, count);
  });
}

void FileExerciser::resize() {
  const std::size_t size = below(8) == 0 ? 0 : some_offset();
  const bool by_name = below(2) == 0;
  both("truncate", [&](Subject& file) {
    // What lies past the end is not to be touched by a mapping any more.
    file.unmap();
    return by_name ? ::truncate(file.path().c_str(), static_cast<off_t>(size))
                   : ::ftruncate(file.fd(), static_cast<off_t>(size));
  });
}

void FileExerciser::allocate() {
  constexpr std::array<int, 4> kFlags = {
      0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE,
      FALLOC_FL_ZERO_RANGE};
  const int flags = kFlags[below(kFlags.size())];
  const std::size_t size = some_size() + 1;
  const std::size_t offset = std::min(some_offset(), kFileSizeMax - size);
  both("fallocate", [&](Subject& file) {
    return ::fallocate(file.fd(), flags, static_cast<off_t>(offset),
                       static_cast<off_t>(size));
  });
}

void FileExerciser::reopen() {
  const int flags = below(16) == 0 ? O_TRUNC : 0;
  both("reopen", [&](Subject& file) {
    file.reopen(flags);
    return file.fd() >= 0;
  });
}

void FileExerciser::compare() {
  both("size", [](Subject& file) { return file.size(); });
  const std::size_t size = reference_.size();
  both("all", [size](Subject& file) {
    std::string content(size, '?');
    return ::pread(file.fd(), content.data(), size, 0) ==
                   static_cast<ssize_t>(size)
               ? content
               : "none";
  });
}

void FileExerciser::step() {
  ++done_;
  switch (below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: return write_some(/*appends=*/false);
    case 5: return write_some(/*appends=*/true);
    case 6:
    case 7:
    case 8: return write_mapped();
    case 9:
    case 10:
    case 11:
    case 12: return read_some();
    case 13:
    case 14: return read_mapped();
    case 15:
    case 16: return resize();
    case 17: return allocate();
    case 18: return reopen();
    default:
      if (below(8) == 0) compare();
      return both("size", [](Subject& file) { return file.size(); });
  }
}

}  // namespace
}  // namespace dagfs::tests

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: file_exerciser TRIED PLAIN OPERATIONS SEED\n", stderr);
    return 64;
  }
  dagfs::tests::FileExerciser exerciser(argv[1], argv[2],
                                        std::strtoull(argv[4], nullptr, 10));
  exerciser.run(std::strtoull(argv[3], nullptr, 10));
  std::puts("same");
}
