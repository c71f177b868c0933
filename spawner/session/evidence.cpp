#include "spawner/session/evidence.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "accounting/base/text.hpp"
#include "accounting/budget/prices.hpp"
#include "accounting/report/run_json.hpp"
#include "accounting/usage/dialects.hpp"
#include "accounting/usage/reader.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/capture/event_log.hpp"
#include "spawner/loop/metering.hpp"
#include "spawner/tail/run_sink.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;
using ledger::RunEnd;
using ledger::RunRecord;

constexpr std::size_t kChunk = 1 << 18;

ParseStats read_file(const fs::path& path, std::unique_ptr<Dialect> dialect, UsageSink& sink) {
  std::ifstream file(path, std::ios::binary);
  if (!file || !dialect) return {};
  UsageReader reader(std::move(dialect), sink);
  std::string chunk(kChunk, '\0');
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0)
    reader.push(std::string_view{chunk.data(), static_cast<std::size_t>(file.gcount())});
  reader.finish();
  return reader.stats();
}

std::optional<RunEnd> written_end(const fs::path& folder) {
  std::ifstream file(folder / "end.json");
  if (!file) return std::nullopt;
  std::stringstream text;
  text << file.rdbuf();
  auto end = report::decode_end(text.str());
  if (end.has_error()) return std::nullopt;
  return std::move(*end);
}

loop::MeteringSetup metering_setup(const RunRecord& run, const PriceBook& prices) {
  loop::MeteringSetup setup;
  setup.formula = run.start.cap.formula;
  setup.price = [&prices](std::string_view model, const TokenCounts& counts, UtcTime at) { return prices.cost(model, counts, at); };
  setup.now = [at = run.heartbeat] { return at; };
  return setup;
}

/// The totals on stdout hold what a resumed session had spent before, and without its transcript nobody knows how much that is.
bool may_hold_an_unknown_past(const agents::Profile& profile, const ledger::RunStart& start) {
  return profile.stdout_holds_past && agents::may_resume(agents::detect(start.argv), start.argv);
}

void replay_rows(const std::vector<ledger::ResponseRow>& rows, loop::Metering& metering) {
  for (const ledger::ResponseRow& row : rows) {
    UsageEvent event;
    event.response_id = row.response_id;
    event.model = row.model;
    event.session = row.session;
    event.counts = row.counts;
    event.at = row.at;
    event.requests = row.requests;
    metering.sink(row.source).on_usage(event);
  }
}

std::string text_of(const nlohmann::json& line, const char* key) { return line.contains(key) && line[key].is_string() ? line[key].get<std::string>() : std::string{}; }

std::int64_t count_of(const nlohmann::json& line, const char* key) {
  return line.contains(key) && line[key].is_number_integer() ? std::max<std::int64_t>(line[key].get<std::int64_t>(), 0) : 0;
}

/// The lines of the run's event log that have such a piece of text. What is torn is passed over.
template <class Visit>
void for_each_logged(const ledger::RunStart& run, std::string_view piece, const Visit& visit) {
  if (run.run_dir.empty()) return;
  std::ifstream log(fs::path(run.run_dir) / "events.jsonl");
  for (std::string line; std::getline(log, line);) {
    if (line.find(piece) == std::string::npos) continue;
    if (const auto j = nlohmann::json::parse(line, nullptr, false); j.is_object()) visit(j);
  }
}

/// What the lines of the run's event log have under `key`.
std::set<std::string> logged(const ledger::RunStart& run, const char* key) {
  std::set<std::string> values;
  for_each_logged(run, '"' + std::string(key) + '"', [&](const nlohmann::json& line) {
    if (line.contains(key) && line[key].is_string()) values.insert(text_of(line, key));
  });
  return values;
}

