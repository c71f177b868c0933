// scan_folder PATH…: offline metering without the command line around it; prints what `meter --json` prints.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "accounting/import/scan_json.hpp"

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
  fmt::print("{}\n", ts::to_json(*result));
  return 0;
}
