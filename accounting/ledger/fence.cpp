#include "accounting/ledger/fence.hpp"

#include "accounting/ledger/sqlite_claims.hpp"

namespace ts::ledger {
namespace {

/// In the place of a run's claim token: it had its claim when it ended, so whoever came later came after it.
constexpr std::int64_t kKeptToItsEnd = 0;

}  // namespace

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

}  // namespace ts::ledger
