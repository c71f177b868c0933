#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/usage/api.hpp"

namespace ts::gateway {

/// Where a request of the agent goes.
struct Route {
  std::size_t upstream = 0;        ///< index in GatewaySetup::upstreams
  std::string target;              ///< what follows the gateway's own prefix: path and query
  std::optional<ApiShape> shape;   ///< absent: no request that a model answers (model lists, token counts): passed on, not metered
  std::string model;               ///< where the path names it (Gemini); else empty
  bool streams = false;            ///< where the path says so (Gemini)
};

/// Reads `/<token>/<upstream>/path?query`. The token is compared in constant time.
/// Absent: no token, a wrong one, or an upstream that isn't there.
[[nodiscard]] std::optional<Route> route(std::string_view method, std::string_view target, std::string_view token, std::size_t upstreams);

/// "/<token>/<upstream>"
[[nodiscard]] std::string route_prefix(std::string_view token, std::size_t upstream);

/// Whether a header must stay on its own connection (RFC 9110 7.6.1), `connection` being that header's value.
[[nodiscard]] bool hop_by_hop(std::string_view name, std::string_view connection);

}  // namespace ts::gateway
