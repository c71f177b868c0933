#include "accounting/ledger/recosts.hpp"

#include "accounting/base/text.hpp"
#include "accounting/ledger/books.hpp"
#include "fixture.hpp"
#include "raw_sqlite.hpp"

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

/// A ledger whose prices change between openings.
class LedgerRecost : public LedgerTest {
 protected:
  void with_prices(const std::string& list) {
    books.reset();
    book = PriceBook::from(parse_price_list(list, "test").value()).value();
    BooksOptions options;
    options.prices = [this]() -> const PriceBook& { return book; };
    books = Books::open(path(), OpenMode::write, options).value();
  }
  void record(const std::string& run, const std::string& id, const std::string& model, Tokens input, UtcTime at = kNoon) {
    ResponseRow row;
    row.source = Source::transcript;
    row.response_id = id;
    row.model = model;
    row.counts.input = input;
    row.at = at;
    ASSERT_TRUE(books->runs().record({run}, {&row, 1}, {}, at, kLongWait).has_value());
  }
  void begin(const std::string& run) { ASSERT_TRUE(books->runs().begin(sample_start(run)).has_value()); }
  void finish(const std::string& run) {
    const auto rows = books->runs().responses({run}).value();
    RunEnd end;
    end.ended = kNoon + 5min;
    end.ruling = Source::transcript;
    for (const ResponseRow& row : rows) {
      end.by_model[row.model].counts = end.by_model[row.model].counts + row.counts;
      end.totals.counts = end.totals.counts + row.counts;
    }
    ASSERT_TRUE(books->runs().finish({run}, end).has_value());
  }
  [[nodiscard]] UsageSum total() const {
    UsageSum sum;
    for (const auto& row : books->reports().usage({.by = {Dimension::model}}).value()) sum += row.all;
    return sum;
  }
  RecostTally recost(RecostRequest::Keep keep = RecostRequest::Keep::yes) {
    const auto done = books->recosts().recost({.since = {}, .keep = keep}, "test", kNoon + 1h);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return done.has_value() ? *done : RecostTally{};
  }
  void expect_sums_fit() const {
    for (const std::string& difference : books->reports().verify().value()) ADD_FAILURE() << difference;
    for (const std::string& difference : books->budgets().verify().value()) ADD_FAILURE() << difference;
  }

  PriceBook book;
  std::unique_ptr<Books> books;
};

constexpr const char* kOld = "price x m input 1 output 1 over 100 input 2 output 2\n";

TEST_F(LedgerRecost, PricesEachResponseAnewAndKeepsWhatItHadCost) {
  with_prices(kOld);
  BudgetWords words;
  words.name = "money";
  words.limit = "$1";
  ASSERT_TRUE(books->budgets().put(budget_from(words).value(), kNoon).has_value());
  begin("done");
  record("done", "a", "m", 100);    // 100 µ$
  record("done", "b", "m", 200);    // 400 µ$ at the long rate
  record("done", "c", "new", 1000);  // nothing knows it yet
  finish("done");
  begin("open");
  record("open", "a", "m", 10);
  EXPECT_EQ(total().cost.rounded(), 510);
  EXPECT_EQ(total().unpriced, 1000);
  EXPECT_EQ(recost().changed, 0) << "the same prices change nothing";
  EXPECT_TRUE(books->recosts().list().value().empty());

  with_prices("price x m input 10 output 1 over 100 input 20 output 2\nprice x new input 3 output 3\n");
  const RecostTally tried = recost(RecostRequest::Keep::no);
  EXPECT_EQ(tried.changed, 2);
  EXPECT_EQ(total().cost.rounded(), 510) << "only tried";
  const RecostTally tally = recost();
  EXPECT_EQ(tally.runs, 2);
  EXPECT_EQ(tally.changed, 2);
  EXPECT_EQ(tally.before.rounded(), 510);
  EXPECT_EQ(tally.after.rounded(), 1000 + 4000 + 3000 + 100);
  EXPECT_EQ(total().cost.rounded(), 8100);
  EXPECT_EQ(total().unpriced, 0);
  EXPECT_EQ(books->budgets().states(kNoon).value()[0].used, 8100) << "the budget follows";
  EXPECT_EQ(books->runs().find("done").value().end->cost, 8000);
  EXPECT_TRUE(books->runs().find("done").value().end->unpriced_models.empty());
  expect_sums_fit();

  const auto history = books->recosts().history("done").value();
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].model, "m");
  EXPECT_EQ(history[0].before.rounded(), 500);
  EXPECT_EQ(history[0].after.rounded(), 5000);
  EXPECT_EQ(history[1].unpriced_before, 1000);
  EXPECT_EQ(history[1].unpriced_after, 0);
  EXPECT_EQ(recost().changed, 0) << "twice is once";
  ASSERT_EQ(books->recosts().list().value().size(), 1U);
  EXPECT_EQ(books->recosts().list().value()[0].tally.after.rounded(), 8100);

  record("open", "b", "m", 1);  // goes on at the new price
  EXPECT_EQ(total().cost.rounded(), 8110);
  with_prices(kOld);
  (void)recost();
  EXPECT_EQ(total().cost.rounded(), 511) << "and back";
  EXPECT_EQ(books->recosts().list().value().size(), 2U);
  expect_sums_fit();
}

TEST_F(LedgerRecost, APriceOfOneTimeChangesThatTimeAlone) {
  with_prices(kOld);
  begin("r");
  record("r", "before", "m", 50, kNoon - std::chrono::microseconds(1));
  record("r", "after", "m", 50, kNoon);
  with_prices("price x m until 2025-11-21T12:00:00Z input 1 output 1\nprice x m from 2025-11-21T12:00:00Z input 5 output 5\n");
  (void)recost();
  EXPECT_EQ(total().cost.rounded(), 50 + 250);
  expect_sums_fit();
  EXPECT_EQ(books->recosts().recost({.since = kNoon + 1h}, "later runs", kNoon).value().runs, 0);
}

TEST_F(LedgerRecost, ImportedRunsToo) {
  with_prices(kOld);
  ImportBatch batch;
  ImportedRun& run = batch.runs.emplace_back();
  run.key = "session claude s";
  run.ids = "claude";
  run.start = sample_start("");
  run.responses.push_back(sample_response("a"));
  run.responses[0].model = "m";
  run.responses[0].counts = {50, 0, 0, 0, 0, 0};
  ASSERT_TRUE(books->imports().put(batch, kNoon).has_value());
  EXPECT_EQ(total().cost.rounded(), 50);
  with_prices("price x m input 4 output 1\n");
  EXPECT_EQ(recost().changed, 1);
  EXPECT_EQ(total().cost.rounded(), 200);
  EXPECT_EQ(books->runs().list({}).value()[0].end->cost, 200);
  expect_sums_fit();
}

}  // namespace
}  // namespace ts::ledger
