// SPDX-License-Identifier: Apache-2.0 OR MIT

// A CAR file opened for the commands that need no repo.

#pragma once

#include <memory>
#include <string>

#include "car/base/file.h"
#include "car/base/result.h"
#include "car/car_header.h"
#include "car/car_index.h"
#include "car/index_builder.h"
#include "car/read_only_blockstore.h"

namespace dagfs::tools {

// With an index that was built for it just now and vanishes with it. What the
// file's own index says is not relied on.
struct OpenCar {
  std::string path;
  std::shared_ptr<const RandomAccessFile> file;
  FileStamp stamp;  // When it was opened.
  car::CarHeader header;
  car::IndexSummary summary;
  std::shared_ptr<const car::CarIndex> index;
  std::unique_ptr<car::ReadOnlyBlockstore> blocks;

  // kStale: somebody wrote to the file since it was opened, so that nothing
  // that was read of it can be trusted.
  Status check_unchanged() const;
};

// The file alone. kNotFound, with the path: it cannot be opened, whatever the
// reason.
Result<std::shared_ptr<const RandomAccessFile>> open_input(
    const std::string& path);

// kNotFound: as open_input. kCorrupt, with path and offset: not a CAR, or its
// sections cannot be walked. kIo.
Result<OpenCar> open_car(const std::string& path);

// Builds the index of a CAR in a file without a name. Errors as build_index.
struct BuiltIndex {
  car::IndexSummary summary;
  std::shared_ptr<const car::CarIndex> index;
};
Result<BuiltIndex> build_unnamed_index(const RandomAccessFile& file,
                                       const car::CarHeader& header);

}  // namespace dagfs::tools
