#include "accounting/ledger/sqlite_gate.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "accounting/ledger/fence.hpp"
#include "accounting/ledger/reservations.hpp"
#include "accounting/ledger/run_rows.hpp"
#include "accounting/ledger/sqlite_claims.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {
namespace {

/// The labels of a run that has no row yet are read from a row that nobody will see.
Attribution attribution_of_request(Sql& sql, const RunStart& run) {
  Attribution whose{run.project, run.sprint, run.task_id, run.task_file, run.agent, "", run.role, {}};
  whose.labels = labels_from(sql, run.labels_json);
  return whose;
}

void deny(GateAnswer& answer, Obstacle obstacle, std::string reason, std::optional<UtcTime> ask_again) {
  if (answer.verdict == Verdict::denied) return;  // the first reason stands
  answer.verdict = Verdict::denied;
  answer.obstacle = obstacle;
  answer.reason = std::move(reason);
  answer.ask_again = ask_again;
}

std::vector<const ClaimRequest*> claims_of(const GateRequest& request) {
  std::vector<const ClaimRequest*> all;
  if (request.claim) all.push_back(&*request.claim);
  for (const ClaimRequest& claim : request.also) all.push_back(&claim);
  return all;
}

/// Holds one budget against the request; may cut the answer's cap. `lent`: what the run around it has reserved for it.
void weigh(const GateRequest& request, const BudgetState& state, std::int64_t lent, Needs& needs, GateAnswer& answer) {
  const Measure measure = state.budget.measure;
  const std::int64_t room = state.headroom() + lent;
  // Where nothing is left no cap fits, in whatever unit.
  const auto fitting = room > 0 ? needs.cap_within(room, measure) : 0;
  if (fitting) answer.room = std::min(answer.room.value_or(*fitting), *fitting);
  const auto wanted = needs.by(measure);
  const bool cuts = request.when_short == WhenShort::cut_cap && fitting;
  const bool endless = cuts && !request.run.cap.limit;  // a run without a cap gets what is left as one
  if (room > 0 && !endless && (!wanted || *wanted <= room)) return;
  const bool may_cut = room > 0 && cuts && *fitting >= request.least;
  if (!may_cut) {
    const bool certain = needs.runs_behind(measure) == 0;
    const bool never = !cuts && wanted && certain && *wanted > state.budget.limit;
    answer.never = answer.never || never;
    if (never) return deny(answer, Obstacle::budget, shortage(state, needs) + ", which is more than there ever is", std::nullopt);
    return deny(answer, Obstacle::budget, shortage(state, needs), state.period.end);
  }
  if (answer.cap.limit && *answer.cap.limit <= *fitting) return;
  answer.cap.limit = *fitting;
  answer.cap.source = fmt::format("{}, cut to what is left of budget '{}'", request.run.cap.source,
                                  printable(state.budget.name));
  if (answer.verdict == Verdict::denied) return;
  answer.verdict = Verdict::cut;
  answer.obstacle = Obstacle::budget;
  answer.reason = shortage(state, needs);
}

/// What is certain of a run whose cap may have been cut.
Reserve certain_of(const GateRequest& request, const GateAnswer& answer) {
  Reserve amounts = request.reserve;
  if (answer.verdict != Verdict::cut) return amounts;
  const Reserve cut = reserve_of(answer.cap);
  for (std::size_t i = 0; i < amounts.size(); ++i)
    if (cut[i]) amounts[i] = std::min(amounts[i].value_or(*cut[i]), *cut[i]);
  return amounts;
}

/// What the run takes if it starts, or, where it was denied, the least that it waits for.
Wants wants_of(Sql& sql, const GateRequest& request, const GateAnswer& answer, const std::vector<StoredBudget>& covering) {
  Wants wants;
  for (const ClaimRequest* claim : claims_of(request)) wants.claims[claim->key] = claim->handed_over.value_or(0);
  Cap cap = answer.cap;
  Reserve certain = certain_of(request, answer);
  if (answer.verdict == Verdict::denied && request.when_short == WhenShort::cut_cap) {
    cap.limit = std::min(request.run.cap.limit.value_or(request.least), request.least);
    certain = reserve_of(cap);
  }
  Needs needs(sql, cap, request.run.agent, certain);
  for (const StoredBudget& budget : covering) wants.budgets[budget.n] = needs.by(budget.budget.measure).value_or(0);
  return wants;
}

Cap cap_of(Sql& sql, long long run) {
  Cap cap;
  (void)first_row(sql, Select{"SELECT cap_limit, cap_formula, cap_source FROM runs WHERE n = ?", values(run), into(cap.limit, cap.formula, cap.source)});
  return cap;
}

/// The run as one of those who wait.
Waiting waiting_of(const GateRequest& request, const std::string& reason, UtcTime now) {
  const RunStart& run = request.run;
  return {{run.id.text, run.host, run.pid, run.pid_start_ticks, run.boot_id, ""}, run.task_id.empty() ? run.task_file : run.task_id, run.agent, reason, now};
}

/// Says no to a run that may start, where somebody waits for just that.
void give_way(Sql& sql, const GateRequest& request, const Wants& wants, const std::vector<StoredBudget>& covering, GateAnswer& answer, UtcTime now) {
  Standing standing;
  standing.is_dead = request.is_dead;
  standing.may_claim = [&](const Waiting& who, const std::string& key, std::int64_t token) {
    ClaimRequest claim;
    claim.key = key;
    claim.owner = who.owner;
    claim.is_dead = request.is_dead;
    if (token != 0) claim.handed_over = token;
    const auto asked = ask_claim(sql, claim, now);
    return asked.has_value() && asked->granted;
  };
  standing.room = [&](long long n) {
    for (std::size_t i = 0; i < covering.size(); ++i)
      if (covering[i].n == n) return answer.budgets[i].headroom();
    for (const StoredBudget& other : load_budgets(sql))
      if (other.n == n) return state_of(sql, other, now).headroom();
    return kMaxTokens;  // the budget is gone
  };
  const auto next = next_before(sql, {waiting_of(request, "", now), wants}, standing, now);
  if (!next) return;
  const std::string what = next->reason.empty() ? "" : fmt::format(" ({})", next->reason);
  deny(answer, Obstacle::queue, fmt::format("run {} has waited since {} and starts first{}", printable(next->owner.run), rfc3339(next->since), what), std::nullopt);
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view names[] = {"allowed", "cut", "denied"};
  return names[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(Obstacle obstacle) {
  constexpr std::string_view names[] = {"none", "budget", "claim", "queue"};
  return names[static_cast<std::size_t>(obstacle)];
}

Result<SqliteGate::Weighed> SqliteGate::answer(const GateRequest& request, UtcTime now) {
  Sql& sql = database_->sql();
  Weighed weighed;
  GateAnswer& answer = weighed.answer;
  answer.cap = request.run.cap;
  for (const ClaimRequest* claim : claims_of(request)) {
    TS_TRY(ClaimOutcome outcome, ask_claim(sql, *claim, now));
    const bool first = !answer.claim;
    if (!outcome.granted && answer.verdict != Verdict::denied) {
      deny(answer, Obstacle::claim, printable(claim->key) + ": claimed by " + describe(outcome.claim),
           outcome.claim.expires);
      answer.claim = std::move(outcome);
    } else if (first) {
      answer.claim = std::move(outcome);
    }
  }
  const Attribution whose = attribution_of_request(sql, request.run);
  Needs needs(sql, request.run.cap, request.run.agent, request.reserve);
  std::vector<StoredBudget>& covering = weighed.covering = load_budgets(sql);
  std::erase_if(covering, [&](const StoredBudget& budget) { return !budget.budget.scope.may_cover(whose); });
  for (const StoredBudget& budget : covering) {
    answer.budgets.push_back(state_of(sql, budget, now));
    weigh(request, answer.budgets.back(), lent_to(sql, request.run.parent_run, budget, now), needs, answer);
  }
  weighed.wants = wants_of(sql, request, answer, covering);
  // What works for another run stands behind nobody: that run waits for it.
  if (answer.verdict != Verdict::denied && request.run.parent_run.empty()) give_way(sql, request, weighed.wants, covering, answer, now);
  if (answer.verdict == Verdict::denied) answer.cap = request.run.cap;
  return weighed;
}

Result<GateAnswer> SqliteGate::ask(const GateRequest& request, UtcTime now) {
  Weighed given;
  TS_CHECK(database_->read([&]() -> Result<void> {
    TS_TRY(given, answer(request, now));
    return {};
  }));
  return std::move(given.answer);
}

Result<GateAnswer> SqliteGate::admit(const GateRequest& request, UtcTime now) {
  Weighed given;
  TS_CHECK(database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    Sql& sql = database_->sql();
    TS_TRY(given, answer(request, now));
    if (given.answer.verdict != Verdict::denied) {
      if (request.queue) leave_place(sql, request.run.id.text);
      return take(request, given, now);
    }
    if (!request.queue || given.answer.never) return {};
    const InQueue place{waiting_of(request, given.answer.reason, now), given.wants};
    given.answer.cancelled = !take_place(sql, place, now, now + *request.queue);
    return {};
  }));
  return std::move(given.answer);
}

Result<void> SqliteGate::leave_queue(const RunId& run) {
  return database_->write(Durability::eventual, database_->patience(), [&]() -> Result<void> {
    leave_place(database_->sql(), run.text);
    return {};
  });
}

Result<void> SqliteGate::cancel_waiting(const RunId& run) {
  return database_->write(Durability::eventual, database_->patience(), [&]() -> Result<void> {
    if (cancel_place(database_->sql(), run.text)) return {};
    return Error{Errc::not_found, fmt::format("run {} does not wait", printable(run.text))};
  });
}

Result<std::vector<Waiting>> SqliteGate::waiting(UtcTime now) {
  std::vector<Waiting> found;
  TS_CHECK(database_->read([&]() -> Result<void> {
    for (InQueue& one : in_front_of(database_->sql(), "", now)) found.push_back(std::move(one.who));
    return {};
  }));
  return found;
}

Result<void> SqliteGate::take(const GateRequest& request, Weighed& weighed, UtcTime now) {
  Sql& sql = database_->sql();
  GateAnswer& granted = weighed.answer;
  RunStart run = request.run;
  run.cap = granted.cap;
  TS_TRY(const long long n, insert_run(sql, run));
  if (request.claim) {
    TS_TRY(granted.claim, take_claim(sql, *request.claim, now));
    execute(sql, "UPDATE runs SET claim_key = ?, claim_token = ? WHERE n = ?",
            values(request.claim->key, granted.claim->claim.token, n));
  }
  for (const ClaimRequest& claim : request.also) TS_CHECK(take_claim(sql, claim, now));
  for (const StoredBudget& budget : weighed.covering) {
    const std::int64_t amount = weighed.wants.budgets.at(budget.n);
    if (amount == 0) continue;
    borrow(sql, run.parent_run, budget, amount);
    reserve(sql, n, budget, amount, now + lease_);
  }
  return {};
}

Result<void> SqliteGate::change_cap(const RunId& run, const Cap& cap, UtcTime now) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    Sql& sql = database_->sql();
    TS_TRY(const RunRow row, run_row(sql, run));
    const Attribution whose = attribution_of(sql, row.n);
    const Cap before = cap_of(sql, row.n);
    Needs needs(sql, cap, whose.agent, reserve_of(cap));
    Needs old(sql, before, whose.agent, reserve_of(before));
    for (const StoredBudget& budget : load_budgets(sql)) {
      if (!budget.budget.scope.may_cover(whose)) continue;
      const auto wanted = needs.by(budget.budget.measure);
      if (!wanted) continue;
      // By the rate of now on both sides: what was reserved by another rate, or not at all, isn't made up for.
      const Reserved reserved = reserved_by(sql, row.n, budget);
      const bool certain = reserved.granted > 0 && needs.runs_behind(budget.budget.measure) == 0;
      const std::int64_t more = *wanted - (certain ? reserved.granted : old.by(budget.budget.measure).value_or(0));
      const BudgetState state = state_of(sql, budget, now);
      if (more > std::max<std::int64_t>(state.headroom(), 0)) return Error{Errc::refused, shortage(state, needs)};
      if (more != 0) reserve_more(sql, row.n, budget, more, now + lease_);
    }
    return {};
  });
}

Result<void> SqliteGate::may_write_task(const RunId& run) {
  return database_->read([&]() -> Result<void> {
    TS_TRY(const RunRow row, run_row(database_->sql(), run));
    return check_fence(database_->sql(), row.n);
  });
}

}  // namespace ts::ledger
