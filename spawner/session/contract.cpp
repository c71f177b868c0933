#include "spawner/session/contract.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"
#include "spawner/control/socket.hpp"
#include "spawner/process/containment.hpp"
#include "spawner/session/words.hpp"
#include "taskfile/find.hpp"
#include "taskfile/store.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPatienceForParent{2000};
constexpr std::chrono::milliseconds kBetweenAttempts{50};

Refusal refused(std::string message) { return {kExitRefused, std::move(message)}; }

/// What the run needs to know of its task file.
struct Task {
  fs::path file;
  taskfile::Reading reading;
};

Result<Task> load_task(const RunOptions& options, const Surroundings& world) {
  TS_TRY(const fs::path found, taskfile::resolve(options.task, taskfile::project_root(world.cwd)));
  const fs::path path = found.is_absolute() ? found : fs::path{world.cwd} / found;
  TS_TRY(const taskfile::Document document, taskfile::load(path));
  return Task{path.lexically_normal(), taskfile::read(document, world.patterns)};
}

/// The refusal of a file that gives several answers, with all of them.
std::string ambiguity_text(const Task& task, const taskfile::Ambiguity& ambiguity) {
  std::string text = fmt::format("{}: the {} is ambiguous: {}", task.file.string(), taskfile::name_of(ambiguity.subject), ambiguity.why);
  for (const taskfile::Candidate& c : ambiguity.candidates) text += fmt::format("\n  line {}: {}", c.line, printable(c.text, 120));
  return text + fmt::format("\nSay which with {}", ambiguity.flag);
}

Result<void> use_task(const RunOptions& options, const Surroundings& world, Contract& contract, CapSources& sources) {
  TS_TRY(const Task task, load_task(options, world));
  const taskfile::Reading& says = task.reading;
  ledger::RunStart& start = contract.start;
  start.task_file = task.file.string();
  start.task_id = says.task_id;
  start.task_title = says.title;
  start.sprint = says.sprint;
  start.category = says.category;
  const bool engineer = taskfile::role_named(options.role) == taskfile::Role::engineer;
  const auto* unclear = says.ambiguity(taskfile::FieldKind::estimate);
  if (unclear != nullptr && options.estimate.empty() && options.cap.empty()) return Error{Errc::ambiguous, ambiguity_text(task, *unclear)};
  const auto* caps = says.ambiguity(taskfile::FieldKind::cap);
  if (caps != nullptr && options.cap.empty()) return Error{Errc::ambiguous, ambiguity_text(task, *caps)};
  if (says.estimate && options.estimate.empty()) {
    start.estimate = {says.estimate->low, says.estimate->high, says.estimate->line};
    if (engineer) sources.estimate = UpperEstimate{says.estimate->high, fmt::format("line {}", says.estimate->line)};
  }
  if (says.cap && engineer)
    sources.written = StatedCap{std::to_string(says.cap->limit), fmt::format("{}:{}", shown_path(task.file.string(), world.cwd), says.cap->line)};
  return {};
}

Result<void> use_estimate_option(const RunOptions& options, Contract& contract, CapSources& sources) {
  if (options.estimate.empty()) return {};
  const auto parsed = parse_token_count(options.estimate);
  if (parsed.has_error()) return with_context("--estimate", parsed.error());
  const Tokens high = *parsed;
  contract.start.estimate = {high, high, std::nullopt};
  sources.estimate = UpperEstimate{high, "--estimate"};
  return {};
}

Result<void> use_policy(const RunOptions& options, Contract& contract) {
  supervisor::Policy& policy = contract.policy;
  policy.limits.cap = contract.start.cap.limit;
  policy.limits.on_cap = options.on_cap;
  policy.limits.max_time = options.max_time;
  policy.limits.max_idle = options.max_idle;
  policy.limits.thresholds = options.warn_at;
  policy.ladder = options.grace.count() == 0 ? process::immediate_ladder()
                                             : process::StopLadder{{{SIGTERM, options.grace}, {SIGKILL, std::chrono::seconds{2}}}};
  policy.leftovers = options.leftovers;
  policy.drain = options.drain;
  policy.wind_down = options.wind_down;
  std::ranges::sort(policy.wind_down);
  if (!options.containment.empty()) {
    TS_TRY(contract.tier, process::parse_tier(options.containment));
  }
  return {};
}

