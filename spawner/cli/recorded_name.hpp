#pragma once

#include <string>
#include <string_view>

#include "spawner/cli/context.hpp"

namespace ts::cli {

/// A value of `--scope NAME=VALUE` or `--only NAME=VALUE` as the ledger has it: paths of projects and task files whole, a sprint by its one name.
[[nodiscard]] std::string recorded_name(const Context& context, std::string_view name, const std::string& value);

}  // namespace ts::cli
