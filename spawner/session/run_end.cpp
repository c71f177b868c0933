#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "accounting/report/run_json.hpp"
#include "spawner/session/run_impl.hpp"
#include "spawner/session/settle.hpp"
#include "spawner/session/words.hpp"

namespace ts::session {

void Run::launch_failed(const loop::LoopResult& result) {
  console_.error(result.launch_error->message);
  return_lease();
  ledger::RunEnd end;
  end.outcome = ledger::Outcome::failed;
  end.ended = utc_now();
  end.exit_code = process::launch_exit_status(*result.launch_error);
  give_to_ledger(end, nullptr);
  write_result(end);
}

void Run::settle(const loop::LoopResult& result, loop::Metering& metering) {
  ledger::RunEnd end = end_of(result, metering, start(), utc_now());
  if (!end.sessions.empty())
    resume_ = agents::resume_command(*contract_.agent.profile, end.sessions.front()).value_or("");
  end.receipt_json = receipt_of(result, metering, start(), resume_);
  if (!end.receipt_json.empty()) (void)folder_->write_receipt(end.receipt_json);
  give_to_ledger(end, &metering);
  console_.say(outcome_line(start(), end, result));
  if (alerts_) alerts_->on_end();
  if (end.parse.malformed > 0)
    console_.error(fmt::format("warning: {} line{} that may hold usage could not be read, so the count may be too low",
                               end.parse.malformed, end.parse.malformed == 1 ? "" : "s"));
  if (result.survivors > 0 || !result.survivors_known)
    console_.error(fmt::format("warning: {} could not be ended by SIGKILL (another user's, or stuck in the kernel); events.jsonl in {} names "
                               "them, and `tracked-spawn doctor` says what containment is possible here",
                               result.survivors_known ? fmt::format("{} process(es)", result.survivors) : "something", folder_->path()));
  write_back(end);
  write_result(end);
}

/// The outcome goes into the run's folder first: what the ledger can't take now, `recover` brings in.
void Run::give_to_ledger(const ledger::RunEnd& end, loop::Metering* metering) {
  (void)folder_->write_whole("end.json", report::encode_end(end));
  LedgerEntry::Ending ending{end, {}, {}, utc_now()};
  if (metering != nullptr && metering->pending_rows() > 0) {
    ending.rows = metering->take_rows();
    ending.totals = metering->meter().totals();
  }
  if (const auto finished = entry_.finish(ending); finished.has_error())
    console_.error(fmt::format("warning: {}; the outcome is kept in {}, and `tracked-spawn recover` brings it in later",
                               finished.error().message, folder_->path()));
}

void Run::write_back(const ledger::RunEnd& end) {
  const bool stopped = end.outcome == ledger::Outcome::cap || end.outcome == ledger::Outcome::stopped;
  const std::string resume = stopped && !resume_.empty() ? "resume with: " + resume_ : "";
  if (start().task_file.empty() || !options_.write_task) {
    if (!resume.empty()) console_.say(resume);
    return;
  }
  const auto actual = actual_of(start(), end, resume_);
  if (!actual) {
    console_.say(fmt::format("{}: not written, because the count is unknown", shown_path(start().task_file, world_.cwd)));
    return;
  }
  const auto fence = [this] { return entry_.may_write_task(); };
  const auto written = write_task(start(), *actual, world_.patterns, fence);
  if (written.has_error() && written.error().code == Errc::conflict && entry_.may_write_task().has_error()) {
    console_.error(fmt::format("warning: the task file is not written, for the task has another owner: {}; the ledger has the count", written.error().message));
    if (!resume.empty()) console_.say(resume);
    return;
  }
  if (written.has_error()) {
    console_.error(fmt::format("warning: {}; the ledger has the count, and `tracked-spawn task sync {}` writes it again",
                               written.error().message, start().id.text));
    if (!resume.empty()) console_.say(resume);
    return;
  }
  task_written_ = true;
  entry_.mark_task_written();
  console_.say(written_line(start(), *actual, *written) + (resume.empty() ? "" : " · " + resume));
  for (const std::string& note : written->notes) console_.detail(note);
}

void Run::write_result(const ledger::RunEnd& end) {
  if (options_.result_file.empty()) return;
  ledger::RunRecord record;
  record.start = start();
  record.heartbeat = end.ended;
  record.end = end;
  record.task_written = task_written_;
  const std::string text = report::run_json(record) + "\n";
  const int fd = ::open(options_.result_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool fine = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!fine) console_.error("warning: --result " + errno_error(options_.result_file, errno).message);
  if (fd >= 0) ::close(fd);
}

}  // namespace ts::session
