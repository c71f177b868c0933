#pragma once

#include <functional>

#include "accounting/ledger/background_recorder.hpp"
#include "accounting/ledger/books.hpp"
#include "spawner/loop/run_loop.hpp"
#include "spawner/session/alert_watch.hpp"
#include "spawner/session/console.hpp"

namespace ts::session {

/// Says what happens in a run on the console, and gives its rows to the ledger.
class Reporter final : public loop::RunObserver {
 public:
  struct Context {
    RunId run;
    Formula formula = Formula::fresh;
    ledger::Cap cap;
    std::function<Result<ledger::Books*>()> books;   ///< null: the run goes on without a ledger. Errors: busy, the next call may do
    std::function<Result<ledger::BackgroundRecorder*>()> recorder;   ///< the same of who writes its responses
    bool has_budgets = false;         ///< what the run may spend is reserved
    AlertWatch* alerts = nullptr;     ///< null: nobody is told of budgets and of its pace
    std::function<void()> on_launching;              ///< prepares for the end
    std::function<void()> on_first_output;           ///< the start is over
    std::function<void(process::Tier)> on_started;   ///< says the run's line
    std::function<UtcTime()> now;
    std::function<MonoTime()> clock;
  };
  Reporter(Context context, Console& console);

  void on_launching() override;
  void on_started(process::Tier tier) override;
  void on_warning(const Warn& warning) override;
  void on_stop_begun(const supervisor::StopDecision& decision) override;
  void on_hold(const supervisor::AnnounceHold& hold) override;
  void on_lease(std::int64_t limit) override;
  void on_notice(std::string_view kind, const std::string& message) override;
  void on_session(std::string_view session) override;
  void on_progress(const control::Standing& standing) override;
  void on_first_output() override;
  void before_agent_output() override;
  bool record(std::vector<ledger::ResponseRow>& rows, const Totals& live) override;
  Result<void> on_cap_changed(const std::optional<std::int64_t>& limit) override;

  /// The cap as it is now, extensions included.
  [[nodiscard]] const ledger::Cap& cap() const { return context_.cap; }

 private:
  void keep_cap(const ledger::Cap& cap);
  Context context_;
  Console& console_;
  MonoTime started_;
  MonoTime last_detail_;
  bool ledger_trouble_told_ = false;
};

}  // namespace ts::session
