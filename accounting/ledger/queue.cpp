#include "accounting/ledger/queue.hpp"

#include <algorithm>

namespace ts::ledger {
namespace {

constexpr long long kNoBudget = 0;

std::vector<Waiting> in_front_of(Sql& sql, const std::string& run, UtcTime now) {
  std::vector<Waiting> found;
  Waiting one;
  std::string key;
  long long budget = 0;
  std::int64_t amount = 0;
  for_each_row(sql,
               Select{"SELECT w.run, w.since, f.claim, f.budget, f.amount FROM waiting w JOIN waiting_for f ON f.run = w.run WHERE w.expires > ? "
                      "AND w.run <> ? AND w.n < coalesce((SELECT n FROM waiting WHERE run = ?), 9223372036854775807) ORDER BY w.n",
                      values(now, run, run), into(one.run, one.since, key, budget, amount)},
               [&] {
                 if (found.empty() || found.back().run != one.run) found.push_back(one);
                 if (budget == kNoBudget) found.back().claims.insert(key);
                 else found.back().budgets[budget] = amount;
               });
  return found;
}

bool could_start(const Waiting& waiting, const Standing& standing) {
  const auto has_room = [&](const auto& need) { return standing.room(need.first) >= std::max<std::int64_t>(need.second, 1); };
  return std::ranges::all_of(waiting.budgets, has_room) && std::ranges::all_of(waiting.claims, standing.is_free);
}

/// Whether only one of the two can start.
bool collide(const Waiting& a, const Waiting& b, const Standing& standing) {
  for (const std::string& key : a.claims)
    if (b.claims.contains(key)) return true;
  return std::ranges::any_of(a.budgets, [&](const auto& need) {
    const auto other = b.budgets.find(need.first);
    return other != b.budgets.end() && need.second > standing.room(need.first) - other->second;
  });
}

}  // namespace

void enqueue(Sql& sql, const Waiting& waiting, UtcTime expires) {
  execute(sql, "INSERT INTO waiting (run, since, expires) VALUES (?, ?, ?) ON CONFLICT (run) DO UPDATE SET expires = excluded.expires",
          values(waiting.run, waiting.since, expires));
  execute(sql, "DELETE FROM waiting_for WHERE run = ?", values(waiting.run));
  const std::string text = "INSERT INTO waiting_for (run, claim, budget, amount) VALUES (?, ?, ?, ?)";
  const std::string no_claim;
  constexpr std::int64_t kNothing = 0;
  for (const std::string& key : waiting.claims) execute(sql, text, values(waiting.run, key, kNoBudget, kNothing));
  for (const auto& [budget, amount] : waiting.budgets) execute(sql, text, values(waiting.run, no_claim, budget, amount));
}

void leave_queue(Sql& sql, const std::string& run) {
  execute(sql, "DELETE FROM waiting_for WHERE run = ?", values(run));
  execute(sql, "DELETE FROM waiting WHERE run = ?", values(run));
}

std::optional<Waiting> next_before(Sql& sql, const Waiting& run, const Standing& standing, UtcTime now) {
  if (run.claims.empty() && run.budgets.empty()) return std::nullopt;
  for (Waiting& other : in_front_of(sql, run.run, now))
    if (could_start(other, standing) && collide(other, run, standing)) return std::move(other);
  return std::nullopt;
}

}  // namespace ts::ledger
