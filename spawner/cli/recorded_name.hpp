#pragma once

#include <string>
#include <string_view>

#include "accounting/budget/budget.hpp"
#include "spawner/cli/context.hpp"

namespace ts::cli {

/// A value of `--scope NAME=VALUE` or `--only NAME=VALUE` as the ledger has it: paths of projects and task files whole, a sprint by its one name.
[[nodiscard]] std::string recorded_name(const Context& context, std::string_view name, const std::string& value);

/// A budget of an agent that doesn't exist would never be reached. Errors: invalid_argument with the agents that do.
[[nodiscard]] Result<void> check_scope(const Budget& budget);

}  // namespace ts::cli