/// Whether the agent's requests go through the gateway, and how.
Result<void> use_gateway(const RunOptions& options, const Surroundings& world, const std::optional<control::Standing>& around, Contract& contract) {
  const bool needed = options.gateway == GatewayMode::on || !options.gateway_env.empty();
  const bool known = contract.agent.profile->gateway.wire != agents::GatewayWire::none;
  const bool capped = contract.start.cap.limit || (around && around->cap);
  if (needed || (options.gateway == GatewayMode::automatic && known && capped)) {
    std::vector<gateway::ExtraVariable> extra;
    for (const std::string& text : options.gateway_env) {
      TS_TRY(gateway::ExtraVariable variable, gateway::parse_extra_variable(text));
      extra.push_back(std::move(variable));
    }
    auto plan = gateway::plan_wiring(contract.agent, {options.argv, world.env}, extra);
    if (plan.has_value()) {
      contract.gateway = std::move(*plan);
    } else if (needed) {
      return plan.error();
    } else {
      contract.notes.push_back("without the gateway: " + plan.error().message);
    }
  }
  if (!options.wind_down.empty() && (!contract.gateway || !contract.start.cap.limit))
    contract.notes.push_back("--wind-down does nothing here: it needs a cap and the gateway");
  if (options.on_cap == OnCap::hold && !contract.gateway)
    return Error{Errc::unsupported, "--on-cap hold needs the gateway: add --gateway on, or use stop or report"};
  return {};
}

std::string variable(const Surroundings& world, std::string_view name) {
  const auto found = world.env.find(name);
  return found == world.env.end() ? std::string{} : found->second;
}

/// The run around this one, as it stands. Absent: there is none, or it does not answer, and the contract says so.
/// One that is alive listens since before its agent was started, so only where somebody listens a second attempt makes sense.
std::optional<control::Standing> run_around(const Surroundings& world, Contract& contract) {
  const std::string socket = variable(world, "TRACKED_SPAWN_SOCKET");
  if (socket.empty()) return std::nullopt;
  const auto until = std::chrono::steady_clock::now() + kPatienceForParent;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    auto answer = control::ask(socket, control::UsageRequest{}, std::max(left, kBetweenAttempts));
    if (answer.has_value() && answer->standing) {
      contract.around = loop::RunAround{socket, answer->standing->run, answer->standing->formula};
      return std::move(answer->standing);
    }
    const bool is_over = answer.has_error() && answer.error().code == Errc::not_found;
    if (!is_over && std::chrono::steady_clock::now() + kBetweenAttempts < until) {
      std::this_thread::sleep_for(kBetweenAttempts);
      continue;
    }
    contract.warnings.push_back(fmt::format("warning: run {}, within which this one is started, does not answer: this one is not held to its cap ({})",
                                            variable(world, "TRACKED_SPAWN_RUN"), answer.has_error() ? answer.error().message : answer->error));
    return std::nullopt;
  }
}

/// Where nobody states a cap, what is left of the run around this one is it.
Result<ResolvedCap> cap_of(const CapSources& sources, const std::optional<control::Standing>& around) {
  const bool stated = sources.said || sources.written || sources.configured || sources.estimate;
  if (stated || !around || !around->cap) return resolve_cap(sources);
  const std::int64_t left = *around->cap - around->spent;
  if (left < 1) return Error{Errc::refused, fmt::format("the cap of run {}, which is around this one, is spent", around->run)};
  return ResolvedCap{left, around->formula, "what is left of run " + around->run, {}};
}

/// Whether all requests of the agent pass the gateway of the run around this one: then they are held to its cap there.
bool passes_gateway_around(const RunOptions& options, const Surroundings& world, const Contract& contract) {
  const std::string prefix = variable(world, "TRACKED_SPAWN_GATEWAY_URL");
  if (prefix.empty()) return false;
  const auto passes = [&](const gateway::Wiring& wiring) {
    return std::ranges::all_of(wiring.upstreams, [&](const gateway::Upstream& upstream) { return upstream.base.text().starts_with(prefix); });
  };
  if (contract.gateway) return passes(*contract.gateway);
  const auto plan = gateway::plan_wiring(contract.agent, {options.argv, world.env}, {});
  return plan.has_value() && passes(*plan);
}

