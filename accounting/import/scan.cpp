#include "accounting/import/scan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "accounting/import/file_usage.hpp"
#include "accounting/import/reconcile.hpp"
#include "accounting/import/scan_paths.hpp"
#include "accounting/usage/dialects.hpp"

namespace ts {
namespace {

using FileResult = Result<std::optional<FileUsage>>;

Result<void> check_agent(const std::string& agent) {
  const auto names = stream_dialect_names();
  if (agent.empty() || std::find(names.begin(), names.end(), agent) != names.end()) return boost::system::in_place_value;
  return Error{Errc::invalid_argument, fmt::format("meter: --agent {}: unknown; one of {}", agent, fmt::join(names, ", "))};
}

/// Reads all files, the largest first so that no thread ends long after the others; results are by place, not by time.
std::vector<FileResult> read_all(const std::vector<FoundFile>& files, const ScanOptions& options) {
  std::vector<std::size_t> order(files.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return files[a].bytes > files[b].bytes; });
  std::vector<FileResult> results(files.size(), FileResult(std::nullopt));
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < order.size(); i = next++) {
      const FoundFile& file = files[order[i]];
      results[order[i]] = read_file_usage(file.path, options.agent, file.named ? Named::yes : Named::no);
    }
  };
  const auto helpers = std::min(static_cast<std::size_t>(std::max(options.threads, 1)), std::max<std::size_t>(files.size(), 1)) - 1;
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < helpers; ++i) threads.emplace_back(work);
  work();
  return results;
}

void note_file(const std::string& path, const FileUsage& usage, ScanResult& result) {
  result.files.push_back({path, usage.agent, usage.source, usage.bytes, usage.parse});
  result.parse = result.parse + usage.parse;
  result.bytes += usage.bytes;
}

}  // namespace

Result<ScanResult> scan(const std::vector<std::filesystem::path>& paths, const ScanOptions& options) {
  TS_CHECK(check_agent(options.agent));
  FoundFiles found = find_files(paths);
  ScanResult result;
  result.problems = std::move(found.problems);
  std::vector<FileResult> read = read_all(found.files, options);
  std::vector<FileUsage> usages;
  for (std::size_t i = 0; i < read.size(); ++i) {
    const std::string& path = found.files[i].path;
    if (read[i].has_error()) {
      result.problems.push_back({path, std::move(read[i]).error()});
    } else if (!*read[i]) {
      ++result.unrecognized;
    } else {
      note_file(path, **read[i], result);
      usages.push_back(std::move(**read[i]));
    }
  }
  std::stable_sort(result.problems.begin(), result.problems.end(),
                   [](const FileProblem& a, const FileProblem& b) { return a.path < b.path; });
  reconcile(in_time_order(usages), options, result);
  return result;
}

}  // namespace ts
