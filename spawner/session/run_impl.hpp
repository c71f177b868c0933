#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spawner/capture/event_log.hpp"
#include "spawner/capture/run_folder.hpp"
#include "spawner/loop/run_loop.hpp"
#include "spawner/process/child.hpp"
#include "spawner/session/admission.hpp"
#include "spawner/session/alert_watch.hpp"
#include "spawner/session/contract.hpp"
#include "spawner/session/detach.hpp"
#include "spawner/session/ledger_entry.hpp"
#include "spawner/session/reporter.hpp"
#include "spawner/session/run.hpp"
#include "spawner/tail/session_claims.hpp"

// Within the use case "run" only: its steps stand in run_gate.cpp (until the launch), run_setup.cpp (what the loop is given) and run_end.cpp.

namespace ts::session {

[[nodiscard]] inline UtcTime utc_now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }
[[nodiscard]] inline MonoTime mono_now() { return std::chrono::steady_clock::now(); }

/// Empty: not there.
[[nodiscard]] std::string env_of(const Surroundings& world, std::string_view name);

/// One run on its way: each step is a function, so that the order can be read in one place (go).
class Run {
 public:
  Run(const RunOptions& options, const Surroundings& world, Console& console, Contract contract)
      : options_(options), world_(world), console_(console), contract_(std::move(contract)) {}

  int go(process::ChildLauncher& launcher, DetachedParent* parent);

 private:
  void open_folder();
  [[nodiscard]] bool take_lease(DetachedParent* parent);
  void return_lease() const;
  void settle_the_dead();
  void note_self();
  [[nodiscard]] std::optional<int> begin(DetachedParent* parent);
  [[nodiscard]] std::optional<int> pass_the_gate(DetachedParent* parent);
  [[nodiscard]] Result<Passage> ask_gate(ledger::Books& books, DetachedParent* parent);
  [[nodiscard]] Result<Passage> wait_at_gate(ledger::Books& books, ledger::GateRequest& request, DetachedParent* parent);
  [[nodiscard]] std::optional<int> take_answer(const ledger::GateAnswer& answer, DetachedParent* parent);
  [[nodiscard]] int refuse(const std::string& obstacle, const std::string& reason, DetachedParent* parent);
  void announce();
  loop::LoopSetup setup();
  loop::GatewayPlan gateway_plan();
  loop::MeteringSetup metering_setup() const;
  void launch_failed(const loop::LoopResult& result);
  void settle(const loop::LoopResult& result, loop::Metering& metering);
  void give_to_ledger(const ledger::RunEnd& end, loop::Metering* metering);
  void write_back(const ledger::RunEnd& end);
  void write_result(const ledger::RunEnd& end);
  [[nodiscard]] ledger::RunStart& start() { return contract_.start; }

  const RunOptions& options_;
  const Surroundings& world_;
  Console& console_;
  Contract contract_;
  std::string state_home_;
  std::optional<capture::RunFolder> folder_;
  LedgerEntry entry_{contract_.start};
  std::vector<std::string> covering_;   ///< names of the budgets that the run's spending counts against
  std::unique_ptr<AlertWatch> alerts_;  ///< null: without a ledger
  std::unique_ptr<tail::SessionClaims> claims_;
  std::string resume_;
  bool task_written_ = false;
};

}  // namespace ts::session
