#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace ts {

/// Why an expected failure happened. Stored nowhere; callers branch on it.
enum class Errc {
  invalid_argument,   ///< the caller's words can't be understood
  not_found,          ///< the thing named does not exist
  already_exists,     ///< the thing to be created exists
  permission_denied,  ///< the system refuses access
  unsupported,        ///< understood, but this build, kernel or version can't do it
  ambiguous,          ///< more than one answer fits; the message lists them
  conflict,           ///< somebody else changed or holds it
  corrupt,            ///< stored bytes don't have the shape they must have
  busy,               ///< locked; trying again later may work
  io,                 ///< read, write or system call failed
  no_space,           ///< disk or quota full
  too_large,          ///< over a stated limit
  timed_out,          ///< a stated time limit passed
  refused,            ///< a rule (budget, claim, cap) says no
};

/// An expected failure. `message` is `context: what: reason`, names the path or the argument and says what to do.
struct Error {
  Errc code = Errc::io;
  std::string message;
};

/// Called by Result<T>::value() on an error: our own bug, so it throws std::logic_error with the message.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

/// A value or an expected failure.
template <class T>
using Result = boost::system::result<T, Error>;

/// An Error whose message ends in the text of `errno_value`; the code follows from it (ENOENT → not_found …).
[[nodiscard]] Error errno_error(std::string_view context, int errno_value);

/// The same error with `context: ` put before its message.
[[nodiscard]] Error with_context(std::string_view context, Error error);

}  // namespace ts

/// Early return of an error: `TS_TRY(auto value, read(path));`
#define TS_TRY_CAT2(a, b) a##b
#define TS_TRY_CAT(a, b) TS_TRY_CAT2(a, b)
#define TS_TRY(declaration, expression)                              \
  auto TS_TRY_CAT(ts_try_, __LINE__) = (expression);                 \
  if (TS_TRY_CAT(ts_try_, __LINE__).has_error())                     \
    return std::move(TS_TRY_CAT(ts_try_, __LINE__)).error();         \
  declaration = std::move(TS_TRY_CAT(ts_try_, __LINE__)).value()  // NOLINT(bugprone-macro-parentheses): a declaration

/// Early return of an error where there is no value: `TS_CHECK(store.flush());`
#define TS_CHECK(expression)                                         \
  if (auto ts_check_ = (expression); ts_check_.has_error()) return std::move(ts_check_).error()
