#pragma once

#include <chrono>
#include <string>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"

namespace ts::notify {

struct Webhook {
  std::string url;     ///< http[s]://host[:port][/path][?query]
  std::string secret;  ///< signs what is sent; empty: it is not signed
  std::chrono::milliseconds limit{10'000};  ///< for all of it: name, connection, TLS, answer
};

/// "sha256=…": HMAC-SHA-256 in hex over `timestamp`, a dot and `body`, keyed with `secret`. Whoever receives it computes the same
/// from the headers X-Tracked-Spawn-Timestamp and X-Tracked-Spawn-Signature, and refuses what is old.
[[nodiscard]] std::string signature(const std::string& secret, const std::string& timestamp, const std::string& body);

/// Errors: invalid_argument (no URL of this shape).
[[nodiscard]] Result<void> check_url(const std::string& url);

/// Posts JSON, waiting at most `limit`. The answer's status, such as "HTTP 200". Redirects are not followed.
/// Errors: invalid_argument, timed_out, io, refused (a status that is no 2xx).
[[nodiscard]] Result<std::string> post_json(const Webhook& to, const std::string& body, UtcTime now);

}  // namespace ts::notify
