// make_ledger FILE ROWS: a ledger with so many usage rows (and as many responses) of a fleet's year, 2025, written in bulk past the books;
// their sums are added up by the books themselves.
#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>

#include "accounting/ledger/books.hpp"

namespace {

using namespace ts;
using namespace ts::ledger;

constexpr std::int64_t kQuarter = 900'000'000;
constexpr std::int64_t kFirst = 1'735'689'600'000'000;  // 2025-01-01
constexpr std::int64_t kYear = 365LL * 86'400'000'000;
constexpr int kRowsOfRun = 20;
constexpr int kResponsesAtOnce = 1'000'000;

constexpr const char* kModels[] = {"claude-sonnet-4-5", "claude-opus-4-5", "claude-haiku-4-5", "gpt-5.4", "gemini-2.5-pro", "house-model"};
constexpr const char* kAgents[] = {"claude", "claude", "claude", "codex", "gemini", "qwen"};
constexpr const char* kOutcomes[] = {"completed", "completed", "completed", "completed", "completed", "failed", "cap", "crashed"};
constexpr const char* kRoles[] = {"engineer", "engineer", "engineer", "reviewer"};

/// A plain connection, for what no interface would do in bulk.
class Raw {
 public:
  explicit Raw(const std::string& path) { must(sqlite3_open(path.c_str(), &db_)); }
  ~Raw() { sqlite3_close(db_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  void run(const std::string& sql) { must(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr)); }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    must(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr));
    return statement;
  }
  void step(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) must(SQLITE_ERROR);
    sqlite3_reset(statement);
  }
  void must(int code) {
    if (code == SQLITE_OK) return;
    fmt::print(stderr, "make_ledger: {}\n", sqlite3_errmsg(db_));
    std::exit(1);
  }

 private:
  sqlite3* db_ = nullptr;
};

