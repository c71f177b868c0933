#pragma once

#include <filesystem>
#include <memory>

#include "accounting/budget/meter.hpp"

namespace ts::ledger {

/// A ResponseIndex of little memory: about 1 MiB and 2 bytes a response. The newest responses stay in memory; older ones lie
/// sorted in nameless files in `folder` that go away with the index, each behind a filter in memory, so that a response that
/// was never seen needs no read. Runs of a few thousand responses never touch the disk. Keys are kept as 128-bit hashes.
/// If the disk fails or is full, the responses stay in memory instead: no count is lost, only the bound on memory.
[[nodiscard]] std::unique_ptr<ResponseIndex> make_file_index(std::filesystem::path folder);

}  // namespace ts::ledger
