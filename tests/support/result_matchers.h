// SPDX-License-Identifier: Apache-2.0 OR MIT

// gMock matchers for Result<T>, so that a failing test prints the Error.

#pragma once

#include <gmock/gmock.h>

#include <initializer_list>

#include "car/base/bytes.h"
#include "car/base/result.h"

namespace dagfs::tests {

inline Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes out;
  for (unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

MATCHER_P(IsOkAnd, inner, "") {
  if (!arg.ok()) {
    *result_listener << "failed: " << arg.error().message();
    return false;
  }
  return testing::ExplainMatchResult(inner, arg.value(), result_listener);
}

MATCHER_P(FailsWith, code, "") {
  if (arg.ok()) {
    *result_listener << "it succeeded";
    return false;
  }
  *result_listener << to_string(arg.error().code()) << ": "
                   << arg.error().message();
  return arg.error().code() == code;
}

}  // namespace dagfs::tests
