#pragma once

#include <vector>

#include "accounting/import/file_usage.hpp"
#include "accounting/import/scan.hpp"

namespace ts {

/// Puts what single files say together: `totals`, `by_source`, `by_model`, `sessions` and the cost of a ScanResult.
/// The order of `files` decides which session a response belongs to that several have; see in_time_order().
void reconcile(const std::vector<const FileUsage*>& files, const ScanOptions& options, ScanResult& result);

/// Whether a file decides before another whose a response is.
[[nodiscard]] bool comes_before(const FileUsage& a, const FileUsage& b);

/// Streams first, then transcripts by the time of their first response, the shorter before the longer, else as they were:
/// a session comes before those that were forked from it and begin with copies of its past.
[[nodiscard]] std::vector<const FileUsage*> in_time_order(const std::vector<FileUsage>& files);

}  // namespace ts
