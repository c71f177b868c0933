#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "accounting/ledger/ledger.hpp"

namespace ts::ledger {

/// A fresh folder for one test; removed if the test succeeded, named if it failed.
class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    const char* base = ::getenv("TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/ts-ledger-XXXXXX";
    folder = ::mkdtemp(pattern.data());
  }
  ~LedgerTest() override {
    if (HasFailure())
      std::fprintf(stderr, "kept: %s\n", folder.c_str());
    else
      std::filesystem::remove_all(folder);
  }

  [[nodiscard]] std::filesystem::path path() const { return folder / "state" / "ledger.db"; }
  [[nodiscard]] std::unique_ptr<Ledger> open(OpenMode mode = OpenMode::write) const {
    return open_ledger(path(), mode).value();
  }

  std::filesystem::path folder;
};

inline constexpr UtcTime kNoon{std::chrono::microseconds{1'763'726'400'000'000}};  // 2025-11-21T12:00:00Z
inline constexpr std::chrono::milliseconds kShortWait{50};
inline constexpr std::chrono::milliseconds kLongWait{60'000};

inline RunStart sample_start(std::string id = "0123456789") {
  RunStart run;
  run.id = {std::move(id)};
  run.task_id = "TASK-914";
  run.task_file = "/work/tasks/TASK-914.md";
  run.task_title = "Token cap \"early\" reporting";
  run.agent = "claude";
  run.role = "engineer";
  run.argv = {"claude", "-p", "do\nit", "", "back\\slash"};
  run.cwd = "/work";
  run.run_dir = "/state/runs/0123456789";
  run.estimate = {8000, 10'000, 7};
  run.cap = {40'000, Formula::fresh, "4 × 10K (line 7)"};
  run.on_cap = "stop";
  run.host = "host-a";
  run.pid = 4242;
  run.pid_start_ticks = 123'456'789;
  run.boot_id = "b00t";
  run.started = kNoon;
  run.project = "/work";
  run.sprint = "S1";
  run.category = "service";
  run.labels_json = R"({"team":"x"})";
  return run;
}

inline ResponseRow sample_response(std::string id, Tokens output = 100) {
  ResponseRow row;
  row.source = Source::transcript;
  row.response_id = std::move(id);
  row.model = "claude-opus-4";
  row.session = "ddf52d8f";
  row.counts = {4, 30, 5, 700, output, 2};
  row.at = kNoon;
  return row;
}

inline RunEnd sample_end(Outcome outcome = Outcome::cap) {
  RunEnd end;
  end.outcome = outcome;
  end.ended = kNoon + std::chrono::minutes(3);
  end.exit_code = 120;
  end.ruling = Source::transcript;
  end.totals = {{16, 2000, 100, 46'800, 822, 10}, 4};
  end.by_source[static_cast<std::size_t>(Source::stream)] = Totals{{16, 2000, 100, 46'800, 4, 0}, 4};
  end.by_source[static_cast<std::size_t>(Source::transcript)] = end.totals;
  end.by_model["claude-opus-4"] = {{10, 2000, 0, 46'800, 800, 10}, 3};
  end.by_model[""] = {{6, 0, 100, 0, 22, 0}, 1};
  end.cost = 34'293;
  end.unpriced_models = {"mystery", ""};
  end.parse = {18, 9, 9, 1, 77};
  end.agent_version = "2.1.197";
  end.sessions = {"ddf52d8f", "aa"};
  end.receipt_json = R"({"tier":"cgroup"})";
  return end;
}

/// Runs `body` in a forked child; the child's exit status is what body returns, and nothing of the test runs
/// in it.
template <class Body>
pid_t in_child(Body&& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  return pid;
}

/// The exit status of a child, or 128 + signal.
inline int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace ts::ledger
