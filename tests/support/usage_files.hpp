#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/budget/meter_sink.hpp"
#include "accounting/usage/dialects.hpp"
#include "accounting/usage/reader.hpp"

namespace ts {

/// For test failures: `in 16 write 2100+0 read 46800 out 822 (reasoning 0)`.
void PrintTo(const TokenCounts& counts, std::ostream* out);
void PrintTo(const Totals& totals, std::ostream* out);

}  // namespace ts

namespace ts::test {

[[nodiscard]] std::string read_file(const std::filesystem::path& path);

/// Feeds `text` in pieces of `step` bytes (0: whole) through the dialect into the meter. `stats` may be null.
void feed(Meter& meter, Source source, std::unique_ptr<Dialect> dialect, std::string_view text, std::size_t step = 0,
          ParseStats* stats = nullptr);

/// All files below a folder whose name ends in `extension`, sorted.
[[nodiscard]] std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder, std::string_view extension);

}  // namespace ts::test
