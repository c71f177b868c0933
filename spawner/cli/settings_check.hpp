#pragma once

#include <string>
#include <vector>

#include "spawner/config/settings.hpp"

namespace ts::cli {

/// Whether a run would take what is configured of it, read by the run's own options. Errors: invalid_argument with the place and what fits.
[[nodiscard]] Result<void> check_run_settings(const config::Settings& settings);

/// All that would stop a run that is configured so, each with its place and key.
[[nodiscard]] std::vector<std::string> unfit_settings(const config::Settings& settings);

}  // namespace ts::cli
