// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "car/base/result.h"
#include "tools/commands/car/dag_entry.h"
#include "tools/commands/car/dag_path.h"
#include "tools/commands/car/open_car.h"
#include "tools/commands/car/output_folder.h"

namespace dagfs::tools {

// Writes what is below CIDs of a CAR into a folder. What cannot be written is
// told and passed over; nothing outside the folder is ever touched.
class Extraction {
 public:
  // Told once for each path that could not be extracted.
  using Failure = std::function<void(const std::string& path, const Error&)>;

  Extraction(const OpenCar& car, Existing existing, Failure failure)
      : car_(car), existing_(existing), failure_(std::move(failure)) {}

  // Extracts `start` into `output`: under the names of its path, or under its
  // CID where the path is empty; a folder with an empty path goes into
  // `output` itself.
  void extract(const FoundPath& start, const OutputFolder& output);

  std::size_t files() const { return files_; }  // Written, links included.

 private:
  struct Place {
    std::string path;  // In the CAR.
    car::Cid cid;
  };

  void extract_entry(const OutputFolder& parent, const std::string& name,
                     const Place& place, std::size_t depth);
  void extract_children(const OutputFolder& folder, const std::string& path,
                        const car::Cid& cid, std::size_t depth);
  Status extract_file(const OutputFolder& parent, const std::string& name,
                      const DagEntry& entry);
  Status extract_folder(const OutputFolder& parent, const std::string& name,
                        const Place& place, std::size_t depth);

  const OpenCar& car_;
  const Existing existing_;
  const Failure failure_;
  std::size_t files_ = 0;
};

}  // namespace dagfs::tools