/// Responses that the run's event log tells of: what came by transcripts and the gateway.
void replay_log(const ledger::RunStart& run, loop::Metering& metering) {
  for_each_logged(run, R"("kind":"usage")", [&](const nlohmann::json& line) {
    const std::string response = text_of(line, "response"), model = text_of(line, "model"), session = text_of(line, "session");
    if (response.empty()) return;
    UsageEvent event;
    event.response_id = response;
    event.model = model;
    event.session = session;
    event.counts = {count_of(line, "input"), count_of(line, "cache_write_5m"), count_of(line, "cache_write_1h"), count_of(line, "cache_read"), count_of(line, "output"), count_of(line, "reasoning")};
    event.requests = count_of(line, "requests");
    if (const auto at = parse_rfc3339(text_of(line, line.contains("said_at") ? "said_at" : "at")); at.has_value()) event.at = *at;
    metering.sink(text_of(line, "source") == name_of(Source::gateway) ? Source::gateway : Source::transcript).on_usage(event);
  });
}

}  // namespace

std::set<std::string> followed_files(const ledger::RunStart& run) { return logged(run, "file"); }

std::set<std::string> logged_sessions(const ledger::RunStart& run) { return logged(run, "session"); }

std::vector<ledger::ResponseRow> rows_from_evidence(const RunRecord& run, const PriceBook& prices) {
  const agents::Profile* profile = agents::profile_named(run.start.agent);
  if (run.start.run_dir.empty() || profile == nullptr) return {};
  capture::EventLog log{capture::RawFile{Error{Errc::unsupported, "a recovery keeps no event log"}}};
  loop::Metering metering(metering_setup(run, prices), log);
  for (const std::string& session : logged(run.start, "nested_session")) metering.leave_to_nested(session);
  replay_log(run.start, metering);
  if (!may_hold_an_unknown_past(*profile, run.start))
    (void)read_file(fs::path{run.start.run_dir} / "stdout", make_stream_dialect(profile->stream_dialect), metering.sink(Source::stream));
  return metering.take_rows();
}

RunEnd end_from_evidence(const RunRecord& run, const std::vector<ledger::ResponseRow>& rows, const PriceBook& prices) {
  const fs::path folder = run.start.run_dir;
  if (!folder.empty())
    if (auto end = written_end(folder)) return *end;
  RunEnd end = ledger::end_from_rows(run, rows);
  capture::EventLog log{capture::RawFile{Error{Errc::unsupported, "a recovery keeps no event log"}}};
  loop::Metering metering(metering_setup(run, prices), log);
  for (const std::string& session : logged(run.start, "nested_session")) metering.leave_to_nested(session);
  replay_rows(rows, metering);
  const agents::Profile* profile = agents::profile_named(run.start.agent);
  if (!folder.empty() && profile != nullptr) {
    const auto files = followed_files(run.start);
    tail::Past past{run.start.started, {}, 0, profile->stdout_holds_past ? &metering.past_of_stdout() : nullptr};
    tail::RunSink transcript(past);
    transcript.deliver_to(metering.sink(Source::transcript));
    for (const std::string& file : files)
      end.parse = end.parse + read_file(file, make_transcript_dialect(profile->transcript_dialect), transcript);
    if (!files.empty() || !may_hold_an_unknown_past(*profile, run.start))
      end.parse = end.parse + read_file(folder / "stdout", make_stream_dialect(profile->stream_dialect), metering.sink(Source::stream));
  }
  const Meter& meter = metering.meter();
  if (!meter.ruling()) return end;
  // What the rows prove is never less than what they proved before.
  if (end.ruling && by_formula(meter.totals().counts, Formula::fresh) < by_formula(end.totals.counts, Formula::fresh)) return end;
  end.ruling = meter.ruling();
  end.totals = meter.totals();
  for (Source source : {Source::stream, Source::transcript, Source::gateway})
    end.by_source[static_cast<std::size_t>(source)] = meter.of(source);
  end.by_model = meter.models(*end.ruling);
  end.unpriced_models.clear();
  end.cost = metering.cost(&end.unpriced_models);
  end.agent_version = metering.agent_version();
  end.sessions = metering.sessions();
  return end;
}

}  // namespace ts::session
