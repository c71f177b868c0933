#include "accounting/report/token_log.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

namespace ts::report {
namespace {

using ledger::ResponseRow;

/// The source that rules: the run's own word, else the one whose responses have the most.
std::optional<Source> ruling_of(const TokenLogSources& sources) {
  if (sources.run.end) return sources.run.end->ruling;
  std::array<TokenCounts, kSourceCount> sums{};
  std::optional<Source> best;
  for (const ResponseRow& row : sources.responses) sums[static_cast<std::size_t>(row.source)] = sums[static_cast<std::size_t>(row.source)] + row.counts;
  for (const Source source : {Source::stream, Source::transcript, Source::gateway}) {
    const auto fresh = [&](Source s) { return by_formula(sums[static_cast<std::size_t>(s)], Formula::fresh); };
    if (fresh(source) > 0 && (!best || fresh(source) >= fresh(*best))) best = source;
  }
  return best;
}

/// What the run is called where nothing marks a phase: its label `phase`, else its role.
std::string whole_name(const ledger::RunStart& start) {
  const auto labels = nlohmann::json::parse(start.labels_json, nullptr, false);
  if (labels.is_object() && labels.contains("phase") && labels["phase"].is_string()) return labels["phase"].get<std::string>();
  return start.role.empty() ? "run" : start.role;
}

/// Where the phases begin, by time: those of the caller, else those that the agent's words mark.
std::vector<PhaseRow> phase_starts(const TokenLogSources& sources, const std::vector<ResponseRow>& rows) {
  std::vector<PhaseRow> starts;
  const ledger::RunStart& run = sources.run.start;
  for (const PhaseStart& phase : sources.phases) starts.push_back({phase.name, phase.at.value_or(run.started), 0, {}});
  if (starts.empty()) {
    for (const PhaseMark& mark : sources.activity.marks) {
      const auto said = std::ranges::find(rows, mark.response, &ResponseRow::response_id);
      if (!mark.response.empty() && said != rows.end()) starts.push_back({mark.name, said->at, 0, {}});
      else if (mark.at) starts.push_back({mark.name, *mark.at, 0, {}});
    }
  }
  std::stable_sort(starts.begin(), starts.end(), [](const PhaseRow& a, const PhaseRow& b) { return a.began < b.began; });
  const bool gap = starts.empty() || std::ranges::any_of(rows, [&](const ResponseRow& row) { return row.at < starts.front().began; });
  if (gap) starts.insert(starts.begin(), {starts.empty() ? whole_name(run) : "(before " + starts.front().name + ")", run.started, 0, {}});
  return starts;
}

std::vector<PhaseRow> phases_of(const TokenLogSources& sources, const std::vector<ResponseRow>& rows) {
  std::vector<PhaseRow> phases = phase_starts(sources, rows);
  for (const ResponseRow& row : rows) {
    const auto after = std::upper_bound(phases.begin(), phases.end(), row.at, [](UtcTime at, const PhaseRow& phase) { return at < phase.began; });
    PhaseRow& phase = after == phases.begin() ? phases.front() : *(after - 1);
    phase.counts = phase.counts + row.counts;
    phase.responses += row.requests;
  }
  // A phase that is announced again goes on; one in which nothing was spent is none.
  std::vector<PhaseRow> merged;
  for (const PhaseRow& phase : phases) {
    if (phase.counts == TokenCounts{} && phases.size() > 1) continue;
    if (!merged.empty() && merged.back().name == phase.name) {
      merged.back().counts = merged.back().counts + phase.counts;
      merged.back().responses += phase.responses;
    } else {
      merged.push_back(phase);
    }
  }
  if (merged.empty()) merged.push_back(phases.front());
  return merged;
}

std::vector<ModelRow> models_of(const TokenLogSources& sources, const std::vector<ResponseRow>& rows) {
  std::map<std::string, std::pair<TokenCounts, CostSum>, std::less<>> sums;
  for (const ResponseRow& row : rows) {
    auto& [counts, cost] = sums[row.model];
    counts = counts + row.counts;
    cost.add(sources.prices, row.model, row.counts, row.at);
  }
  std::vector<ModelRow> models;
  models.reserve(sums.size());
  for (const auto& [model, sum] : sums) models.push_back({model, sum.first, sum.second.total()});
  return models;
}

/// Where an agent tells no responses, only what all of them took: each model's sum stands for them.
std::vector<ResponseRow> rows_of_sums(const ledger::RunRecord& run, Source source) {
  std::vector<ResponseRow> rows;
  if (!run.end) return rows;
  for (const auto& [model, totals] : run.end->by_model) rows.push_back({source, "", model, "", totals.counts, totals.requests, run.start.started});
  if (rows.empty()) rows.push_back({source, "", "", "", run.end->totals.counts, run.end->totals.requests, run.start.started});
  if (!run.end->sessions.empty())
    for (ResponseRow& row : rows) row.session = run.end->sessions.front();
  return rows;
}

std::optional<Tokens> peak_of(const std::vector<ResponseRow>& rows) {
  std::optional<Tokens> peak;
  for (const ResponseRow& row : rows) {
    if (row.requests != 1) continue;
    const TokenCounts& c = row.counts;
    const Tokens context = saturating_add(saturating_add(c.input, c.cache_write()), c.cache_read);
    if (context > peak.value_or(0)) peak = context;
  }
  return peak;
}

}  // namespace

TokenLog make_token_log(const TokenLogSources& sources) {
  const ledger::RunRecord& run = sources.run;
  TokenLog log;
  log.run = run;
  log.totals = run.end ? run.end->totals : run.live;
  log.source = ruling_of(sources);
  log.evidence = sources.evidence;
  log.resume = sources.resume;
  log.unread = sources.activity.unread;
  log.high_cost = sources.high_cost;
  log.past = spending_like(sources.history, {run.start.category, run.start.role, run.start.agent, run.start.id.text});
  if (!log.source) return log;
  std::vector<ResponseRow> rows;
  std::ranges::copy_if(sources.responses, std::back_inserter(rows), [&](const ResponseRow& row) { return row.source == *log.source; });
  const bool told = !rows.empty();
  if (!told) rows = rows_of_sums(run, *log.source);
  TokenCounts sum;
  for (const ResponseRow& row : rows) sum = sum + row.counts;
  if (!run.end) log.totals.counts = highest(log.totals.counts, sum);
  log.beyond = difference(log.totals.counts, sum);
  log.phases = phases_of(sources, rows);
  const std::string main = run.end && !run.end->sessions.empty() ? run.end->sessions.front() : rows.empty() ? std::string() : rows.front().session;
  log.attribution = attribute({sources.activity, rows, log.totals.counts, main});
  log.models = models_of(sources, rows);
  if (told) log.peak_context = peak_of(rows);
  return log;
}

std::string quality_of(const TokenLog& log) {
  if (!log.source) return "no meter saw any usage: nothing is known of what the run took";
  std::string text = "measured by the " + std::string(name_of(*log.source));
  if (log.run.end) {
    const auto& sources = log.run.end->by_source;
    for (const Source source : {Source::gateway, Source::transcript, Source::stream}) {
      const auto& other = sources[static_cast<std::size_t>(source)];
      if (source == *log.source || !other) continue;
      const Tokens less = log.fresh() - by_formula(other->counts, Formula::fresh);
      text += less == 0 ? ", the " + std::string(name_of(source)) + " agrees" : ", the " + std::string(name_of(source)) + " has " + std::to_string(less) + " tokens less";
    }
    const ParseStats& parse = log.run.end->parse;
    text += "; " + std::to_string(parse.malformed) + " of " + std::to_string(parse.lines) + " lines malformed, " + std::to_string(parse.bytes_dropped) + " bytes dropped";
  } else {
    text += "; the run has not ended, so the figures grow";
  }
  if (!(log.beyond == TokenCounts{})) text += "; " + std::to_string(by_formula(log.beyond, Formula::fresh)) + " fresh tokens were settled by the agent beyond its responses";
  if (log.unread > 0) text += "; " + std::to_string(log.unread) + " bytes of too long lines were not looked at for tools";
  text += log.evidence.empty() ? "; no stream or transcript could be read, so tools are not known" : "; tools from " + log.evidence + ", their tokens attributed by bytes";
  return text;
}

}  // namespace ts::report
