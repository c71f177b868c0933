#include "tests/support/usage_files.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ostream>

namespace ts {

void PrintTo(const TokenCounts& counts, std::ostream* out) {
  *out << "in " << counts.input << " write " << counts.cache_write_5m << "+" << counts.cache_write_1h << " read " << counts.cache_read << " out "
       << counts.output << " (reasoning " << counts.reasoning << ")";
}

void PrintTo(const Totals& totals, std::ostream* out) {
  PrintTo(totals.counts, out);
  *out << " in " << totals.requests << " requests";
}

}  // namespace ts

namespace ts::test {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void feed(Meter& meter, Source source, std::unique_ptr<Dialect> dialect, std::string_view text, std::size_t step, ParseStats* stats) {
  MeterSink sink(meter, source);
  UsageReader reader(std::move(dialect), sink);
  if (step == 0) step = std::max<std::size_t>(text.size(), 1);
  for (std::size_t at = 0; at < text.size(); at += step) reader.push(text.substr(at, step));
  reader.finish();
  if (stats != nullptr) *stats = reader.stats();
}

std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder, std::string_view extension) {
  std::vector<std::filesystem::path> result;
  std::error_code none;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, none))
    if (entry.is_regular_file() && entry.path().extension() == extension) result.push_back(entry.path());
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace ts::test
