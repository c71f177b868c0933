#include "spawner/session/reporter.hpp"

#include <fmt/format.h>

#include "spawner/session/words.hpp"

namespace ts::session {
namespace {

/// Longer than this the loop must not wait for the ledger: the cap comes first.
constexpr std::chrono::milliseconds kRecordWait{15};
constexpr std::chrono::seconds kDetailEvery{30};

}  // namespace

Reporter::Reporter(Context context, Console& console) : context_(std::move(context)), console_(console) {}

void Reporter::on_launching() { context_.on_launching(); }

void Reporter::on_started(process::Tier tier) {
  started_ = last_detail_ = context_.clock();
  context_.on_started(tier);
}

void Reporter::on_warning(const Warn& warning) {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(context_.clock() - started_);
  console_.say(warning_line(warning, context_.formula, elapsed));
}

void Reporter::on_stop_begun(const supervisor::StopDecision& decision) { console_.detail(stop_line(decision, context_.formula)); }

void Reporter::on_hold(const supervisor::AnnounceHold& hold) { console_.say(hold_line(context_.run, hold, context_.formula)); }

void Reporter::on_notice(std::string_view kind, const std::string& message) {
  console_.error(fmt::format("warning: {}: {}", kind, message));
}

void Reporter::on_session(std::string_view session) { console_.detail(fmt::format("session {}", session)); }

void Reporter::on_progress(const control::Standing& standing) {
  console_.live(live_line(standing));
  const MonoTime now = context_.clock();
  if (now - last_detail_ < kDetailEvery) return;
  last_detail_ = now;
  console_.detail(live_line(standing));
}

void Reporter::on_first_output() { context_.on_first_output(); }

void Reporter::before_agent_output() { console_.clear_live(); }

bool Reporter::record(std::vector<ledger::ResponseRow>& rows, const Totals& live) {
  const auto recorder = context_.recorder();
  if (recorder.has_error()) return false;
  if (*recorder == nullptr) return true;
  if (const auto trouble = (*recorder)->take_trouble(); trouble && !ledger_trouble_told_) {
    on_notice("ledger", trouble->message + "; the count goes on and is kept in the run's folder");
    ledger_trouble_told_ = true;
  }
  if (!(*recorder)->hand_over(rows, live, context_.now(), kRecordWait)) return false;
  if (context_.alerts != nullptr) context_.alerts->on_recorded(by_formula(live.counts, Formula::fresh));
  return true;
}

Result<void> Reporter::on_cap_changed(const std::optional<std::int64_t>& limit) {
  ledger::Cap cap = context_.cap;
  cap.limit = limit;
  cap.source = "extended while it ran";
  const auto books = context_.books();
  if (context_.has_budgets) {
    if (books.has_error()) return books.error();
    if (*books != nullptr) TS_CHECK((*books)->gate().change_cap(context_.run, cap, context_.now()));
  }
  keep_cap(cap);
  return {};
}

void Reporter::on_lease(std::int64_t limit) {
  ledger::Cap cap = context_.cap;
  cap.limit = limit;
  keep_cap(cap);
}

void Reporter::keep_cap(const ledger::Cap& cap) {
  context_.cap = cap;
  const auto books = context_.books();
  if (books.has_value() && *books == nullptr) return;
  if (const auto set = books.has_error() ? Result<void>(books.error()) : (*books)->runs().set_cap(context_.run, context_.cap, context_.now()); set.has_error())
    on_notice("ledger", set.error().message + "; the new cap holds all the same");
}

}  // namespace ts::session
