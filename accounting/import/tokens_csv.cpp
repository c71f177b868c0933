// tokens.csv: an agent's rows are running totals, so its highest one counts.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "accounting/base/text.hpp"
#include "accounting/import/store_readers.hpp"

namespace ts {
namespace {

/// The cells of one line by RFC 4180. Absent: quotes that don't end.
std::optional<std::vector<std::string>> cells_of(std::string_view line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      cells.back() += '"';
      ++i;
    } else if (c == '"' && (quoted || cells.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return cells;
}

class TokensCsv {
 public:
  TokensCsv(const StoreRequest& request, RunsByKey& runs, StoreRead& read) : request_(request), runs_(runs), read_(read) {}

  void head(std::string_view line) {
    if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (const auto names = cells_of(line)) names_ = *names;
  }

  void line(std::string_view text) {
    ++read_.lines;
    if (text.empty()) return;
    const auto cells = cells_of(text);
    if (!cells || !add(*cells)) ++read_.malformed;
  }

 private:
  /// Empty: there is no such column, or nothing in it.
  [[nodiscard]] std::string cell(const std::vector<std::string>& cells, std::string_view name) const {
    const auto found = std::ranges::find(names_, name);
    const auto at = static_cast<std::size_t>(found - names_.begin());
    return at < cells.size() ? cells[at] : "";
  }

  /// A count; what isn't said is 0. `bad`: it can't be read.
  Tokens count(const std::vector<std::string>& cells, std::string_view name, bool& bad) const {
    const std::string text = cell(cells, name);
    if (text.empty()) return 0;
    const auto value = store_count(text);
    bad = bad || !value;
    return value.value_or(0);
  }

  bool add(const std::vector<std::string>& cells) {
    bool bad = cells.size() > names_.size();
    TokenCounts counts;
    counts.input = count(cells, "input_tokens", bad);
    counts.output = count(cells, "output_tokens", bad);
    counts.cache_read = count(cells, "cache_read", bad);
    counts.cache_write_5m = count(cells, "cache_create", bad);
    const Tokens requests = count(cells, "api_calls", bad);
    if (bad) return false;
    if (counts == TokenCounts{}) return true;
    const auto written = store_time(cell(cells, "timestamp"), request_.zone);
    const auto ended = store_time(cell(cells, "ended_at"), request_.zone);
    const auto at = ended ? ended : written;
    if (!at) return false;
    ++read_.used;
    const std::string session = printable(cell(cells, "session_id")), agent = printable(cell(cells, "agent_id"));
    ledger::ImportedRun& run = runs_.of("tokens.csv " + session + " " + agent);
    if (run.ids.empty()) {
      describe_run(run, "claude", store_time(cell(cells, "started_at"), request_.zone).value_or(*at));
      run.ids = "tokens.csv";
      run.yields_to = "session claude " + session;
      run.sessions = {session};
      run.start.labels_json = labels_of({{"agent", agent}});
    }
    const std::string role = printable(cell(cells, "agent_type")), task = printable(cell(cells, "task_id"));
    run.start.role = role;
    if (!task.empty()) run.start.task_id = task;
    ledger::ResponseRow row;
    row.response_id = run.key;
    row.session = session;
    row.counts = counts;
    row.requests = requests;
    row.at = *at;
    if (run.responses.empty()) return runs_.add(run, std::move(row)), true;
    ledger::ResponseRow& known = run.responses.front();
    if (by_formula(counts, Formula::total) > by_formula(known.counts, Formula::total)) known = std::move(row);
    return true;
  }

  const StoreRequest& request_;
  RunsByKey& runs_;
  StoreRead& read_;
  std::vector<std::string> names_;
};

}  // namespace

Result<StoreRead> read_tokens_csv(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put) {
  StoreRead read;
  RunsByKey runs(put);
  TokensCsv csv(request, runs, read);
  const LineReading reading{.head =
                                [&](std::string_view line) -> Result<void> {
                                  csv.head(line);
                                  return {};
                                },
                            .line =
                                [&](std::string_view line) {
                                  csv.line(line);
                                  return runs.put_if_full();
                                }};
  TS_TRY(read.continued, read_store_lines(request, mark, reading));
  TS_CHECK(runs.finish(mark));
  return read;
}

}  // namespace ts
