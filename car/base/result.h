// SPDX-License-Identifier: Apache-2.0 OR MIT

// Result<T>: a value or an Error. The project's replacement for exceptions and
// for std::expected, which neither g++ 12 -std=c++20 nor clang 14 has.

#pragma once

#include <cassert>
#include <type_traits>
#include <utility>
#include <variant>

#include "car/base/error.h"

namespace dagfs {

// Holds either a T or an Error. Reading the side that is not there is a bug in
// the caller and aborts in debug builds.
template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T>, "return a pointer instead");
  static_assert(!std::is_same_v<std::remove_cv_t<T>, Error>);

 public:
  // Implicit, so that `return value;` and `return Error(...)` both read well.
  // NOLINTBEGIN(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }

  const T& value() const& { return *checked(std::get_if<0>(&state_)); }
  T& value() & { return *checked(std::get_if<0>(&state_)); }
  T&& value() && { return std::move(value()); }

  const Error& error() const& { return *checked(std::get_if<1>(&state_)); }
  Error&& error() && { return std::move(*checked(std::get_if<1>(&state_))); }

  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(value()); }
  const T& operator*() const& { return value(); }

 private:
  template <typename P>
  static P* checked(P* side) {
    assert(side != nullptr && "read the absent side of a Result");
    return side;
  }

  std::variant<T, Error> state_;
};

// Success carries nothing: for operations done for their effect.
using Status = Result<std::monostate>;
inline Status ok_status() { return std::monostate{}; }

}  // namespace dagfs

// Evaluates to the value of `expr`, or returns its Error from the enclosing
// function. Only ever as a whole initializer or a whole statement: inside a
// larger expression the order of what was already evaluated is unspecified.
#define DAGFS_TRY(expr)                           \
  __extension__({                                 \
    auto dagfs_try_result = (expr);               \
    if (!dagfs_try_result.ok()) [[unlikely]]      \
      return std::move(dagfs_try_result).error(); \
    std::move(dagfs_try_result).value();          \
  })

// DAGFS_TRY that says what was being attempted.
#define DAGFS_TRY_CONTEXT(expr, what)                           \
  __extension__({                                               \
    auto dagfs_try_result = (expr);                             \
    if (!dagfs_try_result.ok()) [[unlikely]]                    \
      return std::move(dagfs_try_result).error().context(what); \
    std::move(dagfs_try_result).value();                        \
  })
