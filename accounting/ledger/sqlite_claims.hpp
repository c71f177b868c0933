#pragma once

#include "accounting/ledger/claims.hpp"
#include "accounting/ledger/database.hpp"

namespace ts::ledger {

// Within a transaction that the caller has begun:

/// See Claims::take().
[[nodiscard]] Result<ClaimOutcome> take_claim(Sql& sql, const ClaimRequest& request, UtcTime now);
/// What take_claim() would answer; changes nothing.
[[nodiscard]] Result<ClaimOutcome> ask_claim(Sql& sql, const ClaimRequest& request, UtcTime now);
/// A run's sign of life is also its claims'.
void renew_claims_of(Sql& sql, const std::string& run, UtcTime expires);
/// The run has ended: what it still holds is free.
void release_claims_of(Sql& sql, const std::string& run);

/// Errors: conflict unless the key's newest token is this one. A claim that was given back and not taken
/// again still fits.
[[nodiscard]] Result<void> check_token(Sql& sql, const std::string& key, std::int64_t token);

/// Claims over the ledger's database.
class SqliteClaims final : public Claims {
 public:
  explicit SqliteClaims(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Result<ClaimOutcome> take(const ClaimRequest& request, UtcTime now) override;
  Result<Claim> renew(const std::string& key, std::int64_t token, std::chrono::seconds lease,
                      UtcTime now) override;
  Result<void> verify(const std::string& key, std::int64_t token) override;
  Result<void> release(const std::string& key, std::int64_t token) override;
  Result<std::optional<Claim>> revoke(const std::string& key) override;
  Result<std::optional<Claim>> find(const std::string& key) override;
  Result<std::vector<Claim>> list() override;

 private:
  std::shared_ptr<Database> database_;
};

}  // namespace ts::ledger
