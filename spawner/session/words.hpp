#pragma once

#include <string>

#include "accounting/budget/decide.hpp"
#include "accounting/ledger/records.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/control/protocol.hpp"
#include "spawner/loop/run_loop.hpp"

/// The sentences that a run says on stderr. Pure.
namespace ts::session {

/// The path as people know it: relative where it lies below `cwd`.
[[nodiscard]] std::string shown_path(const std::string& path, const std::string& cwd);

/// "39,871 of 40,000 fresh tokens", "12,345 fresh tokens", "$0.84 of $5.00".
[[nodiscard]] std::string spent_of(std::int64_t spent, const std::optional<std::int64_t>& cap, Formula formula);

/// What stands between the agent and its cap.
struct Safeguards {
  std::string_view containment;
  bool capped = false;
  bool gateway = false;
};

/// "run 7f3k2m · claude · meters gateway, transcript, stream · containment cgroup · worst overshoot …"
[[nodiscard]] std::string meters_line(const RunId& run, const agents::Profile& profile, const agents::StdoutReport& report,
                                      const Safeguards& safeguards);

/// What a refused agent's user reads. Empty `resume`: not known, or it can't be resumed.
[[nodiscard]] std::string refusal_line(const ledger::RunStart& start, std::int64_t spent, std::int64_t limit, const std::string& resume);

/// What the agent reads at a wind-down threshold.
[[nodiscard]] std::string wind_down_line(const supervisor::WindDown& wind, Formula formula);

/// "50 % of the cap: 20,112 of 40,000 fresh tokens after 3m 12s (6.3K a minute, cap in about 3 min)"
[[nodiscard]] std::string warning_line(const Warn& warning, Formula formula, std::chrono::milliseconds elapsed);

/// "held at the cap: 2,900 of 3,000 fresh tokens; requests wait: `tracked-spawn extend …`"
[[nodiscard]] std::string hold_line(const RunId& run, const supervisor::AnnounceHold& hold, Formula formula);

/// "20,112 of 40,000 fresh tokens · 50 % · 6.3K a minute · cap in about 3 min · 3m 12s"
[[nodiscard]] std::string live_line(const control::Standing& standing);

/// "the cap is reached: …; stopping": said when the stop begins, if it takes a while.
[[nodiscard]] std::string stop_line(const supervisor::StopDecision& decision, Formula formula);

/// The last line about the run: "stopped at the cap: …", "completed after 3m 12s: …", "failed (exit 1) after 45 s: …".
[[nodiscard]] std::string outcome_line(const ledger::RunStart& start, const ledger::RunEnd& end, const loop::LoopResult& result);

}  // namespace ts::session
