#include "accounting/report/attribution.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace ts::report {
namespace {

Tokens fresh_input(const TokenCounts& counts) { return saturating_add(counts.input, counts.cache_write()); }

/// A place that tokens can fall to: a row, and an operation of it (0: none).
struct Place {
  std::size_t row = 0;
  std::size_t call = 0;
  std::uint64_t bytes = 0;
};
using Places = std::vector<Place>;

class Attributor {
 public:
  explicit Attributor(const AttributionInput& input) : input_(input) {
    words_ = row(std::string(kWordsRow));
    context_ = row(std::string(kContextRow));
    result_.operations.resize(input.activity.calls);
  }

  Attribution run() {
    for (const ledger::ResponseRow& response : input_.responses) seen_.emplace(response.response_id, Seen{});
    for (const Act& act : input_.activity.acts) note(act);
    for (const ledger::ResponseRow& response : input_.responses) settle(response);
    settle_loose();
    settle_rest();
    finish();
    return std::move(result_);
  }

 private:
  /// What the stream shows of one response.
  struct Seen {
    bool shown = false;
    std::string worker;
    Places in;
    Places out;
  };

  std::size_t row(const std::string& name) {
    const auto [at, fresh] = rows_.emplace(name, result_.tools.size());
    if (fresh) result_.tools.push_back({name, 0, 0, 0, 0, 0});
    return at->second;
  }

  [[nodiscard]] std::string worker_of(const std::string& session, const std::string& worker) const {
    if (!worker.empty()) return worker;
    return session == input_.main_session || input_.main_session.empty() ? std::string() : session;
  }

  void note(const Act& act) {
    const std::string worker = worker_of(act.session, act.worker);
    Places& pending = pending_[worker];
    if (const auto found = act.response.empty() ? seen_.end() : seen_.find(act.response); found != seen_.end()) {
      Seen& seen = found->second;
      if (!seen.shown) seen.in = std::exchange(pending, {});
      if (!seen.shown) seen.worker = worker;
      seen.shown = true;
      if (act.kind == Act::Kind::response) return;
      const Place place = place_of(act);
      seen.out.push_back(place);
      pending.push_back(place);
      return;
    }
    if (act.kind == Act::Kind::response) return;
    const Place place = place_of(act);
    const bool output = act.kind == Act::Kind::text || act.kind == Act::Kind::call;
    if (output) loose_out_.push_back(place);
    pending.push_back(place);
  }

  Place place_of(const Act& act) {
    if (act.kind == Act::Kind::text) return {words_, 0, act.bytes};
    if (act.kind == Act::Kind::prompt) return {context_, 0, act.bytes};
    const std::size_t at = row(act.tool);
    ToolRow& tool = result_.tools[at];
    const bool call = act.kind == Act::Kind::call;
    tool.calls += call ? 1 : 0;
    (call ? tool.call_bytes : tool.result_bytes) += act.bytes;
    if (act.call > 0) {
      Operation& operation = result_.operations[act.call - 1];
      operation.tool = act.tool;
      if (!act.about.empty()) operation.about = act.about;
      operation.bytes += act.bytes;
    }
    return {at, act.call, act.bytes};
  }

  void give(const Place& place, Tokens tokens, Tokens ToolRow::*part) {
    result_.tools[place.row].*part += tokens;
    if (place.call > 0) result_.operations[place.call - 1].fresh += tokens;
  }

  /// At most one token a byte; the rest falls to `other`.
  void spread(Tokens amount, const Places& places, Tokens ToolRow::*part) {
    std::vector<std::uint64_t> weights;
    std::uint64_t bytes = 0;
    for (const Place& place : places) {
      weights.push_back(place.bytes);
      bytes += place.bytes;
    }
    const Tokens most = static_cast<Tokens>(std::min<std::uint64_t>(bytes, static_cast<std::uint64_t>(kMaxTokens)));
    const Tokens known = std::min(amount, most);
    const std::vector<Tokens> parts = shared_by(known, weights);
    for (std::size_t i = 0; i < places.size(); ++i) give(places[i], parts[i], part);
    const std::size_t other = part == &ToolRow::output ? words_ : context_;
    result_.tools[other].*part += amount - known;
  }

