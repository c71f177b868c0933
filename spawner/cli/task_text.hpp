#pragma once

#include <string>

#include "taskfile/reading.hpp"

namespace ts::cli {

/// What a task file says, as `task show --json` prints it (contract: "Machine-readable"); what it does not say is null.
[[nodiscard]] std::string reading_json(const std::string& file, const taskfile::Reading& reading);

/// The same for people.
[[nodiscard]] std::string reading_text(const std::string& file, const taskfile::Reading& reading);

}  // namespace ts::cli
