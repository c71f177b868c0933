#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "spawner/capture/event_log.hpp"
#include "spawner/gateway/gateway.hpp"
#include "spawner/gateway/wiring.hpp"
#include "spawner/loop/metering.hpp"
#include "spawner/process/child.hpp"
#include "spawner/supervisor/supervisor.hpp"

namespace ts::loop {

/// How a run is led through the gateway.
struct GatewayPlan {
  gateway::Wiring wiring;
  std::string ca_file;                      ///< more roots to trust; empty: none
  gateway::WhenFull when_full = gateway::WhenFull::refuse;
  gateway::CountMode count = gateway::CountMode::automatic;
  /// What the agent's user reads when a request is refused. `session` is empty where it isn't known yet.
  std::function<std::string(std::int64_t spent, std::int64_t limit, const std::string& session)> refusal_text;
  /// What the agent itself reads when it is to come to an end.
  std::function<std::string(const supervisor::WindDown& wind)> wind_down_text;
};

/// What the gateway needs from the loop.
struct GatewayWorld {
  std::function<std::optional<std::int64_t>()> limit;   ///< the cap that requests are held to; absent: none
  std::function<std::int64_t()> reserved;               ///< what of it runs within this one may still take
  std::function<bool(const gateway::Shortage&)> on_full;   ///< as GatewaySetup::on_full
  std::function<bool(std::int64_t needed)> more;            ///< as GatewaySetup::more
  std::function<void(std::string_view agent)> on_told;
  std::function<void()> on_activity;
};

/// Starts a gateway for the plan and writes its URLs into the launch.
[[nodiscard]] Result<std::unique_ptr<gateway::Gateway>> open_gateway(boost::asio::io_context& io, const GatewayPlan& plan, GatewayWorld world,
                                                                     Metering& metering, capture::EventLog& log);

/// The launch with the gateway's URLs in its arguments and its environment. Errors: invalid_argument.
[[nodiscard]] Result<void> wire_launch(const GatewayPlan& plan, const gateway::Gateway& gateway, process::LaunchSpec& launch);

}  // namespace ts::loop
