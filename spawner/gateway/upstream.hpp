#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"
#include "spawner/agents/profile.hpp"

namespace ts::gateway {

/// `http[s]://host[:port][/path]`, taken apart.
struct BaseUrl {
  bool tls = true;
  std::string host;       ///< without the brackets of an IPv6 address
  std::uint16_t port = 443;
  std::string path;       ///< "" or "/v1": no slash at the end

  /// What the `host` header must say.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;
  friend bool operator==(const BaseUrl&, const BaseUrl&) = default;
};

/// Errors: invalid_argument (another scheme, no host, credentials, a query, a port out of range).
[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view text);

/// An HTTP proxy that CONNECT goes through.
struct Proxy {
  std::string host;
  std::uint16_t port = 0;
  std::string credentials;  ///< "user:password" as the URL gave it, percent-decoded; empty: none
};

/// The proxy that these variables (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY, in both cases) give for the upstream.
/// Absent: direct. Errors: invalid_argument, unsupported (a SOCKS proxy).
[[nodiscard]] Result<std::optional<Proxy>> proxy_for(const BaseUrl& upstream, const agents::Environment& env);

/// Where one group of requests goes.
struct Upstream {
  BaseUrl base;
  std::optional<Proxy> proxy;
  std::string run = {};   ///< it is the gateway of a run around this one, and hears this run's name; empty: it is not
};

}  // namespace ts::gateway
