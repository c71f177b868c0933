// What the ledger costs a run: its start and end, and each record() while it lives.
//   ledger_bench FOLDER [RUNS] [RECORDS] [BUDGETS]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "accounting/ledger/books.hpp"

namespace {

using namespace ts;
using namespace ts::ledger;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kWait{60'000};

void check(const auto& result) {
  if (result.has_value()) return;
  std::fprintf(stderr, "ledger_bench: %s\n", result.error().message.c_str());
  std::exit(1);
}

/// Collects how long calls took and prints their median and 99th percentile.
class Timings {
 public:
  template <class Call>
  void add(const Call& call) {
    const auto start = Clock::now();
    call();
    micros_.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  void print(const char* what) {
    std::sort(micros_.begin(), micros_.end());
    std::printf("%-34s p50 %8.1f us   p99 %8.1f us   (%zu)\n", what, micros_[micros_.size() / 2],
                micros_[micros_.size() * 99 / 100], micros_.size());
  }

 private:
  std::vector<double> micros_;
};

ResponseRow response(int number, UtcTime at) {
  ResponseRow row;
  row.response_id = "msg_" + std::to_string(number);
  row.model = "claude-opus-4-1";
  row.session = "ddf52d8f-0000-4000-8000-000000000000";
  row.counts = {4, 500, 0, 12'000, 200, 0};
  row.at = at;
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const auto number = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
  const int runs = number(2, 100), records = number(3, 50), budgets = number(4, 0);
  const auto path = std::filesystem::path(argv[1]) / "ledger.db";
  const UtcTime now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  Timings open, begin, record, finish;
  for (int i = 0; i < runs; ++i) {
    std::unique_ptr<Books> books;
    open.add([&] {
      auto opened = Books::open(path, OpenMode::write);
      check(opened);
      books = std::move(opened).value();
    });
    for (int b = 0; i == 0 && b < budgets; ++b) {
      BudgetWords words;
      words.name = "budget " + std::to_string(b);
      words.limit = "900M";
      check(books->budgets().put(budget_from(words).value(), now));
    }
    RunStart start;
    start.id = new_run_id();
    start.agent = "claude";
    start.started = now;
    begin.add([&] { check(books->runs().begin(start)); });
    for (int r = 0; r < records; ++r) {
      const ResponseRow rows[] = {response(r, now), response(r + 1, now)};
      record.add([&] { check(books->runs().record(start.id, rows, {}, now, kWait)); });
    }
    RunEnd end;
    end.ended = now;
    finish.add([&] { check(books->runs().finish(start.id, end)); });
  }
  open.print("open");
  begin.print("begin (durable)");
  if (records > 0) record.print("record of two responses");
  finish.print("finish (durable)");
}
