#pragma once

#include <functional>
#include <optional>
#include <string>

#include "accounting/ledger/ledger.hpp"
#include "spawner/loop/run_loop.hpp"
#include "spawner/session/contract.hpp"
#include "taskfile/plan.hpp"
#include "taskfile/store.hpp"

namespace ts::session {

/// The run's end as the ledger takes it. Pure.
[[nodiscard]] ledger::RunEnd end_of(const loop::LoopResult& result, const loop::Metering& metering, const ledger::RunStart& start,
                                    UtcTime ended);

/// The stop receipt (contract: "Stop") as JSON; empty if nobody stopped the run and nothing outlived it.
[[nodiscard]] std::string receipt_of(const loop::LoopResult& result, const loop::Metering& metering, const ledger::RunStart& start,
                                     const std::string& resume);

/// Why a run didn't come to be, as JSON in the place of a receipt. `obstacle`: budget, claim, check, ledger.
[[nodiscard]] std::string refusal_receipt(const std::string& obstacle, const std::string& reason);

/// The command that goes on with the run's session. Empty: none is known.
[[nodiscard]] std::string resume_of(const ledger::RunStart& start, const ledger::RunEnd& end);

/// What the task file gets to know of the run. Absent: nothing was metered, and unknown is not zero.
[[nodiscard]] std::optional<taskfile::Actual> actual_of(const ledger::RunStart& start, const ledger::RunEnd& end,
                                                        const std::string& resume);

/// Asked under the file's lock, right before the write: an error keeps the file as it is.
using WriteGuard = std::function<Result<void>()>;

/// Writes the actual into the task file, once per run. Errors: as taskfile::update(); the guard's.
[[nodiscard]] Result<taskfile::WriteReport> write_task(const ledger::RunStart& start, const taskfile::Actual& actual,
                                                       const taskfile::Patterns& patterns, const WriteGuard& guard = {});

/// "tasks/TASK-914.md: 39,871 written at lines 114 and 118"
[[nodiscard]] std::string written_line(const ledger::RunStart& start, const taskfile::Actual& actual,
                                       const taskfile::WriteReport& report);

/// The exit status of tracked-spawn (contract: "Exit status").
[[nodiscard]] int exit_status_of(const loop::LoopResult& result);

}  // namespace ts::session
