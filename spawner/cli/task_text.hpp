#pragma once

#include <string>

#include "accounting/report/history.hpp"
#include "taskfile/reading.hpp"

namespace ts::cli {

/// What a task file says, and what runs of its kind took, as `task show --json` prints it (contract: "Machine-readable"); what it does not say is null.
[[nodiscard]] std::string reading_json(const std::string& file, const taskfile::Reading& reading,
                                       const std::optional<report::PastSpending>& past = {});

/// The same for people.
[[nodiscard]] std::string reading_text(const std::string& file, const taskfile::Reading& reading,
                                       const std::optional<report::PastSpending>& past = {});

}  // namespace ts::cli
