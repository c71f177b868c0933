#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "accounting/base/result.hpp"
#include "accounting/usage/counts.hpp"

namespace ts::control {

/// What can be asked of a live run through its control socket. One request and one answer a connection, each one line of JSON.
struct UsageRequest {};
struct StopRequest {};
/// Either `by` (relative) or `to` (absolute) is present; units are the cap's.
struct ExtendRequest {
  std::optional<std::int64_t> by;
  std::optional<std::int64_t> to;
};
struct HoldRequest {};
struct ResumeRequest {};
/// A run within this one tells what it has spent, and asks what it may spend in all. Units: this run's cap's.
struct DrawRequest {
  std::string run;
  std::int64_t spent = 0;
  std::optional<std::int64_t> want;    ///< absent: as much as can be given to one
  bool over = false;                   ///< it has ended: what it did not spend goes back
};
/// A run within this one tells that it records this session: what this run's agent prints of it is that run's.
struct OwnRequest {
  std::string run;
  std::string session;
};
using Request = std::variant<UsageRequest, StopRequest, ExtendRequest, HoldRequest, ResumeRequest, DrawRequest, OwnRequest>;

/// Where a live run stands.
struct Standing {
  std::string run;
  std::string task;
  std::string agent;
  Formula formula = Formula::fresh;
  std::int64_t spent = 0;              ///< by the formula
  std::optional<std::int64_t> cap;     ///< absent: no cap
  TokenCounts counts;
  std::int64_t requests = 0;
  std::int64_t elapsed_ms = 0;
  std::string phase;                   ///< running, stopping, draining
  std::string source;                  ///< the ruling source; empty: nothing was metered yet
};

/// Absent `standing`: the request was not understood or refused, `error` says why.
struct Answer {
  std::optional<Standing> standing;
  std::string error;
  std::optional<std::int64_t> granted = std::nullopt;   ///< to a DrawRequest: what that run may spend in all; absent: there is no cap
};

[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::string encode(const Answer& answer);
/// Errors: invalid_argument.
[[nodiscard]] Result<Request> decode_request(std::string_view line);
[[nodiscard]] Result<Answer> decode_answer(std::string_view line);

/// JSON object of a standing as `usage --json` prints it.
[[nodiscard]] std::string standing_json(const Standing& standing);

/// Lines longer than this are refused. Units: bytes.
inline constexpr std::size_t kLongestLine = 64 * 1024;

}  // namespace ts::control
