#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/ledger/records.hpp"
#include "accounting/report/request_sums.hpp"

namespace ts::report {

/// A run as `show --json` and `--result` give it (contract: "Machine-readable"). Times RFC 3339 UTC, money micro-USD, unknown null.
/// `requests`: what the gateway wrote of its requests; null: not looked at, or there was no gateway.
[[nodiscard]] std::string run_json(const ledger::RunRecord& run, const RequestSums* requests = nullptr);

/// What a live run says it does; empty: it doesn't answer.
using PhaseOf = std::function<std::string(const ledger::RunRecord&)>;

/// Several runs as one JSON array, as `ps --json` gives them: `phase` is null where it isn't known.
[[nodiscard]] std::string runs_json(const std::vector<ledger::RunRecord>& runs, const PhaseOf& phase_of);

/// Lossless forms for the run folder (`run.json`, `end.json`), from which a lost ledger row is made anew.
[[nodiscard]] std::string encode_start(const ledger::RunStart& start);
[[nodiscard]] std::string encode_end(const ledger::RunEnd& end);
/// Errors: corrupt.
[[nodiscard]] Result<ledger::RunStart> decode_start(std::string_view json);
[[nodiscard]] Result<ledger::RunEnd> decode_end(std::string_view json);

}  // namespace ts::report