/// splitmix64: the same numbers everywhere.
std::uint64_t dice(std::uint64_t n) {
  std::uint64_t z = (n + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}
std::int64_t below(std::uint64_t n, std::int64_t most) { return static_cast<std::int64_t>(dice(n) % static_cast<std::uint64_t>(most)); }

std::int64_t start_of(std::int64_t run, std::int64_t runs) { return kFirst + (kYear - 8 * 4 * kQuarter) / runs * run; }

void make_runs(Raw& raw, std::int64_t runs) {
  sqlite3_stmt* insert = raw.prepare(
      "INSERT INTO runs (n, id, task_id, task_file, task_title, agent, role, argv, cwd, run_dir, cap_formula, cap_source, on_cap, host, pid, "
      "pid_start_ticks, boot_id, started, project, sprint, category, parent_run, labels_json, heartbeat, outcome, ended, ruling, posted_source) VALUES "
      "(?1, printf('%010d', ?1), ?2, '/work/tasks/' || ?2 || '.md', 'A task', ?3, ?4, 'claude', '/work', '/state/runs', 'fresh', 'none', 'stop', ?5, 1, 1, 'b', "
      "?6, ?7, ?8, 'service', '', '', ?9, ?10, ?9, 'transcript', 'transcript')");
  const auto text = [&](int at, const std::string& value) { sqlite3_bind_text(insert, at, value.c_str(), -1, SQLITE_TRANSIENT); };
  for (std::int64_t run = 0; run < runs; ++run) {
    const auto seed = static_cast<std::uint64_t>(run) * 16;
    sqlite3_bind_int64(insert, 1, run + 1);
    text(2, fmt::format("TASK-{}", run / 8));
    text(3, kAgents[below(seed, std::ssize(kAgents))]);
    text(4, kRoles[below(seed + 1, std::ssize(kRoles))]);
    text(5, fmt::format("host-{}", below(seed + 2, 9)));
    sqlite3_bind_int64(insert, 6, start_of(run, runs));
    text(7, fmt::format("/work/project-{}", below(seed + 3, 5)));
    text(8, fmt::format("S{}", run * 26 / runs));
    sqlite3_bind_int64(insert, 9, start_of(run, runs) + kRowsOfRun * kQuarter);
    text(10, kOutcomes[below(seed + 4, std::ssize(kOutcomes))]);
    raw.step(insert);
  }
  sqlite3_finalize(insert);
}

/// One response and one usage row a quarter of an hour.
void make_rows(Raw& raw, std::int64_t runs) {
  sqlite3_stmt* response = raw.prepare(
      "INSERT INTO responses (n, run, source, response_id, model, session, at, input, cache_write_5m, cache_read, output, requests) VALUES "
      "(?1, ?2, 'transcript', printf('msg_%09d', ?1), ?3, 'session', ?4, ?5, ?6, ?7, ?8, 1)");
  sqlite3_stmt* usage = raw.prepare(
      "INSERT INTO usage (run, model, slot, input, cache_write_5m, cache_read, output, requests, cost_pico, unpriced) VALUES "
      "(?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9, ?10)");
  std::int64_t n = 0;
  for (std::int64_t run = 0; run < runs; ++run)
    for (int i = 0; i < kRowsOfRun; ++i) {
      const auto seed = static_cast<std::uint64_t>(++n) * 8;
      const auto model = static_cast<std::size_t>(below(static_cast<std::uint64_t>(run) * 4 + static_cast<std::uint64_t>(i % 2), std::ssize(kModels)));
      const std::int64_t at = start_of(run, runs) / kQuarter * kQuarter + i * kQuarter;
      const std::int64_t counts[] = {below(seed, 50), below(seed + 1, 6000), below(seed + 2, 150'000), below(seed + 3, 3000)};
      const bool priced = model + 1 < std::size(kModels);
      for (sqlite3_stmt* statement : {response, usage}) {
        if (statement == response) sqlite3_bind_int64(statement, 1, n);
        sqlite3_bind_int64(statement, 2, run + 1);
        sqlite3_bind_text(statement, 3, kModels[model], -1, SQLITE_STATIC);
        sqlite3_bind_int64(statement, 4, at);
        for (int part = 0; part < 4; ++part) sqlite3_bind_int64(statement, 5 + part, counts[part]);
      }
      sqlite3_bind_int64(usage, 9, priced ? counts[0] * 3'000'000 + counts[1] * 3'750'000 + counts[2] * 300'000 + counts[3] * 15'000'000 : 0);
      sqlite3_bind_int64(usage, 10, priced ? 0 : counts[0] + counts[1] + counts[2] + counts[3]);
      raw.step(response);
      raw.step(usage);
      if (n % kResponsesAtOnce == 0) {
        raw.run("COMMIT; BEGIN");
        fmt::print(stderr, "{} rows\n", n);
      }
    }
  sqlite3_finalize(response);
  sqlite3_finalize(usage);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::int64_t runs = std::max<std::int64_t>(std::atoll(argv[2]) / kRowsOfRun, 1);
  const auto check = [](const auto& result) {
    if (result.has_value()) return;
    fmt::print(stderr, "make_ledger: {}\n", result.error().message);
    std::exit(1);
  };
  check(Books::open(argv[1], OpenMode::write));
  {
    Raw raw(argv[1]);
    raw.run("PRAGMA synchronous=OFF; PRAGMA cache_size=-400000; BEGIN");
    make_runs(raw, runs);
    make_rows(raw, runs);
    raw.run("INSERT INTO source_usage (run, source, model, slot, input, cache_write_5m, cache_read, output, requests, cost_pico, unpriced) SELECT run, "
            "'transcript', model, slot, input, cache_write_5m, cache_read, output, requests, cost_pico, unpriced FROM usage; COMMIT");
  }
  fmt::print(stderr, "adding up\n");
  auto books = Books::open(argv[1], OpenMode::write);
  check(books);
  check((*books)->reports().rebuild());
  Raw(argv[1]).run("PRAGMA wal_checkpoint(TRUNCATE)");
  return 0;
}
