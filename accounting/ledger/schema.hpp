#pragma once

#include <string>
#include <vector>

namespace ts::ledger {

/// What the ledger's files look like. Kept in SQLite's `user_version`; raised by each migration, never
/// lowered.
[[nodiscard]] int schema_version();

/// Marks a SQLite file as a ledger (`application_id`): "TSLG".
inline constexpr int kApplicationId = 0x54534c47;

/// The version of the program, as written into ledgers that it creates or migrates.
[[nodiscard]] std::string program_version();

/// The statements that lead from schema `version` to `version + 1`. Published steps are never edited: a
/// change is a new step.
[[nodiscard]] const std::vector<const char*>& migration_from(int version);

}  // namespace ts::ledger
