#include "accounting/ledger/sqlite_gate.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "accounting/ledger/needs.hpp"
#include "accounting/ledger/run_rows.hpp"
#include "accounting/ledger/sqlite_budgets.hpp"
#include "accounting/ledger/sqlite_claims.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {
namespace {

/// In the place of a run's claim token: it had its claim when it ended, so whoever came later came after it.
constexpr std::int64_t kKeptToItsEnd = 0;

/// The labels of a run that has no row yet are read from a row that nobody will see.
Attribution attribution_of_request(Sql& sql, const RunStart& run) {
  Attribution whose{run.project, run.sprint, run.task_id, run.task_file, run.agent, "", run.role, {}};
  whose.labels = labels_from(sql, run.labels_json);
  return whose;
}

std::string shortage(const BudgetState& state, Needs& needs) {
  const Measure m = state.budget.measure;
  std::string text = fmt::format("budget '{}' ({}): {} left of {}", printable(state.budget.name),
                                 period_label(state.budget.period, state.zone, state.period),
                                 describe_amount(std::max<std::int64_t>(state.headroom(), 0), m),
                                 describe_amount(state.budget.limit, m));
  if (state.reserved > 0)
    text += fmt::format(", {} of it reserved by live runs", describe_amount(state.reserved, m));
  if (const auto wanted = needs.by(m)) text += fmt::format("; the run may need {}", describe_amount(*wanted, m));
  if (const int runs = needs.runs_behind(m); runs > 0)
    text += fmt::format(" (at the rate of the agent's last {} run{})", runs, runs == 1 ? "" : "s");
  return text;
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

/// Holds one budget against the request; may cut the answer's cap.
void weigh(const GateRequest& request, const BudgetState& state, Needs& needs, GateAnswer& answer) {
  const Measure measure = state.budget.measure;
  const std::int64_t room = state.headroom();
  const auto fitting = needs.cap_within(room, measure);
  if (fitting) answer.room = std::min(answer.room.value_or(*fitting), *fitting);
  const auto wanted = needs.by(measure);
  const bool cuts = request.when_short == WhenShort::cut_cap && fitting;
  const bool endless = cuts && !request.run.cap.limit;  // a run without a cap gets what is left as one
  if (room > 0 && !endless && (!wanted || *wanted <= room)) return;
  const bool may_cut = room > 0 && cuts && *fitting >= request.least;
  if (!may_cut) return deny(answer, Obstacle::budget, shortage(state, needs), state.period.end);
  if (answer.cap.limit && *answer.cap.limit <= *fitting) return;
  answer.cap.limit = *fitting;
  answer.cap.source = fmt::format("{}, cut to what is left of budget '{}'", request.run.cap.source,
                                  printable(state.budget.name));
  if (answer.verdict == Verdict::denied) return;
  answer.verdict = Verdict::cut;
  answer.obstacle = Obstacle::budget;
  answer.reason = shortage(state, needs);
}

void reserve(Sql& sql, long long run, const StoredBudget& budget, std::int64_t amount, UtcTime expires) {
  const std::int64_t granted = fine(amount, budget.budget.measure);
  execute(sql, "INSERT INTO reservations (run, budget, granted, remaining, expires) VALUES (?, ?, ?, ?, ?)",
          values(run, budget.n, granted, granted, expires));
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

/// Makes a live run's reservation of one budget `wanted`. Errors: refused.
Result<void> change(Sql& sql, long long run, const BudgetState& state, const StoredBudget& budget, Needs& needs, UtcTime expires) {
  const Measure measure = budget.budget.measure;
  std::int64_t granted = 0, remaining = 0;
  (void)first_row(sql, Select{"SELECT granted, remaining FROM reservations WHERE run = ? AND budget = ?",
                              values(run, budget.n), into(granted, remaining)});
  const std::int64_t now_granted = fine(*needs.by(measure), measure);
  const std::int64_t now_remaining = std::max<std::int64_t>(now_granted - (granted - remaining), 0);
  const std::int64_t more = now_remaining - remaining;
  if (more > 0 && more > fine(std::max<std::int64_t>(state.headroom(), 0), measure))
    return Error{Errc::refused, shortage(state, needs)};
  execute(sql,
          "INSERT INTO reservations (run, budget, granted, remaining, expires) VALUES (?, ?, ?, ?, ?) ON "
          "CONFLICT (run, budget) DO UPDATE "
          "SET granted = excluded.granted, remaining = excluded.remaining, expires = max(expires, "
          "excluded.expires)",
          values(run, budget.n, now_granted, now_remaining, expires));
  return {};
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view names[] = {"allowed", "cut", "denied"};
  return names[static_cast<std::size_t>(verdict)];
}

std::string_view name_of(Obstacle obstacle) {
  constexpr std::string_view names[] = {"none", "budget", "claim"};
  return names[static_cast<std::size_t>(obstacle)];
}

Reserve reserve_of(const Cap& cap) {
  Reserve reserve;
  if (!cap.limit) return reserve;
  reserve[static_cast<std::size_t>(measure_of(cap.formula))] = *cap.limit;
  // Fresh tokens are a part of all tokens, output of both: the lower sum can't pass a cap on the higher one.
  if (cap.formula == Formula::total) reserve[static_cast<std::size_t>(Measure::fresh)] = *cap.limit;
  if (cap.formula == Formula::total || cap.formula == Formula::fresh)
    reserve[static_cast<std::size_t>(Measure::output)] = *cap.limit;
  return reserve;
}

void renew_reservations_of(Sql& sql, long long run, UtcTime expires) {
  execute(sql, "UPDATE reservations SET expires = max(expires, ?) WHERE run = ?", values(expires, run));
}

void release_reservations_of(Sql& sql, long long run) {
  execute(sql, "DELETE FROM reservations WHERE run = ?", values(run));
}

Result<void> check_fence(Sql& sql, long long run) {
  std::string key;
  std::int64_t token = 0;
  (void)first_row(
      sql, Select{"SELECT claim_key, claim_token FROM runs WHERE n = ?", values(run), into(key, token)});
  if (key.empty() || token == kKeptToItsEnd) return {};
  return check_token(sql, key, token);
}

void note_kept_claim(Sql& sql, long long run) {
  execute(sql,
          "UPDATE runs SET claim_token = ? WHERE n = ? AND claim_key <> '' AND EXISTS (SELECT 1 FROM claims c "
          "WHERE c.key = claim_key AND c.token = claim_token AND c.held = 1)",
          values(kKeptToItsEnd, run));
}

bool is_held_by_another(Sql& sql, long long run) {
  int held = 0;
  return first_row(sql, Select{"SELECT 1 FROM runs r JOIN claims c ON c.key = r.claim_key WHERE r.n = ? AND c.held = 1 AND c.run <> r.id",
                               values(run), into(held)});
}

Result<GateAnswer> SqliteGate::answer(const GateRequest& request, UtcTime now) {
  Sql& sql = database_->sql();
  GateAnswer answer;
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
  for (const StoredBudget& budget : load_budgets(sql)) {
    if (!budget.budget.scope.may_cover(whose)) continue;
    answer.budgets.push_back(state_of(sql, budget, now));
    weigh(request, answer.budgets.back(), needs, answer);
  }
  if (answer.verdict == Verdict::denied) answer.cap = request.run.cap;
  return answer;
}

Result<GateAnswer> SqliteGate::ask(const GateRequest& request, UtcTime now) {
  GateAnswer given;
  TS_CHECK(database_->read([&]() -> Result<void> {
    TS_TRY(given, answer(request, now));
    return {};
  }));
  return given;
}

Result<GateAnswer> SqliteGate::admit(const GateRequest& request, UtcTime now) {
  GateAnswer given;
  TS_CHECK(database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_TRY(given, answer(request, now));
    return given.verdict == Verdict::denied ? Result<void>() : take(request, given, now);
  }));
  return given;
}

Result<void> SqliteGate::take(const GateRequest& request, GateAnswer& granted, UtcTime now) {
  Sql& sql = database_->sql();
  RunStart run = request.run;
  run.cap = granted.cap;
  TS_TRY(const long long n, insert_run(sql, run));
  if (request.claim) {
    TS_TRY(granted.claim, take_claim(sql, *request.claim, now));
    execute(sql, "UPDATE runs SET claim_key = ?, claim_token = ? WHERE n = ?",
            values(request.claim->key, granted.claim->claim.token, n));
  }
  for (const ClaimRequest& claim : request.also) TS_CHECK(take_claim(sql, claim, now));
  Needs needs(sql, granted.cap, run.agent, certain_of(request, granted));
  const Attribution whose = attribution_of(sql, n);
  for (const StoredBudget& budget : load_budgets(sql)) {
    if (!budget.budget.scope.may_cover(whose)) continue;
    if (const auto amount = needs.by(budget.budget.measure)) reserve(sql, n, budget, *amount, now + lease_);
  }
  return {};
}

Result<void> SqliteGate::change_cap(const RunId& run, const Cap& cap, UtcTime now) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    Sql& sql = database_->sql();
    TS_TRY(const RunRow row, run_row(sql, run));
    const Attribution whose = attribution_of(sql, row.n);
    Needs needs(sql, cap, whose.agent, reserve_of(cap));
    for (const StoredBudget& budget : load_budgets(sql)) {
      if (!needs.by(budget.budget.measure) || !budget.budget.scope.may_cover(whose)) continue;
      TS_CHECK(change(sql, row.n, state_of(sql, budget, now), budget, needs, now + lease_));
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
