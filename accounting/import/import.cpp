#include "accounting/import/import.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <numeric>
#include <thread>

#include "accounting/import/file_window.hpp"
#include "accounting/import/scan_paths.hpp"
#include "accounting/import/sessions.hpp"
#include "accounting/import/stores.hpp"
#include "accounting/usage/dialects.hpp"

namespace ts {
namespace {

using ledger::FileMark;
using ledger::ImportBatch;

/// Responses of one transaction: others must not wait long for it.
constexpr std::size_t kRowsAtOnce = 25'000;

/// A file to read, or the rest of one.
struct Job {
  FoundFile file;
  FileMark mark;                 ///< as it was found, to be written once it is read
  std::optional<FileMark> known; ///< what the last import, or the last window, left
  bool rest = false;             ///< this import has read its beginning
};

/// What one job gave.
struct Done {
  Result<std::optional<FileWindow>> window = std::optional<FileWindow>();
  std::optional<StoreKind> store;
};

bool ends_in(const std::string& path, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return path.ends_with(ending); });
}

UtcTime time_of(std::int64_t ns) { return UtcTime(std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds(ns))); }

/// A database's newest pages are in the log beside it.
void include_log(FoundFile& file) {
  struct stat info {};
  if (!ends_in(file.path, {".db", ".sqlite", ".sqlite3"}) || ::stat((file.path + "-wal").c_str(), &info) != 0) return;
  file.bytes += static_cast<std::uint64_t>(info.st_size);
  file.modified_ns = std::max(file.modified_ns, static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec);
}

Done read_job(const Job& job, const ImportOptions& options) {
  Done done;
  const std::string& path = job.file.path;
  const auto look_for_store = [&]() -> Result<void> {
    TS_TRY(done.store, store_kind(path));
    return {};
  };
  // Tables and databases are looked at first: what they hold may look like something else.
  if (options.agent.empty() && ends_in(path, {".csv", ".md", ".markdown", ".db", ".sqlite", ".sqlite3"})) {
    if (const auto looked = look_for_store(); looked.has_error()) done.window = looked.error();
    if (done.store || done.window.has_error()) return done;
  }
  WindowRequest request{.agent = options.agent, .bytes = options.window_bytes, .torn = TornLine::leave, .named = false};
  if (job.known) {
    request.from = job.known->offset;
    request.before = job.known->before;
    request.kind = job.known->kind;
  }
  done.window = read_window(path, request);
  if (done.window.has_error() || *done.window) return done;
  if (const auto looked = look_for_store(); looked.has_error()) done.window = looked.error();
  if (done.store || done.window.has_error() || !job.file.named) return done;
  request.named = true;
  done.window = read_window(path, request);
  return done;
}

class Importer {
 public:
  Importer(ledger::Books& books, const ImportOptions& options) : books_(books), options_(options) {}

  Result<ImportResult> run(const std::vector<std::filesystem::path>& paths) {
    FoundFiles found = find_files(paths);
    result_.problems = std::move(found.problems);
    TS_TRY(const auto marks, books_.imports().marks());
    collect(found.files, marks);
    while (!jobs_.empty()) TS_CHECK(next_group());
    std::stable_sort(result_.problems.begin(), result_.problems.end(), [](const FileProblem& a, const FileProblem& b) { return a.path < b.path; });
    return std::move(result_);
  }

 private:
  /// What has changed since it was read, the oldest first: a session is older than its forks.
  void collect(std::vector<FoundFile>& files, const std::map<std::string, FileMark>& marks) {
    for (FoundFile& file : files) {
      include_log(file);
      std::error_code error;
      const auto absolute = std::filesystem::absolute(file.path, error);
      Job job{file, {}, {}, false};
      if (!error) job.file.path = absolute.lexically_normal().string();
      job.mark = {job.file.path, file.device, file.inode, file.bytes, file.modified_ns, 0, 0, ""};
      if (const auto known = marks.find(job.file.path); known != marks.end()) {
        const FileMark& was = known->second;
        const bool same = was.device == file.device && was.inode == file.inode;
        if (same && was.size == file.bytes && was.modified_ns == file.modified_ns && !(was.kind.empty() && file.named)) {
          ++(was.kind.empty() ? result_.unrecognized : result_.unchanged);
          result_.files += was.kind.empty() ? 0U : 1U;
          continue;
        }
        if (same) job.known = was;
      }
      jobs_.push_back(std::move(job));
    }
    std::stable_sort(jobs_.begin(), jobs_.end(), [](const Job& a, const Job& b) { return a.file.modified_ns < b.file.modified_ns; });
  }

