#include "accounting/ledger/queue.hpp"

#include <algorithm>
#include <set>

namespace ts::ledger {
namespace {

constexpr long long kNoBudget = 0;

/// What there is, less what those in front take of it.
class Rest {
 public:
  explicit Rest(const Standing& standing) : standing_(standing) {}

  [[nodiscard]] bool is_enough_for(const InQueue& one) {
    const auto has_room = [&](const auto& need) { return room(need.first) >= taken_by(need.second); };
    const auto is_free = [&](const auto& claim) { return !claims_.contains(claim.first) && standing_.may_claim(one.who, claim.first, claim.second); };
    return std::ranges::all_of(one.wants.budgets, has_room) && std::ranges::all_of(one.wants.claims, is_free);
  }
  void give(const InQueue& one) {
    for (const auto& [budget, amount] : one.wants.budgets) rooms_[budget] = room(budget) - taken_by(amount);
    for (const auto& [key, token] : one.wants.claims) claims_.insert(key);
  }

 private:
  /// A run that reserves nothing starts only where there is room, so nobody may take all of it before.
  static std::int64_t taken_by(std::int64_t amount) { return std::max<std::int64_t>(amount, 1); }
  std::int64_t room(long long budget) {
    const auto [place, fresh] = rooms_.try_emplace(budget, 0);
    if (fresh) place->second = standing_.room(budget);
    return place->second;
  }

  const Standing& standing_;
  std::map<long long, std::int64_t> rooms_;
  std::set<std::string> claims_;
};

bool share_something(const Wants& a, const Wants& b) {
  const auto in_b = [&](const auto& claim) { return b.claims.contains(claim.first); };
  const auto also_b = [&](const auto& need) { return b.budgets.contains(need.first); };
  return std::ranges::any_of(a.claims, in_b) || std::ranges::any_of(a.budgets, also_b);
}

}  // namespace

std::vector<InQueue> in_front_of(Sql& sql, const std::string& run, UtcTime now) {
  std::vector<InQueue> found;
  Waiting who;
  std::string key;
  long long budget = 0;
  std::int64_t amount = 0, token = 0;
  Owner& o = who.owner;
  for_each_row(sql,
               Select{"SELECT w.run, w.since, w.host, w.pid, w.pid_start_ticks, w.boot_id, w.task, w.agent, w.reason, f.claim, f.budget, f.amount, "
                      "f.token FROM waiting w JOIN waiting_for f ON f.run = w.run WHERE w.expires > ? AND w.cancelled = 0 AND w.run <> ? AND w.n < "
                      "coalesce((SELECT n FROM waiting WHERE run = ?), 9223372036854775807) ORDER BY w.n",
                      values(now, run, run),
                      into(o.run, who.since, o.host, o.pid, o.pid_start_ticks, o.boot_id, who.task, who.agent, who.reason, key, budget, amount, token)},
               [&] {
                 if (found.empty() || found.back().who.owner.run != o.run) found.push_back({who, {}});
                 if (budget == kNoBudget) found.back().wants.claims[key] = token;
                 else found.back().wants.budgets[budget] = amount;
               });
  return found;
}

bool take_place(Sql& sql, const InQueue& one, UtcTime now, UtcTime expires) {
  const auto& [who, wants] = one;
  const Owner& o = who.owner;
  int cancelled = 0;
  (void)first_row(sql, Select{"SELECT cancelled FROM waiting WHERE run = ?", values(o.run), into(cancelled)});
  if (cancelled != 0) return false;
  // Who was killed, and who came from a clock that was put back since.
  const UtcTime absurd = expires + 2 * (expires - now);
  const std::string gone = "SELECT run FROM waiting WHERE (expires <= ? OR expires > ?) AND run <> ?";
  execute(sql, "DELETE FROM waiting_for WHERE run IN (" + gone + ")", values(now, absurd, o.run));
  execute(sql, "DELETE FROM waiting WHERE run IN (" + gone + ")", values(now, absurd, o.run));
  execute(sql,
          "INSERT INTO waiting (run, since, expires, host, pid, pid_start_ticks, boot_id, task, agent, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
          "?) ON CONFLICT (run) DO UPDATE SET expires = excluded.expires, reason = excluded.reason",
          values(o.run, who.since, expires, o.host, o.pid, o.pid_start_ticks, o.boot_id, who.task, who.agent, who.reason));
  execute(sql, "DELETE FROM waiting_for WHERE run = ?", values(o.run));
  const std::string text = "INSERT INTO waiting_for (run, claim, budget, amount, token) VALUES (?, ?, ?, ?, ?)";
  const std::string no_claim;
  constexpr std::int64_t kNothing = 0;
  for (const auto& [key, token] : wants.claims) execute(sql, text, values(o.run, key, kNoBudget, kNothing, token));
  for (const auto& [budget, amount] : wants.budgets) execute(sql, text, values(o.run, no_claim, budget, amount, kNothing));
  return true;
}

void leave_place(Sql& sql, const std::string& run) {
  execute(sql, "DELETE FROM waiting_for WHERE run = ?", values(run));
  execute(sql, "DELETE FROM waiting WHERE run = ?", values(run));
}

bool cancel_place(Sql& sql, const std::string& run) {
  return changed_rows(sql, "UPDATE waiting SET cancelled = 1 WHERE run = ?", values(run)) > 0;
}

std::optional<Waiting> next_before(Sql& sql, const InQueue& run, const Standing& standing, UtcTime now) {
  if (run.wants.claims.empty() && run.wants.budgets.empty()) return std::nullopt;
  Rest rest(standing);
  std::optional<Waiting> first;
  for (const InQueue& other : in_front_of(sql, run.who.owner.run, now)) {
    if (!share_something(other.wants, run.wants) || (standing.is_dead && standing.is_dead(other.who.owner)) || !rest.is_enough_for(other)) continue;
    rest.give(other);
    if (!first) first = other.who;
  }
  return first && !rest.is_enough_for(run) ? first : std::nullopt;
}

}  // namespace ts::ledger
