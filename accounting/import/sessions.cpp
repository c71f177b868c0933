#include "accounting/import/sessions.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "accounting/import/reconcile.hpp"

namespace ts {
namespace {

/// A run without a cap says so by where its cap came from.
constexpr const char* kCapSource = "none: imported";

class Gatherer {
 public:
  explicit Gatherer(std::string host) : host_(std::move(host)) {}

  void add(const ImportedFile& file) {
    const FileUsage& usage = file.usage;
    auto& known = known_[{usage.agent, usage.source}];
    auto& owners = owners_[usage.agent];
    std::vector<std::size_t> sessions(usage.names.size(), kNone);
    bool left_out = false;
    const auto session = [&](std::uint32_t name) {
      if (sessions[name] == kNone) sessions[name] = session_of(file, usage.names[name]);
      return sessions[name];
    };
    for (const FileResponse& response : usage.responses) {
      if (usage.source == Source::stream && usage.names[response.session].empty()) {
        left_out = true;
        continue;
      }
      const auto [place, fresh] = known.try_emplace(response.id);
      if (fresh) {
        const std::size_t owner = owners.try_emplace(response.id, session(response.session)).first->second;
        place->second = {owner, found_.runs[owner].responses.size()};
        found_.runs[owner].responses.push_back(row_of(file, response));
      } else {
        grow(found_.runs[place->second.first].responses[place->second.second], response, usage.names[response.model]);
      }
    }
    for (const FileSettlement& settlement : usage.settlements) {
      if (usage.names[settlement.session].empty() || (usage.source == Source::stream && stream_holds_the_past(usage.agent))) {
        left_out = true;
        continue;
      }
      Settled& settled = settled_[{session(settlement.session), usage.source}];
      settled.meter.settle(usage.source, {settlement.id, usage.names[settlement.session], usage.names[settlement.model], settlement.counts});
      settled.at = std::max(settled.at, file.modified);
    }
    found_.unnamed += left_out ? 1U : 0U;
  }

  SessionsFound take() {
    for (auto& [whose, settled] : settled_) add_settlement(found_.runs[whose.first], whose.second, settled);
    for (ledger::ImportedRun& run : found_.runs) finish(run);
    return std::move(found_);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// What an agent said that a session of it came to.
  struct Settled {
    Meter meter;
    UtcTime at;
  };

  std::size_t session_of(const ImportedFile& file, const std::string& name) {
    const std::string& agent = file.usage.agent;
    const std::string key = name.empty() ? "file " + agent + " " + file.path : "session " + agent + " " + name;
    const auto [place, fresh] = places_.try_emplace(key, found_.runs.size());
    if (!fresh) return place->second;
    ledger::ImportedRun run;
    run.key = key;
    run.ids = agent;
    run.start.agent = agent;
    run.start.cwd = run.start.project = file.usage.cwd;
    run.start.host = host_;
    run.start.cap.source = kCapSource;
    run.start.on_cap = "report";
    run.agent_version = file.usage.version;
    if (!name.empty()) run.sessions.push_back(name);
    found_.runs.push_back(std::move(run));
    return place->second;
  }

  static ledger::ResponseRow row_of(const ImportedFile& file, const FileResponse& response) {
    ledger::ResponseRow row;
    row.source = file.usage.source;
    row.response_id = response.id;
    row.model = file.usage.names[response.model];
    row.session = file.usage.names[response.session];
    row.counts = response.counts;
    row.requests = response.requests;
    row.at = response.at.value_or(file.modified);
    return row;
  }

  static void grow(ledger::ResponseRow& row, const FileResponse& response, const std::string& model) {
    row.counts = highest(row.counts, response.counts);
    row.requests = std::max(row.requests, response.requests);
    if (row.model.empty()) row.model = model;
    if (response.at) row.at = std::min(row.at, *response.at);
  }

  /// What an agent settled beyond its responses, one row a model.
  static void add_settlement(ledger::ImportedRun& run, Source source, Settled& settled) {
    std::map<std::string, TokenCounts> responses;
    for (const ledger::ResponseRow& row : run.responses) {
      if (row.source != source) continue;
      UsageEvent event{row.response_id, row.model, run.sessions.front(), row.counts, row.at, row.requests};
      settled.meter.add(source, event);
      auto& sum = responses[row.model];
      sum = sum + row.counts;
    }
    for (const auto& [model, totals] : settled.meter.models(source)) {
      ledger::ResponseRow row;
      row.counts = difference(totals.counts, responses[model]);
      if (row.counts == TokenCounts{}) continue;
      row.source = source;
      row.response_id = std::string(ledger::kSettlementId) + run.sessions.front() + " " + model;
      row.model = model;
      row.session = run.sessions.front();
      row.requests = 0;
      row.at = settled.at;
      run.responses.push_back(std::move(row));
    }
  }

  static void finish(ledger::ImportedRun& run) {
    const auto is_transcript = [](const ledger::ResponseRow& row) { return row.source == Source::transcript; };
    // Codex' stream holds a fork's past too: its transcript is the one to count.
    if (run.start.agent == "codex" && std::ranges::any_of(run.responses, is_transcript))
      std::erase_if(run.responses, [&](const auto& row) { return !is_transcript(row); });
    if (run.responses.empty()) return;
    run.start.started = std::ranges::min(run.responses, {}, &ledger::ResponseRow::at).at;
  }

  std::string host_;
  SessionsFound found_;
  std::map<std::pair<std::string, Source>, std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>>> known_;
  std::map<std::string, std::unordered_map<std::string_view, std::size_t>> owners_;   // agent → id → session
  std::unordered_map<std::string, std::size_t> places_;
  std::map<std::pair<std::size_t, Source>, Settled> settled_;
};

}  // namespace

SessionsFound sessions_of(const std::vector<ImportedFile>& files, const std::string& host) {
  std::vector<const ImportedFile*> order;
  for (const ImportedFile& file : files) order.push_back(&file);
  std::stable_sort(order.begin(), order.end(), [](const ImportedFile* a, const ImportedFile* b) { return comes_before(a->usage, b->usage); });
  Gatherer gatherer(host);
  for (const ImportedFile* file : order) gatherer.add(*file);
  return gatherer.take();
}

}  // namespace ts
