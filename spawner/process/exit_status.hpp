#pragma once

#include <string>
#include <variant>

namespace ts::process {

/// Ended by itself: `exit(code)`.
struct Exited {
  int code = 0;
  friend bool operator==(const Exited&, const Exited&) = default;
};

/// Ended by a signal.
struct Signaled {
  int signal = 0;
  friend bool operator==(const Signaled&, const Signaled&) = default;
};

/// How a process ended. Kept apart until the last line of main, so `exit 143` and a death by SIGTERM can't be confused.
using ExitStatus = std::variant<Exited, Signaled>;

/// What a shell would show: the code, or 128 + the signal's number.
[[nodiscard]] int shell_status(const ExitStatus& status);

/// "exit 3", "SIGTERM".
[[nodiscard]] std::string describe(const ExitStatus& status);

/// "SIGTERM" for 15; "signal 42" for one without a name.
[[nodiscard]] std::string signal_name(int signal);

/// The status behind a value of wait(2) that says exited or signaled.
[[nodiscard]] ExitStatus from_wait_status(int wait_status);

}  // namespace ts::process
