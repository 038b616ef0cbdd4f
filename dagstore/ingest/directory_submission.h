// SPDX-License-Identifier: Apache-2.0 OR MIT

#pragma once

#include <string>

#include "dagstore/ingest/submission.h"

namespace dagfs::dagstore {

// A directory of the inbox: a plain tree on the repo's disk until it is sealed.
class DirectorySubmission final : public Submission {
 public:
  using Submission::Submission;

  // Makes the tree's folder unless it is there.
  Status recover() override;

  std::string tree() const { return folder() + "/tree"; }

  Result<IngestedPath> make_piece() override;
  void drop_content() override;

 protected:
  // An empty one may be waiting for what it was made for.
  bool seals_by_itself() const override;
};

}  // namespace dagfs::dagstore
