#pragma once

#include <string>
#include <vector>

#include "spawner/config/settings.hpp"

namespace ts::config {

/// A value of a table without TOML: as text, with the place where it stands.
struct PlainValue {
  enum class Kind { text, number, yes_no, list, other };
  std::string key;
  Kind kind = Kind::other;
  std::vector<std::string> texts;  ///< one; of a list all
  std::string where;               ///< "config.toml:4"
};

/// `[budget.NAME]`. Errors: invalid_argument with the place.
[[nodiscard]] Result<BudgetSetting> read_budget(const std::string& name, const std::string& where, const std::vector<PlainValue>& table);

/// `[alerts]`, into `settings.alerts`. Errors: invalid_argument with the place; a project's file may have no programs run and nothing sent away.
[[nodiscard]] Result<void> read_alerts(const std::vector<PlainValue>& table, Origin origin, Settings& settings);

}  // namespace ts::config
