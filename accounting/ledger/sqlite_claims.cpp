#include "accounting/ledger/sqlite_claims.hpp"

#include "accounting/base/text.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {
namespace {

constexpr const char* kColumns =
    "key, run, host, pid, pid_start_ticks, boot_id, note, token, taken, expires, held";

/// A claim's row stays when the claim goes, for its token.
struct Row {
  Claim claim;
  bool held = false;
};

auto columns_of(Row& row) {
  Claim& c = row.claim;
  Owner& o = c.owner;
  return into(c.key, o.run, o.host, o.pid, o.pid_start_ticks, o.boot_id, o.note, c.token, c.taken, c.expires,
              row.held);
}

std::optional<Row> find_row(Sql& sql, const std::string& key) {
  Row row;
  if (!first_row(sql,
                 Select{std::string("SELECT ") + kColumns + " FROM claims WHERE key = ?", values(key), columns_of(row)}))
    return std::nullopt;
  return row;
}

bool same_owner(const Owner& a, const Owner& b) {
  if (!a.run.empty() || !b.run.empty()) return a.run == b.run;
  return a.host == b.host && a.boot_id == b.boot_id && a.pid == b.pid &&
         a.pid_start_ticks == b.pid_start_ticks;
}

Error lost(const Claim& now_held) {
  return {Errc::conflict, now_held.key + ": claimed by " + describe(now_held)};
}

Result<Row> row_with_token(Sql& sql, const std::string& key, std::int64_t token) {
  const auto row = find_row(sql, key);
  if (!row || row->claim.token < token) return Error{Errc::not_found, key + ": never claimed so"};
  if (row->claim.token > token) return lost(row->claim);
  if (!row->held) return Error{Errc::conflict, key + ": the claim has been given back or taken away"};
  return *row;
}

}  // namespace

namespace {

std::string described(const Owner& owner, const std::string& since) {
  const std::string pid = owner.pid == 0 ? "" : "pid " + std::to_string(owner.pid);
  std::string who = !owner.run.empty() ? "run " + owner.run : pid.empty() ? "hand" : pid;
  who += " (" + (owner.run.empty() || pid.empty() ? "" : pid + " ") + "on " + printable(owner.host) + since + ")";
  return owner.note.empty() ? who : who + ": " + printable(owner.note);
}

}  // namespace

std::string describe(const Owner& owner) {
  return described(owner, "");
}

std::string describe(const Claim& claim) {
  return described(claim.owner, ", since " + rfc3339(claim.taken));
}

Result<ClaimOutcome> ask_claim(Sql& sql, const ClaimRequest& request, UtcTime now) {
  if (request.key.empty()) return Error{Errc::invalid_argument, "claim: no task named"};
  ClaimOutcome outcome{true, {request.key, request.owner, 1, now, now + request.lease}, std::nullopt};
  const auto row = find_row(sql, request.key);
  if (!row) return outcome;
  const Claim& old = row->claim;
  outcome.claim.token = old.token + 1;
  if (!row->held) return outcome;
  if (same_owner(old.owner, request.owner)) {
    outcome.claim.token = old.token;
    outcome.claim.taken = old.taken;
    outcome.claim.expires = std::max(old.expires, outcome.claim.expires);
    return outcome;
  }
  const bool free = old.expires <= now || request.handed_over == old.token || (request.is_dead && request.is_dead(old.owner));
  if (!free) return ClaimOutcome{false, old, std::nullopt};
  outcome.taken_from = old.owner;
  return outcome;
}

Result<ClaimOutcome> take_claim(Sql& sql, const ClaimRequest& request, UtcTime now) {
  TS_TRY(ClaimOutcome outcome, ask_claim(sql, request, now));
  if (!outcome.granted) return outcome;
  const Claim& c = outcome.claim;
  const Owner& o = c.owner;
  execute(
      sql, std::string("REPLACE INTO claims (") + kColumns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
      values(c.key, o.run, o.host, o.pid, o.pid_start_ticks, o.boot_id, o.note, c.token, c.taken, c.expires));
  return outcome;
}

void renew_claims_of(Sql& sql, const std::string& run, UtcTime expires) {
  execute(sql, "UPDATE claims SET expires = max(expires, ?) WHERE run = ? AND held = 1",
          values(expires, run));
}

void release_claims_of(Sql& sql, const std::string& run) {
  execute(sql, "UPDATE claims SET held = 0 WHERE run = ? AND held = 1", values(run));
}

Result<void> check_token(Sql& sql, const std::string& key, std::int64_t token) {
  const auto row = find_row(sql, key);
  if (row && row->claim.token != token) return lost(row->claim);
  return {};
}

Result<ClaimOutcome> SqliteClaims::take(const ClaimRequest& request, UtcTime now) {
  ClaimOutcome outcome;
  TS_CHECK(database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_TRY(outcome, take_claim(database_->sql(), request, now));
    return {};
  }));
  return outcome;
}

Result<Claim> SqliteClaims::renew(const std::string& key, std::int64_t token, std::chrono::seconds lease,
                                  UtcTime now) {
  Claim claim;
  TS_CHECK(database_->write(Durability::eventual, database_->patience(), [&]() -> Result<void> {
    TS_TRY(const Row row, row_with_token(database_->sql(), key, token));
    claim = row.claim;
    claim.expires = std::max(claim.expires, now + lease);
    execute(database_->sql(), "UPDATE claims SET expires = ? WHERE key = ?", values(claim.expires, key));
    return {};
  }));
  return claim;
}

Result<void> SqliteClaims::verify(const std::string& key, std::int64_t token) {
  return database_->read([&]() -> Result<void> {
    TS_CHECK(row_with_token(database_->sql(), key, token));
    return {};
  });
}

Result<void> SqliteClaims::release(const std::string& key, std::int64_t token) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    execute(database_->sql(), "UPDATE claims SET held = 0 WHERE key = ? AND token = ?", values(key, token));
    return {};
  });
}

Result<std::optional<Claim>> SqliteClaims::revoke(const std::string& key) {
  std::optional<Claim> claim;
  TS_CHECK(database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    const auto row = find_row(database_->sql(), key);
    if (!row || !row->held) return {};
    claim = row->claim;
    execute(database_->sql(), "UPDATE claims SET held = 0 WHERE key = ?", values(key));
    return {};
  }));
  return claim;
}

Result<std::optional<Claim>> SqliteClaims::find(const std::string& key) {
  std::optional<Claim> claim;
  TS_CHECK(database_->read([&]() -> Result<void> {
    if (const auto row = find_row(database_->sql(), key); row && row->held) claim = row->claim;
    return {};
  }));
  return claim;
}

Result<std::vector<Claim>> SqliteClaims::list() {
  std::vector<Claim> all;
  TS_CHECK(database_->read([&]() -> Result<void> {
    Row row;
    for_each_row(database_->sql(),
                 Select{std::string("SELECT ") + kColumns + " FROM claims WHERE held = 1 ORDER BY key", kNoParameters,
                        columns_of(row)},
                 [&] { all.push_back(row.claim); });
    return {};
  }));
  return all;
}

}  // namespace ts::ledger
