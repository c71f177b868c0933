#include "spawner/session/ledger_entry.hpp"

#include <algorithm>
#include <utility>

namespace ts::session {

using std::chrono::milliseconds;

void LedgerEntry::wait_until(milliseconds from_now) { patience_ends_ = std::chrono::steady_clock::now() + from_now; }

milliseconds LedgerEntry::left() const {
  return std::max(std::chrono::duration_cast<milliseconds>(patience_ends_ - std::chrono::steady_clock::now()), waits_.live);
}

void LedgerEntry::open(std::filesystem::path path) {
  path_ = std::move(path);
  row_ = Row::pending;
  wait_until(waits_.launch);
  auto opened = ledger::open_ledger(path_, ledger::OpenMode::write, left());
  if (opened.has_value()) ledger_ = std::move(*opened);
  else trouble_ = opened.error();
}

ledger::Ledger* LedgerEntry::for_recovery() {
  if (ledger_) ledger_->set_patience(std::min(left(), waits_.launch / 4));
  return ledger_.get();
}

bool LedgerEntry::begin() { return ensure_row(left()); }

bool LedgerEntry::ensure_row(milliseconds wait) {
  if (row_ != Row::pending) return row_ == Row::written;
  if (!ledger_ && trouble_.code == Errc::busy) {
    auto opened = ledger::open_ledger(path_, ledger::OpenMode::write, wait);
    if (opened.has_value()) ledger_ = std::move(*opened);
    else trouble_ = opened.error();
  }
  if (ledger_) {
    ledger_->set_patience(wait);
    const auto begun = ledger_->begin(start_);
    if (begun.has_value()) row_ = Row::written;
    else trouble_ = begun.error();
  }
  if (row_ == Row::pending && trouble_.code != Errc::busy) row_ = Row::impossible;
  return row_ == Row::written;
}

Result<ledger::Ledger*> LedgerEntry::live() {
  if (row_ == Row::impossible) return static_cast<ledger::Ledger*>(nullptr);
  if (!ensure_row(waits_.live)) return trouble_;
  ledger_->set_patience(waits_.live);
  return ledger_.get();
}

Result<ledger::BackgroundRecorder*> LedgerEntry::recorder() {
  TS_TRY(ledger::Ledger* const ledger, live());
  if (ledger != nullptr && !recorder_) recorder_ = std::make_unique<ledger::BackgroundRecorder>(*ledger, start_.id);
  return recorder_.get();
}

Result<void> LedgerEntry::finish(const Ending& ending) {
  if (row_ == Row::impossible) return {};
  wait_until(waits_.end);
  if (!ensure_row(left())) return trouble_;
  Result<void> recorded;
  if (recorder_) recorded = recorder_->finish(left());
  if (recorded.has_value() && !ending.rows.empty()) recorded = ledger_->record(start_.id, ending.rows, ending.totals, ending.now, left());
  ledger_->set_patience(left());
  const auto finished = ledger_->finish(start_.id, ending.end);
  return recorded.has_error() ? recorded : finished;
}

void LedgerEntry::mark_task_written() {
  if (row_ != Row::written) return;
  ledger_->set_patience(left());
  (void)ledger_->mark_task_written(start_.id);
}

}  // namespace ts::session
