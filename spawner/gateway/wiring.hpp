#pragma once

#include <span>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/gateway/upstream.hpp"

namespace ts::gateway {

/// `--gateway-env NAME=PATH`: NAME gets the gateway's URL with PATH behind it. What NAME held before is the upstream.
struct ExtraVariable {
  std::string name;
  std::string path;       ///< "" or "/v1"
};

/// Errors: invalid_argument.
[[nodiscard]] Result<ExtraVariable> parse_extra_variable(std::string_view text);

/// The agent's command line and environment before and after.
struct Command {
  std::vector<std::string> argv;
  agents::Environment env;
};

/// One place where a gateway URL has to stand.
struct Slot {
  enum class Kind { variable, argument, opencode } kind = Kind::variable;
  std::string name;       ///< the variable; the configuration key; opencode's provider
  std::string suffix;     ///< stands behind the gateway's URL
};

/// How one run is led through the gateway: upstreams[i] is served below url(i), and slots[i] is where that URL is put.
struct Wiring {
  std::vector<Upstream> upstreams;
  std::vector<Slot> slots;
  std::size_t program = 0;   ///< index in argv of the agent's own program word
};

/// What the user had configured before us (variables, arguments) becomes the upstream; else the provider's own address.
/// Errors: unsupported (nothing is known of how this agent is pointed at a URL), invalid_argument (a base URL that can't be read).
[[nodiscard]] Result<Wiring> plan_wiring(const agents::Detected& agent, const Command& command, std::span<const ExtraVariable> extra);

/// The command with the gateway's URLs in their places. `urls`: one for each upstream.
[[nodiscard]] Result<Command> wire(const Wiring& wiring, Command command, std::span<const std::string> urls);

}  // namespace ts::gateway
