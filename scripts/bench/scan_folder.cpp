// scan_folder PATH…: offline metering without the command line around it; prints the totals as `meter --json` names them.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "accounting/import/scan.hpp"

int main(int argc, char** argv) {
  const std::vector<std::filesystem::path> paths(argv + 1, argv + argc);
  ts::ScanOptions options;
  options.prices = &ts::builtin_prices();
  options.now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto result = ts::scan(paths, options);
  if (result.has_error()) {
    fmt::print(stderr, "scan_folder: {}\n", result.error().message);
    return 1;
  }
  for (const ts::FileProblem& problem : result->problems) fmt::print(stderr, "{}\n", problem.error.message);
  const ts::TokenCounts& c = result->totals.counts;
  fmt::print("{{\"requests\":{},\"input\":{},\"cache_write\":{},\"cache_read\":{},\"output\":{},\"fresh\":{},\"total\":{},\"cost_micro_usd\":{},"
             "\"files\":{},\"sessions\":{},\"lines\":{},\"malformed\":{}}}\n",
             result->totals.requests, c.input, c.cache_write(), c.cache_read, c.output, by_formula(c, ts::Formula::fresh),
             by_formula(c, ts::Formula::total), result->cost.value_or(-1), result->files.size(), result->sessions.size(),
             result->parse.lines, result->parse.malformed);
  return 0;
}
