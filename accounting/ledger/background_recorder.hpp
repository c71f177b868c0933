#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "accounting/ledger/ledger.hpp"

namespace ts::ledger {

/// Gives a live run's responses to the ledger on a thread of its own, so that who reads the agent's output waits neither for a
/// disk nor for other writers. One batch is under way at a time; who is faster than the ledger waits or keeps the rows.
/// Thread: called by one; it begins with the first batch, so that a short run pays for none. Other calls to the same ledger
/// may be made meanwhile.
class BackgroundRecorder {
 public:
  /// Lifetime: `ledger` outlives this.
  BackgroundRecorder(Ledger& ledger, RunId run) : ledger_(ledger), run_(std::move(run)) {}
  /// Tries once more to write what is under way.
  ~BackgroundRecorder();
  BackgroundRecorder(const BackgroundRecorder&) = delete;
  BackgroundRecorder& operator=(const BackgroundRecorder&) = delete;

  /// Takes the rows. Waits at most `wait` for the batch before them. False: it is still under way; the rows are untouched.
  [[nodiscard]] bool hand_over(std::vector<ResponseRow>& rows, const Totals& live, UtcTime now, std::chrono::milliseconds wait);

  /// Why the last try failed, once a try. What failed is tried again.
  [[nodiscard]] std::optional<Error> take_trouble();

  /// Ends the thread when everything is written. Errors: what the ledger said of rows that could not be written, for busy
  /// after `patience`.
  [[nodiscard]] Result<void> finish(std::chrono::milliseconds patience);

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Batch {
    std::vector<ResponseRow> rows;
    Totals live;
    UtcTime now;
  };

  void start();
  void work();

  Ledger& ledger_;
  RunId run_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Batch> batch_;   ///< written when it is gone; only the thread touches it while it is there
  std::optional<Error> trouble_;
  std::optional<std::chrono::steady_clock::time_point> last_try_by_;   ///< set at the end
};

}  // namespace ts::ledger
