#pragma once

#include <filesystem>
#include <memory>

#include "accounting/budget/meter.hpp"

namespace ts::ledger {

/// A ResponseIndex of fixed memory (about 1 MiB) for any number of responses: a hash table of pages, of which the hottest
/// stay in memory and the others lie in a nameless file in `folder` that goes away with the index. Runs of up to
/// some ten thousand responses never touch the disk. Keys are kept as 128-bit hashes.
/// If the disk fails or is full, pages stay in memory instead: no count is lost, only the bound on memory.
[[nodiscard]] std::unique_ptr<ResponseIndex> make_file_index(std::filesystem::path folder);

}  // namespace ts::ledger
