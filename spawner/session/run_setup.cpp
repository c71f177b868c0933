#include <fmt/format.h>

#include "accounting/budget/prices.hpp"
#include "accounting/ledger/response_file.hpp"
#include "spawner/session/run_impl.hpp"
#include "spawner/session/words.hpp"

namespace ts::session {

loop::MeteringSetup Run::metering_setup() const {
  loop::MeteringSetup setup;
  setup.formula = contract_.start.cap.formula;
  setup.price = [prices = world_.prices](std::string_view model, const TokenCounts& counts, UtcTime at) {
    return (prices ? *prices : builtin_prices()).cost(model, counts, at);
  };
  setup.now = utc_now;
  setup.index = [folder = folder_->path()](Source) {
    return folder.empty() ? make_memory_index() : ledger::make_file_index(folder);
  };
  return setup;
}

loop::LoopSetup Run::setup() {
  loop::LoopSetup s;
  s.id = start().id;
  s.task = start().task_id;
  s.profile = contract_.agent.profile;
  s.policy = contract_.policy;
  s.metering = metering_setup();
  s.folder = &*folder_;
  s.control_socket = folder_->file("control.sock");
  s.interactive = world_.stdin_terminal && world_.stdout_terminal;
  s.heartbeat_every = std::min<std::chrono::milliseconds>(std::chrono::seconds{5}, std::chrono::milliseconds{options_.gate.lease} / 3);
  s.blind_after = contract_.start.cap.limit ? options_.blind_after : std::nullopt;
  s.launch.name = start().id.text;
  s.launch.argv = options_.argv;
  s.launch.env = world_.env_words;
  std::erase_if(s.launch.env, [](const std::string& word) { return word.starts_with("TRACKED_SPAWN_RUN=") || word.starts_with("TRACKED_SPAWN_SOCKET=") || word.starts_with("TRACKED_SPAWN_GATEWAY_URL="); });
  s.launch.env.push_back("TRACKED_SPAWN_RUN=" + start().id.text);
  if (!s.control_socket.empty()) s.launch.env.push_back("TRACKED_SPAWN_SOCKET=" + s.control_socket);
  s.launch.cwd = world_.cwd;
  s.launch.tier = contract_.tier;
  if (contract_.gateway) s.gateway = gateway_plan();
  s.parent = contract_.parent;
  s.around = contract_.around;
  s.follow.profile = contract_.agent.profile;
  s.follow.places = agents::transcript_places(*contract_.agent.profile, world_.env);
  s.follow.cwd = world_.cwd;
  s.follow.run = start().id.text;
  s.follow.launched = start().started;
  s.follow.session = agents::session_on_command_line(contract_.agent, options_.argv).value_or("");
  s.follow.stdout_report = agents::stdout_report(contract_.agent, options_.argv);
  s.follow.may_resume = agents::may_resume(contract_.agent, options_.argv);
  s.follow.interactive = s.interactive;
  if (!state_home_.empty()) {
    claims_ = std::make_unique<tail::SessionClaims>(state_home_, contract_.agent.profile->name, start().id);
    s.follow.claims = claims_.get();
  }
  return s;
}

/// How the requests of the agent are led through the gateway.
loop::GatewayPlan Run::gateway_plan() {
  loop::GatewayPlan plan;
  plan.wiring = *contract_.gateway;
  const std::string around = env_of(world_, "TRACKED_SPAWN_GATEWAY_URL");
  for (gateway::Upstream& upstream : plan.wiring.upstreams)
    if (!around.empty() && upstream.base.text().starts_with(around)) upstream.run = start().id.text;
  plan.ca_file = env_of(world_, "NODE_EXTRA_CA_CERTS");
  plan.when_full = options_.on_cap == OnCap::hold ? gateway::WhenFull::hold : gateway::WhenFull::refuse;
  plan.count = options_.count;
  plan.wind_down_text = [formula = start().cap.formula](const supervisor::WindDown& wind) { return wind_down_line(wind, formula); };
  plan.refusal_text = [this](std::int64_t spent, std::int64_t limit, const std::string& session) {
    return refusal_line(start(), spent, limit, agents::resume_command(*contract_.agent.profile, session).value_or(""));
  };
  for (std::size_t i = 0; i < plan.wiring.slots.size(); ++i)
    console_.detail(fmt::format("gateway: {} points at it, in front of {}", plan.wiring.slots[i].name, plan.wiring.upstreams[i].base.text()));
  return plan;
}

}  // namespace ts::session