  void settle(const ledger::ResponseRow& response) {
    const TokenCounts& counts = response.counts;
    const Seen& seen = seen_[response.response_id];
    responses_total_ = responses_total_ + counts;
    WorkerRow& worker = workers_[seen.shown ? worker_of(response.session, seen.worker) : worker_of(response.session, {})];
    worker.counts = worker.counts + counts;
    worker.responses += response.requests;
    if (!seen.shown) {
      unseen_ = unseen_ + counts;
      return;
    }
    spread(fresh_input(counts), seen.in, &ToolRow::input);
    const Tokens reasoning = std::min(counts.reasoning, counts.output);
    result_.tools[words_].output += reasoning;
    spread(counts.output - reasoning, seen.out, &ToolRow::output);
  }

  /// Responses without deeds, and deeds without responses: they may belong together (Codex tells its usage once a turn).
  void settle_loose() {
    if (unseen_ == TokenCounts{}) return;
    if (loose_out_.empty()) {
      ToolRow& unseen = result_.tools[row(std::string(kUnseenRow))];
      unseen.input += fresh_input(unseen_);
      unseen.output += unseen_.output;
      return;
    }
    Places in;
    for (auto& [worker, places] : pending_) in.insert(in.end(), places.begin(), places.end());
    spread(fresh_input(unseen_), in, &ToolRow::input);
    const Tokens reasoning = std::min(unseen_.reasoning, unseen_.output);
    result_.tools[words_].output += reasoning;
    spread(unseen_.output - reasoning, loose_out_, &ToolRow::output);
  }

  /// What the run counted and no response has.
  void settle_rest() {
    const Tokens in = fresh_input(input_.total) - fresh_input(responses_total_);
    const Tokens out = input_.total.output - responses_total_.output;
    if (in == 0 && out == 0) return;
    ToolRow& rest = result_.tools[row(std::string(kSettledRow))];
    rest.input += in;
    rest.output += out;
  }

  void finish() {
    std::erase_if(result_.tools, [](const ToolRow& t) { return t.calls == 0 && t.fresh() == 0 && t.call_bytes + t.result_bytes == 0; });
    std::stable_sort(result_.tools.begin(), result_.tools.end(), [](const ToolRow& a, const ToolRow& b) {
      const bool tool_a = !a.name.starts_with('('), tool_b = !b.name.starts_with('(');
      return tool_a != tool_b ? tool_a : a.fresh() > b.fresh();
    });
    std::erase_if(result_.operations, [](const Operation& o) { return o.tool.empty(); });
    std::stable_sort(result_.operations.begin(), result_.operations.end(), [](const Operation& a, const Operation& b) { return a.fresh > b.fresh; });
    for (auto& [id, worker] : workers_) {
      worker.id = id;
      const auto name = input_.activity.workers.find(id);
      worker.name = id.empty() ? "main agent" : name != input_.activity.workers.end() ? name->second : "session " + id;
      result_.workers.push_back(worker);
    }
  }

  const AttributionInput& input_;
  Attribution result_;
  std::size_t words_ = 0;
  std::size_t context_ = 0;
  std::unordered_map<std::string, std::size_t> rows_;
  std::unordered_map<std::string, Seen> seen_;
  std::map<std::string, Places, std::less<>> pending_;   ///< by worker: what its next response takes in
  std::map<std::string, WorkerRow, std::less<>> workers_;
  Places loose_out_;
  TokenCounts unseen_;
  TokenCounts responses_total_;
};

}  // namespace

Attribution attribute(const AttributionInput& input) { return Attributor(input).run(); }

std::vector<Tokens> shared_by(Tokens amount, std::span<const std::uint64_t> weights) {
  std::vector<Tokens> parts(weights.size(), 0);
  if (weights.empty()) return parts;
  const std::uint64_t whole = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  if (whole == 0) {
    parts.front() = amount;
    return parts;
  }
  // What is rounded down is carried on, so that the parts add up and none is off by more than one.
  __extension__ using Wide = unsigned __int128;
  Wide before = 0;
  Tokens given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    before += weights[i];
    const auto upto = static_cast<Tokens>(before * static_cast<Wide>(amount) / whole);
    parts[i] = upto - given;
    given = upto;
  }
  return parts;
}

}  // namespace ts::report
