#pragma once

#include <string>
#include <vector>

#include "accounting/ledger/alerts.hpp"
#include "accounting/ledger/budgets.hpp"
#include "accounting/ledger/claims.hpp"

namespace ts::cli {

/// A live run as the screen shows it.
struct LiveRun {
  std::string id, task, agent;
  std::string spent;                    ///< "12.3K", or "-"
  std::string cap;                      ///< "40K", or "none"
  std::optional<double> share;          ///< of the cap; absent: no cap, or nothing known
  std::chrono::microseconds elapsed{0};
  bool crashed = false;
  bool held = false;                    ///< its requests wait for a decision
};

/// All that `status` shows.
struct StatusView {
  UtcTime now;
  std::vector<ledger::BudgetState> budgets;
  std::vector<LiveRun> runs;
  std::vector<ledger::Alert> alerts;    ///< the newest, newest first
  Spend today;                          ///< since midnight UTC
  std::int64_t runs_today = 0;          ///< that began today; what was refused did not
  std::int64_t failed_today = 0;        ///< of them: failed or crashed
  std::size_t claims = 0;
};

struct Screen {
  std::size_t width = 80;   ///< columns; text is cut to it
  bool colour = false;
};

/// The whole screen, each line at most `screen.width` columns. Nothing is said by colour alone. Pure.
[[nodiscard]] std::string status_text(const StatusView& view, const Screen& screen);

/// "████████░░": `share` of `columns`; over 1 it is full.
[[nodiscard]] std::string bar(double share, std::size_t columns);

}  // namespace ts::cli
