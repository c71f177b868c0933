#include "spawner/session/recover.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "accounting/report/run_json.hpp"
#include "spawner/process/cgroup.hpp"
#include "spawner/session/evidence.hpp"
#include "spawner/session/identity.hpp"
#include "spawner/session/paths.hpp"
#include "spawner/session/settle.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kRecordWait{2'000};

/// Writes end and task file of one dead run.
Recovered settle(ledger::Books& books, const ledger::RunRecord& run, const Surroundings& world) {
  ledger::Ledger& ledger = books.runs();
  Recovered done{run.start.id, run.start.task_id, {}, false, {}};
  const PriceBook& prices = world.prices ? *world.prices : builtin_prices();
  // First what the ledger had no time to take while the run went on: the end is what all rows prove.
  const auto proven = rows_from_evidence(run, prices);
  Result<void> written_down;
  if (!proven.empty()) written_down = ledger.record(run.start.id, proven, run.live, run.heartbeat, kRecordWait);
  const auto rows = ledger.responses(run.start.id);
  done.end = end_from_evidence(run, rows.has_value() ? *rows : std::vector<ledger::ResponseRow>{}, prices);
  if (written_down.has_value()) written_down = ledger.finish(run.start.id, done.end);
  if (written_down.has_error()) {
    done.note = written_down.error().message;
    return done;
  }
  done.settled = true;
  if (run.start.task_file.empty() || run.task_written) return done;
  const auto actual = actual_of(run.start, done.end, resume_of(run.start, done.end));
  if (!actual) {
    done.note = "the task file was not written: no meter saw any usage, so the count is unknown";
    return done;
  }
  const auto written = write_task(run.start, *actual, world.patterns, [&] { return books.gate().may_write_task(run.start.id); });
  if (written.has_error()) {
    done.note = written.error().message;
  } else {
    (void)ledger.mark_task_written(run.start.id);
  }
  return done;
}

/// A folder whose run the ledger has no row of: its row is made from run.json. Absent: nothing to do, or not readable.
std::optional<ledger::RunRecord> adopt(ledger::Ledger& ledger, const fs::path& folder) {
  const std::string id = folder.filename().string();
  if (ledger.find(id).has_value()) return std::nullopt;
  std::ifstream file(folder / "run.json");
  std::stringstream text;
  text << file.rdbuf();
  auto start = report::decode_start(text.str());
  if (start.has_error() || ledger::liveness_of(*start, here()) != ledger::Liveness::dead) return std::nullopt;
  if (ledger.begin(*start).has_error()) return std::nullopt;
  ledger::RunRecord record;
  record.start = std::move(*start);
  record.heartbeat = record.start.started;
  return record;
}

}  // namespace

Result<std::vector<Recovered>> recover(ledger::Books& books, const std::string& state_home, const Surroundings& world, RecoverScope scope) {
  ledger::Ledger& ledger = books.runs();
  std::vector<Recovered> done;
  TS_TRY(const auto open, ledger::open_runs(ledger, here()));
  for (const ledger::OpenRun& run : open) {
    if (run.liveness != ledger::Liveness::dead) continue;
    done.push_back(settle(books, run.run, world));
    if (scope == RecoverScope::open_rows && !done.back().settled) return done;  // a run waits to be launched
  }
  if (!done.empty() || scope == RecoverScope::everything) process::RunCgroup::remove_abandoned();
  if (scope == RecoverScope::open_rows) return done;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runs_folder(state_home), error))
    if (const auto run = adopt(ledger, entry.path())) done.push_back(settle(books, *run, world));
  return done;
}

}  // namespace ts::session