  Result<void> next_group() {
    std::vector<Job> group;
    for (std::uint64_t bytes = 0; !jobs_.empty() && (group.empty() || bytes + jobs_.front().file.bytes <= options_.group_bytes);) {
      bytes += jobs_.front().file.bytes - (jobs_.front().known ? std::min(jobs_.front().known->offset, jobs_.front().file.bytes) : 0);
      group.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    }
    std::vector<Done> done = read_all(group);
    std::vector<ImportedFile> files;
    std::vector<FileMark> marks;
    for (std::size_t i = 0; i < group.size(); ++i) {
      if (done[i].window.has_error()) {
        result_.problems.push_back({group[i].file.path, std::move(done[i].window).error()});
      } else if (done[i].store) {
        TS_CHECK(take_store(group[i], *done[i].store));
      } else if (!*done[i].window) {
        ++result_.unrecognized;
        marks.push_back(group[i].mark);
      } else {
        take_window(group[i], std::move(**done[i].window), files, marks);
      }
    }
    return put(files, std::move(marks));
  }

  /// Reads all files of a group, the largest first so that no thread ends long after the others.
  std::vector<Done> read_all(const std::vector<Job>& group) {
    std::vector<std::size_t> order(group.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return group[a].file.bytes > group[b].file.bytes; });
    std::vector<Done> done(group.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
      for (std::size_t i = next++; i < order.size(); i = next++) done[order[i]] = read_job(group[order[i]], options_);
    };
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < std::min(static_cast<std::size_t>(std::max(options_.threads, 1)), group.size()); ++i) threads.emplace_back(work);
    work();
    return done;
  }

  void take_window(Job& job, FileWindow window, std::vector<ImportedFile>& files, std::vector<FileMark>& marks) {
    if (!job.rest) {
      ++result_.files;
      result_.continued += window.continued ? 1U : 0U;
    }
    result_.bytes += window.usage.bytes;
    result_.parse = result_.parse + window.usage.parse;
    FileMark mark = job.mark;
    mark.kind = window.kind;
    mark.offset = window.next;
    mark.before = window.before;
    if (!window.at_end) {  // the rest is a job of its own, which must not find the file read
      mark.modified_ns = 0;
      job.known = mark;
      job.rest = true;
      jobs_.push_front(job);
    }
    marks.push_back(mark);
    files.push_back({std::move(window.usage), job.file.path, time_of(job.file.modified_ns)});
  }

  Result<void> take_store(const Job& job, StoreKind kind) {
    const StoreRequest request{job.file.path, kind, options_.zone, time_of(job.file.modified_ns), job.known};
    const auto write = [this](ImportBatch&& batch) -> Result<void> {
      TS_TRY(const ledger::ImportTally tally, books_.imports().put(batch, options_.now));
      result_.tally += tally;
      return {};
    };
    const auto read = read_store(request, job.mark, write);
    if (read.has_error()) {
      // What the ledger can't take ends the import; what the file is, is the file's own trouble.
      if (read.error().code == Errc::no_space) return read.error();
      result_.problems.push_back({job.file.path, read.error()});
      return {};
    }
    ++result_.files;
    result_.continued += read->continued ? 1U : 0U;
    result_.bytes += job.file.bytes;
    result_.parse.lines += read->lines;
    result_.parse.events += read->used;
    result_.parse.malformed += read->malformed;
    return {};
  }

  /// In several transactions if it is much; how far files were read comes with the last of them, so that what is cut off is
  /// read again.
  Result<void> put(const std::vector<ImportedFile>& files, std::vector<FileMark> marks) {
    SessionsFound found = sessions_of(files, options_.host);
    result_.unnamed += found.unnamed;
    ImportBatch batch;
    std::size_t rows = 0;
    std::int64_t held = 0;
    for (ledger::ImportedRun& run : found.runs) {
      rows += run.responses.size();
      batch.runs.push_back(std::move(run));
      if (rows < kRowsAtOnce) continue;
      TS_CHECK(put(batch, held));
      batch = {};
      rows = 0;
    }
    if (held == 0) batch.marks = std::move(marks);
    if (batch.runs.empty() && batch.marks.empty()) return {};
    return put(batch, held);
  }

  Result<void> put(const ImportBatch& batch, std::int64_t& held) {
    TS_TRY(const ledger::ImportTally tally, books_.imports().put(batch, options_.now));
    result_.tally += tally;
    held += tally.held;
    return {};
  }

  ledger::Books& books_;
  const ImportOptions& options_;
  std::deque<Job> jobs_;
  ImportResult result_;
};

}  // namespace

Result<ImportResult> import_usage(ledger::Books& books, const std::vector<std::filesystem::path>& paths, const ImportOptions& options) {
  const auto names = stream_dialect_names();
  if (!options.agent.empty() && std::find(names.begin(), names.end(), options.agent) == names.end())
    return Error{Errc::invalid_argument, fmt::format("import: --agent {}: unknown; one of {}", options.agent, fmt::join(names, ", "))};
  return Importer(books, options).run(paths);
}

}  // namespace ts
