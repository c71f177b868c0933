#include "accounting/ledger/background_recorder.hpp"

#include <signal.h>

namespace ts::ledger {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kOneTry{500};
constexpr milliseconds kAfterFailure{200};

}  // namespace

BackgroundRecorder::~BackgroundRecorder() { (void)finish(milliseconds{0}); }

bool BackgroundRecorder::hand_over(std::vector<ResponseRow>& rows, const Totals& live, UtcTime now, milliseconds wait) {
  Lock lock(mutex_);
  if (!changed_.wait_for(lock, wait, [this] { return !batch_; })) return false;
  batch_.emplace(Batch{std::move(rows), live, now});
  rows.clear();
  if (!thread_.joinable()) start();
  changed_.notify_all();
  return true;
}

std::optional<Error> BackgroundRecorder::take_trouble() {
  const Lock lock(mutex_);
  return std::exchange(trouble_, std::nullopt);
}

Result<void> BackgroundRecorder::finish(milliseconds patience) {
  if (!thread_.joinable()) return {};
  {
    const Lock lock(mutex_);
    last_try_by_ = steady_clock::now() + patience;
    trouble_.reset();
    changed_.notify_all();
  }
  thread_.join();
  last_try_by_.reset();
  if (!batch_) return {};
  batch_.reset();
  return trouble_.value_or(Error{Errc::busy, "other processes kept the ledger locked"});
}

/// The run's signals are heard by its own thread.
void BackgroundRecorder::start() {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void BackgroundRecorder::work() {
  Lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return batch_ || last_try_by_; });
    if (!batch_) return;
    const bool was_ending = last_try_by_.has_value();
    lock.unlock();
    const Result<void> done = ledger_.record(run_, batch_->rows, batch_->live, batch_->now, kOneTry);
    lock.lock();
    if (done.has_value()) {
      batch_.reset();
      changed_.notify_all();
      continue;
    }
    const bool busy = done.error().code == Errc::busy;
    if (!busy || was_ending) trouble_ = done.error();
    // At the end a lock is waited for; what is no lock would fail again.
    if (was_ending && (!busy || steady_clock::now() >= *last_try_by_)) return;
    if (!busy) changed_.wait_for(lock, kAfterFailure, [this] { return last_try_by_.has_value(); });
  }
}

}  // namespace ts::ledger
