#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>

#include "accounting/ledger/books.hpp"
#include "spawner/session/console.hpp"
#include "spawner/session/options.hpp"

namespace ts::session {

/// What a run does about alerts while it lives: says those that concern it, notices when it spends far faster than it did, and
/// has another process deliver them, so that a receiver who hangs never holds up the run or its cap.
class AlertWatch {
 public:
  struct Setup {
    RunId run;
    std::vector<std::string> budgets;  ///< that cover it, by name
    std::function<UtcTime()> now;
    std::function<MonoTime()> clock;
  };
  /// It has a connection of its own, opened when it is first needed: looking never waits for the run's own writer.
  /// Lifetime: world and console are borrowed.
  AlertWatch(std::filesystem::path ledger, const Surroundings& world, Console& console, Setup setup);
  ~AlertWatch();
  AlertWatch(const AlertWatch&) = delete;
  AlertWatch& operator=(const AlertWatch&) = delete;

  /// The run's fresh tokens were recorded. Quick: looks into the ledger once a second at most.
  void on_recorded(Tokens fresh);
  /// The run's end is recorded: its last alerts.
  void on_end();

 private:
  void follow_rate(Tokens fresh);
  void raise_rate(Tokens in_interval);
  /// True: something is new.
  bool say_new();
  void look_after_delivery(bool is_news);
  void start_helper();
  [[nodiscard]] bool helper_lives();

  /// Null: it can't be opened, so nobody is told.
  [[nodiscard]] ledger::Books* books();

  std::filesystem::path ledger_;
  std::unique_ptr<ledger::Books> books_;
  const Surroundings& world_;
  Console& console_;
  Setup setup_;
  std::int64_t last_said_ = 0;
  MonoTime last_look_;
  MonoTime last_help_;
  MonoTime interval_end_;
  Tokens at_interval_start_ = 0;
  std::vector<std::int64_t> per_interval_;
  bool rate_told_ = false;
  pid_t helper_ = -1;
};

}  // namespace ts::session
