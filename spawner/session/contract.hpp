#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "accounting/ledger/records.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/gateway/wiring.hpp"
#include "spawner/loop/nested_runs.hpp"
#include "spawner/process/containment.hpp"
#include "spawner/session/options.hpp"
#include "taskfile/reading.hpp"

namespace ts::session {

/// What is agreed before the launch: which task, which cap and where it came from, which agent.
struct Contract {
  ledger::RunStart start;           ///< id, times and process are filled in by the run itself
  supervisor::Policy policy;
  agents::Detected agent;
  std::optional<process::Tier> tier;   ///< absent: the best that works
  std::optional<gateway::Wiring> gateway;  ///< absent: the run goes without
  std::optional<loop::RunAround> around;   ///< absent: none, or it doesn't answer
  std::optional<loop::ParentLink> parent;  ///< the run around this one bounds it; absent: there is none, or all passes its gateway anyway
  std::vector<std::string> warnings;   ///< what the user must hear, be the run quiet or not
  std::vector<std::string> notes;   ///< what the user should hear besides
};

/// A refusal before the launch: its exit status and what to say.
struct Refusal {
  int exit_status = kExitRefused;
  std::string message;
};

/// Either a contract or a refusal is present.
struct Agreement {
  std::optional<Contract> contract;
  std::optional<Refusal> refusal;
  ledger::RunStart known;   ///< of what is refused: what had been found out by then (its agent, its task)
};

/// Finds and reads the task, resolves the cap, recognises the agent. Reads files, asks the run around this one how it stands, writes nothing.
[[nodiscard]] Agreement agree(const RunOptions& options, const Surroundings& world);

/// "TASK-914 Token cap early reporting · estimate 8K–10K tokens (line 7) · cap 40,000 fresh tokens (4 × 10K)"
[[nodiscard]] std::string contract_line(const Contract& contract);

}  // namespace ts::session
