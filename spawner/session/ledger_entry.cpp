#include "spawner/session/ledger_entry.hpp"

#include <algorithm>
#include <utility>

namespace ts::session {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kInQueue{1'000};

}  // namespace

void LedgerEntry::wait_until(milliseconds from_now) { patience_ends_ = std::chrono::steady_clock::now() + from_now; }

milliseconds LedgerEntry::left() const {
  const auto now = std::chrono::steady_clock::now();
  // Nobody held it for too long so far: the time was spent in a queue that moved.
  const bool queues = trouble_.code != Errc::busy && now < patience_ends_ + waits_.queue;
  return std::max(std::chrono::duration_cast<milliseconds>(patience_ends_ - now), queues ? kInQueue : waits_.live);
}

void LedgerEntry::open(std::filesystem::path path, ledger::BooksOptions options) {
  path_ = std::move(path);
  options_ = std::move(options);
  row_ = Row::pending;
  wait_until(waits_.launch);
  open_books(left());
}

void LedgerEntry::open_books(milliseconds wait) {
  options_.patience = wait;
  auto opened = ledger::Books::open(path_, ledger::OpenMode::write, options_);
  if (opened.has_value()) books_ = std::move(*opened);
  else trouble_ = opened.error();
}

ledger::Books* LedgerEntry::for_recovery() {
  if (books_) books_->runs().set_patience(std::min(left(), waits_.launch / 4));
  return books_.get();
}

ledger::Books* LedgerEntry::for_launch() {
  if (books_) books_->runs().set_patience(left());
  return books_.get();
}

bool LedgerEntry::begin() { return ensure_row(left()); }

bool LedgerEntry::ensure_row(milliseconds wait) {
  if (row_ != Row::pending) return row_ == Row::written;
  if (!books_ && trouble_.code == Errc::busy) open_books(wait);
  if (books_) {
    books_->runs().set_patience(wait);
    const auto begun = books_->runs().begin(start_);
    if (begun.has_value()) row_ = Row::written;
    else trouble_ = begun.error();
  }
  if (row_ == Row::pending && trouble_.code != Errc::busy) row_ = Row::impossible;
  return row_ == Row::written;
}

void LedgerEntry::prepare_finish() {
  if (row_ == Row::written) books_->runs().prepare_finish();
}

Result<ledger::Books*> LedgerEntry::live_books() {
  if (row_ == Row::impossible) return static_cast<ledger::Books*>(nullptr);
  if (!ensure_row(waits_.live)) return trouble_;
  books_->runs().set_patience(waits_.live);
  return books_.get();
}

Result<ledger::Ledger*> LedgerEntry::live() {
  TS_TRY(ledger::Books* const books, live_books());
  return books == nullptr ? nullptr : &books->runs();
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
  if (recorded.has_value() && !ending.rows.empty()) recorded = books_->runs().record(start_.id, ending.rows, ending.totals, ending.now, left());
  books_->runs().set_patience(left());
  const auto finished = books_->runs().finish(start_.id, ending.end);
  return recorded.has_error() ? recorded : finished;
}

Result<void> LedgerEntry::may_write_task() {
  if (row_ != Row::written) return {};
  books_->runs().set_patience(left());
  const auto may = books_->gate().may_write_task(start_.id);
  return may.has_error() && may.error().code == Errc::conflict ? may : Result<void>();
}

void LedgerEntry::leave() {
  static std::unique_ptr<ledger::Books> left;
  left = std::move(books_);
}

void LedgerEntry::mark_task_written() {
  if (row_ != Row::written) return;
  books_->runs().set_patience(left());
  (void)books_->runs().mark_task_written(start_.id);
}

}  // namespace ts::session
