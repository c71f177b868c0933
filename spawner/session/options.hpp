#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounting/budget/budget.hpp"
#include "accounting/budget/cap.hpp"
#include "accounting/budget/decide.hpp"
#include "accounting/budget/prices.hpp"
#include "accounting/usage/counts.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/gateway/modes.hpp"
#include "spawner/notify/sinks.hpp"
#include "spawner/supervisor/supervisor.hpp"
#include "taskfile/patterns.hpp"

namespace ts::session {

/// Whether the agent's requests go through the gateway.
enum class GatewayMode {
  off,
  automatic,  ///< where the agent's profile says how, and a cap is set
  on,         ///< refuse to run without
};

/// What must be free before a run starts, and what is done where it isn't.
struct GateOptions {
  bool claim_task = true;                            ///< one engineer a task
  std::vector<std::string> claims;                   ///< what else must be nobody's: issues, other tasks
  std::optional<std::int64_t> claim_token;           ///< of a claim that is handed over to this run
  std::chrono::seconds lease{300};                   ///< how long claims and reservations outlive the last sign of life
  std::optional<std::chrono::milliseconds> wait;     ///< absent: a denial ends it
  bool cap_to_headroom = false;
  std::string least_cap;                             ///< text; empty: a tenth of the cap
  std::string check;                                 ///< a shell command that must succeed; empty: none
  std::chrono::milliseconds check_limit{60'000};

  /// Somebody counts on the gate: without the ledger there is no start.
  [[nodiscard]] bool is_needed() const { return !claims.empty() || claim_token || wait || cap_to_headroom; }
};

/// All that decides how one run goes; what nobody said is absent.
struct RunOptions {
  std::vector<std::string> argv;                ///< the agent and its arguments, untouched
  std::string task;                             ///< path or id; empty: none
  std::string cap;                              ///< text; empty: not said
  std::string cap_origin = "command line";      ///< who said it
  std::optional<StatedCap> configured_cap;      ///< of a configuration file: below the task file's own
  std::optional<Formula> cap_formula;
  std::string estimate;                         ///< text; empty: the task file's
  FactorCap cap_factor;                         ///< × the upper estimate where no cap is stated
  OnCap on_cap = OnCap::stop;
  GatewayMode gateway = GatewayMode::automatic;
  gateway::CountMode count = gateway::CountMode::automatic;  ///< whether the provider is asked how large a prompt is
  std::vector<std::string> gateway_env;         ///< NAME=PATH: variables that get the gateway's URL; not empty: it is on
  std::string role = "engineer";
  std::string agent;                            ///< profile name; empty: recognised by argv
  std::optional<std::chrono::milliseconds> max_time;
  std::optional<std::chrono::milliseconds> max_idle;
  std::chrono::milliseconds grace{5000};        ///< 0: SIGKILL at once
  std::vector<int> warn_at{50, 75, 90, 95};
  std::vector<int> wind_down;                   ///< percents at which the agent itself is told; needs the gateway
  supervisor::Leftovers leftovers = supervisor::Leftovers::end;
  std::chrono::milliseconds drain{2000};
  std::optional<std::chrono::milliseconds> blind_after = std::chrono::milliseconds{120'000};
  std::string containment;                      ///< tier name; empty: the best
  std::string result_file;                      ///< JSON of the run goes there; empty: nowhere
  std::map<std::string, std::string> labels;
  GateOptions gate;
  bool write_task = true;
  bool dry_run = false;
  bool detach = false;
  bool json = false;
};

/// What is to be noticed and who says it.
struct AlertOptions {
  bool on_stderr = true;
  bool forecast = true;                               ///< "reaches the budget in 3 h"
  int rate_factor = 10;                               ///< times its own median a run may spend in an interval; 0: any
  std::chrono::milliseconds rate_interval{60'000};
};

/// The world a command runs in, as plain values.
struct Surroundings {
  agents::Environment env;
  std::vector<std::string> env_words;           ///< "NAME=value", in their order
  std::string cwd;
  taskfile::Patterns patterns = taskfile::default_patterns();
  std::shared_ptr<const PriceBook> prices;      ///< null: the built-in ones
  std::vector<std::pair<std::string, std::vector<Budget>>> budgets;   ///< that configuration files define, by file; each file that was read
  notify::SinkSettings sinks;
  AlertOptions alerts;
  bool stdin_terminal = false;
  bool stdout_terminal = false;
};

/// The exit statuses that are ours. The agent's own passes through.
enum ExitStatusCode : int {
  kExitCap = 120,
  kExitRefused = 121,
  kExitStopped = 122,
  kExitFailed = 125,
  kExitNotExecutable = 126,
  kExitNotFound = 127,
};

}  // namespace ts::session
