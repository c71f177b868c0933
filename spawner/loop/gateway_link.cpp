#include "spawner/loop/gateway_link.hpp"

#include <algorithm>

namespace ts::loop {
namespace {

Tokens fresh_input(const TokenCounts& counts) { return saturating_add(counts.input, counts.cache_write()); }

void note_request(capture::EventLog& log, const gateway::RequestLine& line) {
  const TokenCounts& counts = line.counts;
  log.note(line.at, "request",
           {{"api", std::string_view{line.api}},
            {"model", std::string_view{line.model}},
            {"agent", std::string_view{line.agent}},
            {"run", std::string_view{line.run}},
            {"outcome", gateway::name_of(line.outcome)},
            {"status", std::int64_t{line.status}},
            {"predicted", fresh_input(line.predicted)},
            {"reserved", line.reserved},
            {"billed", line.billed},
            {"unconfirmed", line.unconfirmed},
            {"input", fresh_input(counts)},
            {"cache_read", counts.cache_read},
            {"output", counts.output},
            {"clamped", line.clamped.value_or(0)},
            {"held_us", std::int64_t{line.held.count()}},
            {"latency_us", std::int64_t{line.latency.count()}}});
}

}  // namespace

Result<std::unique_ptr<gateway::Gateway>> open_gateway(boost::asio::io_context& io, const GatewayPlan& plan, GatewayWorld world, Metering& metering,
                                                       capture::EventLog& log) {
  gateway::GatewaySetup setup;
  setup.upstreams = plan.wiring.upstreams;
  setup.ca_file = plan.ca_file;
  setup.when_full = plan.when_full;
  setup.count = plan.count;
  setup.usage = &metering.sink(Source::gateway);
  setup.cost = [&metering](std::string_view model, const TokenCounts& counts) { return metering.cost_of(model, counts); };
  setup.left = [&metering, limit = world.limit]() -> std::optional<std::int64_t> {
    const auto cap = limit();
    return cap ? std::optional(*cap - metering.observed()) : std::nullopt;
  };
  setup.leased = std::move(world.reserved);
  setup.nested = [&metering](std::string_view run, std::int64_t cost) { metering.bill_nested(run, cost); };
  setup.refusal_text = [&metering, limit = world.limit, words = plan.refusal_text](const gateway::Shortage&) {
    return words(metering.observed(), limit().value_or(0), metering.sessions().empty() ? std::string{} : metering.sessions().front());
  };
  setup.on_full = std::move(world.on_full);
  setup.more = std::move(world.more);
  setup.on_told = std::move(world.on_told);
  setup.on_activity = std::move(world.on_activity);
  setup.on_request = [&log](const gateway::RequestLine& line) { note_request(log, line); };
  setup.now = metering.clock();
  auto made = std::make_unique<gateway::Gateway>(io, std::move(setup));
  TS_CHECK(made->listen());
  return made;
}

Result<void> wire_launch(const GatewayPlan& plan, const gateway::Gateway& gateway, process::LaunchSpec& launch) {
  gateway::Command before{launch.argv, {}};
  for (const std::string& word : launch.env)
    if (const auto equals = word.find('='); equals != std::string::npos && equals > 0) before.env.insert_or_assign(word.substr(0, equals), word.substr(equals + 1));
  const auto urls = gateway.urls();
  TS_TRY(gateway::Command after, gateway::wire(plan.wiring, before, urls));
  launch.argv = std::move(after.argv);
  for (const auto& [name, value] : after.env) {
    const auto old = before.env.find(name);
    if (old != before.env.end() && old->second == value) continue;
    std::erase_if(launch.env, [&name = name](const std::string& word) { return word.starts_with(name + "="); });
    launch.env.push_back(name + "=" + value);
  }
  return {};
}

}  // namespace ts::loop
