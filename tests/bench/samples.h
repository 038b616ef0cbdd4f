// SPDX-License-Identifier: Apache-2.0 OR MIT

// What benchmark programs print: one line of JSON a figure.

#pragma once

#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

namespace dagfs::bench {

// The same figure from several runs.
class Samples {
 public:
  void add(double value) { values_.push_back(value); }

  double median() const {
    std::vector<double> sorted = values_;
    std::ranges::sort(sorted);
    return sorted.empty() ? 0 : sorted[sorted.size() / 2];
  }

  void print(std::string_view what, std::string_view unit) const {
    const auto [least, most] = std::ranges::minmax(values_);
    fmt::print(
        "{{\"figure\": \"{}\", \"unit\": \"{}\", \"median\": {:.4g}, "
        "\"min\": {:.4g}, \"max\": {:.4g}, \"runs\": {}}}\n",
        what, unit, median(), least, most, values_.size());
  }

 private:
  std::vector<double> values_;
};

// Wall and processor time since it was made or last taken.
class Stopwatch {
 public:
  Stopwatch() { take(); }

  struct Times {
    double wall = 0;  // Seconds.
    double cpu = 0;   // User and system, all threads of the process.
  };

  Times take() {
    const Times now{.wall = wall_now(), .cpu = cpu_now()};
    const Times since{.wall = now.wall - last_.wall,
                      .cpu = now.cpu - last_.cpu};
    last_ = now;
    return since;
  }

 private:
  static double wall_now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
  }

  static double cpu_now() {
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) +
             static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  }

  Times last_;
};

}  // namespace dagfs::bench