/// The run draws on the one around it, whatever its agent is.
Result<void> use_parent(const RunOptions& options, const Surroundings& world, const std::optional<control::Standing>& around, Contract& contract) {
  if (!around || !around->cap || passes_gateway_around(options, world, contract)) return {};
  ledger::Cap& cap = contract.start.cap;
  if (!cap.limit) cap.formula = around->formula;
  if (cap.formula != around->formula)
    return Error{Errc::refused, fmt::format("the cap of run {}, which is around this one, counts {}, and this one {}: give --cap-formula {}", around->run,
                                            name_of(around->formula), name_of(cap.formula), name_of(around->formula))};
  contract.parent = loop::ParentLink{cap.limit};
  return {};
}

Result<void> use_agent(const RunOptions& options, Contract& contract) {
  contract.agent = agents::detect(options.argv);
  if (!options.agent.empty()) {
    const agents::Profile* profile = agents::profile_named(options.agent);
    if (profile == nullptr) {
      std::string names;
      for (const agents::Profile& known : agents::all_profiles()) names += (names.empty() ? "" : ", ") + std::string{known.name};
      return Error{Errc::invalid_argument, fmt::format("--agent {}: unknown; the agents are {}", options.agent, names)};
    }
    contract.agent.profile = profile;
  }
  contract.start.agent = contract.agent.profile->name;
  return {};
}

Result<void> fill(const RunOptions& options, const Surroundings& world, Contract& contract) {
  contract.start.argv = options.argv;
  contract.start.cwd = world.cwd;
  contract.start.role = options.role;
  contract.start.on_cap = name_of(options.on_cap);
  if (!options.labels.empty()) contract.start.labels_json = nlohmann::json(options.labels).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  contract.start.project = taskfile::project_root(world.cwd).string();
  TS_CHECK(use_agent(options, contract));
  CapSources sources;
  sources.factor = options.cap_factor;
  sources.formula = options.cap_formula;
  sources.configured = options.configured_cap;
  if (!options.cap.empty()) sources.said = StatedCap{options.cap, options.cap_origin};
  if (!options.task.empty()) TS_CHECK(use_task(options, world, contract, sources));
  TS_CHECK(use_estimate_option(options, contract, sources));
  const auto around = run_around(world, contract);
  TS_TRY(ResolvedCap cap, cap_of(sources, around));
  contract.start.cap = {cap.limit, cap.formula, cap.source};
  for (std::string& note : cap.notes) contract.notes.push_back(std::move(note));
  TS_CHECK(use_policy(options, contract));
  TS_CHECK(use_gateway(options, world, around, contract));
  return use_parent(options, world, around, contract);
}

std::string estimate_text(const ledger::Estimate& estimate) {
  if (!estimate.high) return "no estimate";
  const std::string high = compact(*estimate.high);
  const bool range = estimate.low && *estimate.low != *estimate.high;
  std::string text = range ? fmt::format("estimate {}–{} tokens", compact(*estimate.low), high) : fmt::format("estimate {} tokens", high);
  if (estimate.line) text += fmt::format(" (line {})", *estimate.line);
  return text;
}

}  // namespace

Agreement agree(const RunOptions& options, const Surroundings& world) {
  Contract contract;
  if (const auto filled = fill(options, world, contract); filled.has_error()) return {std::nullopt, refused(filled.error().message), std::move(contract.start)};
  return {std::move(contract), std::nullopt, {}};
}

std::string contract_line(const Contract& contract) {
  const ledger::RunStart& start = contract.start;
  std::string line;
  if (!start.task_file.empty()) {
    line = start.task_id.empty() ? fs::path{start.task_file}.filename().string() : start.task_id;
    if (!start.task_title.empty()) line += " " + printable(start.task_title, 80);
    line += " · ";
  }
  if (!start.task_file.empty() || start.estimate.high) line += estimate_text(start.estimate) + " · ";
  const ResolvedCap shown{start.cap.limit, start.cap.formula, start.cap.source, {}};
  std::string source = start.cap.source;  // the estimate's line stands in front already
  if (const auto& at = start.estimate.line; at && source.ends_with(fmt::format(" (line {})", *at))) source.resize(source.rfind(" ("));
  line += start.cap.limit ? fmt::format("cap {} ({})", describe_limit(shown), source) : "no cap";
  if (start.cap.limit && start.on_cap == "report") line += ", reported only";
  return line;
}

}  // namespace ts::session
