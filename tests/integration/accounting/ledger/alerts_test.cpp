#include "accounting/ledger/books.hpp"
#include "fixture.hpp"
#include "race.hpp"

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

class LedgerAlerts : public LedgerTest {
 protected:
  LedgerAlerts() : all(Books::open(path(), OpenMode::write).value()) {}

  void put(std::int64_t limit, std::string period = "month") {
    BudgetWords words;
    words.name = "team";
    words.limit = std::to_string(limit);
    words.period = std::move(period);
    ASSERT_TRUE(all->budgets().put(budget_from(words).value(), kNoon).has_value());
  }
  void spend(const std::string& id, Tokens tokens, UtcTime at = kNoon) {
    ResponseRow row;
    row.response_id = id;
    row.counts.input = tokens;
    row.at = at;
    ASSERT_TRUE(all->runs().record({"0123456789"}, {&row, 1}, {}, at, kLongWait).has_value());
  }
  /// "raised 75 (50) | recovered 75 (50)"
  [[nodiscard]] std::string shown() const {
    std::string text;
    for (const Alert& alert : all->alerts().list({}).value()) {
      text += (text.empty() ? "" : " | ") + std::string(name_of(alert.event)) + " " +
              std::to_string(alert.percent);
      std::string others;
      for (const int percent : alert.others) others += (others.empty() ? "" : " ") + std::to_string(percent);
      if (!others.empty()) text += " (" + others + ")";
    }
    return text;
  }

  std::unique_ptr<Books> all;
};

TEST_F(LedgerAlerts, ComeOnceEachAndAJumpIsOne) {
  put(1000);
  ASSERT_TRUE(all->runs().begin(sample_start()).has_value());
  spend("a", 499);
  EXPECT_EQ(shown(), "");
  spend("b", 1);
  EXPECT_EQ(shown(), "raised 50");
  spend("c", 10);
  EXPECT_EQ(shown(), "raised 50");
  spend("d", 460);
  EXPECT_EQ(shown(), "raised 50 | raised 95 (75 90)");
  spend("e", 30);
  EXPECT_EQ(shown(), "raised 50 | raised 95 (75 90) | raised 100");
  spend("f", 5000);
  const auto alerts = all->alerts().list({}).value();
  ASSERT_EQ(alerts.size(), 3U);
  EXPECT_EQ(alerts[1].run, "0123456789");
  EXPECT_EQ(alerts[1].used, 970);
  EXPECT_EQ(alerts[1].level, "critical");
  EXPECT_EQ(alerts[1].text,
            "budget 'team': critical: 95 % of 1,000 fresh tokens reached: 970 fresh tokens spent, November "
            "2025 (passed at once: 75, 90 %)");
  spend("next month", 600, kNoon + 24h * 20);
  EXPECT_EQ(all->alerts().list({}).value().back().percent, 50) << "armed anew in a new period";
}

TEST_F(LedgerAlerts, AHigherLimitRecoversAndArmsAgain) {
  put(1000);
  ASSERT_TRUE(all->runs().begin(sample_start()).has_value());
  spend("a", 920);
  put(2000);
  EXPECT_EQ(shown(), "raised 90 (50 75) | recovered 90 (50 75)");
  spend("b", 100);
  EXPECT_EQ(shown(), "raised 90 (50 75) | recovered 90 (50 75) | raised 50");
  put(1100);
  EXPECT_EQ(shown(), "raised 90 (50 75) | recovered 90 (50 75) | raised 50 | raised 90 (75)")
      << "a lower limit raises at once";
}

TEST_F(LedgerAlerts, ARollingWindowRecoversWithTime) {
  put(1000, "24h");
  ASSERT_TRUE(all->runs().begin(sample_start()).has_value());
  spend("a", 960);
  ASSERT_TRUE(all->alerts().sweep(kNoon + 23h).has_value());
  EXPECT_EQ(shown(), "raised 95 (50 75 90)");
  ASSERT_TRUE(all->alerts().sweep(kNoon + 25h).has_value());
  ASSERT_TRUE(all->alerts().sweep(kNoon + 26h).has_value());
  EXPECT_EQ(shown(), "raised 95 (50 75 90) | recovered 95 (50 75 90)");
  spend("b", 500, kNoon + 27h);
  EXPECT_EQ(shown(), "raised 95 (50 75 90) | recovered 95 (50 75 90) | raised 50");
}

TEST_F(LedgerAlerts, TwentyProcessesRaiseEachOnce) {
  put(100'000);
  Race<20> race(path());
  const auto statuses = race.run([&](Books& books, int child) {
    const RunId id{"run" + std::to_string(child)};
    if (books.runs().begin(sample_start(id.text)).has_error()) return 1;
    for (int i = 0; i < 10; ++i) {
      ResponseRow row;
      row.response_id = std::to_string(i);
      row.counts.input = 510;
      row.at = kNoon;
      if (books.runs().record(id, {&row, 1}, {}, kNoon, kLongWait).has_error()) return 2;
    }
    return 0;
  });
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), 20);
  EXPECT_EQ(shown(), "raised 50 | raised 75 | raised 90 | raised 95 | raised 100");
}

TEST_F(LedgerAlerts, AreDeliveredToEachSinkOnceAndTriedAgain) {
  put(1000);
  ASSERT_TRUE(all->runs().begin(sample_start()).has_value());
  spend("a", 600);
  const Alerts::Take hook{"webhook", kNoon - 1h, 60s, 20}, command{"command", kNoon - 1h, 60s, 20};
  Alerts& alerts = all->alerts();
  const auto first = alerts.take(hook, kNoon).value();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].attempt, 1);
  EXPECT_TRUE(alerts.take(hook, kNoon + 59s).value().empty()) << "on its way";
  EXPECT_EQ(alerts.take(command, kNoon).value().size(), 1U) << "another sink";
  ASSERT_TRUE(alerts.failed(first[0].alert.n, "webhook", {"HTTP 503", kNoon + 120s}).has_value());
  EXPECT_TRUE(alerts.take(hook, kNoon + 119s).value().empty());
  EXPECT_EQ(alerts.next_due("webhook", kNoon - 1h).value(), kNoon + 120s);
  EXPECT_TRUE(alerts.next_due("third", kNoon - 1h).value().has_value()) << "nobody has tried yet";
  const auto second = alerts.take(hook, kNoon + 120s).value();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].attempt, 2);
  EXPECT_EQ(alerts.take(hook, kNoon + 181s).value().size(), 1U) << "who took it has died";
  ASSERT_TRUE(alerts.delivered(first[0].alert.n, "webhook", "HTTP 200").has_value());
  EXPECT_TRUE(alerts.take(hook, kNoon + 24h).value().empty());
  ASSERT_TRUE(alerts.failed(first[0].alert.n, "command", {"gone", std::nullopt}).has_value());
  EXPECT_TRUE(alerts.take(command, kNoon + 24h).value().empty());
  EXPECT_FALSE(alerts.next_due("webhook", kNoon - 1h).value().has_value());
  const auto records = alerts.deliveries({}).value();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].sink + " " + records[0].state + " " + records[0].detail, "command failed gone");
  EXPECT_EQ(records[1].sink + " " + records[1].state + " " + records[1].detail, "webhook done HTTP 200");
  EXPECT_TRUE(alerts.take({"new", kNoon + 1h, 60s, 20}, kNoon + 1h).value().empty()) << "older than the sink";
}

TEST_F(LedgerAlerts, OthersAreRaisedOnceByTheirName) {
  Alert alert;
  alert.event = AlertEvent::forecast;
  alert.budget = "team";
  alert.at = kNoon;
  alert.text = "reaches the budget in 3 h";
  EXPECT_TRUE(all->alerts().raise_once(alert, "team/2025-11", kLongWait).value());
  EXPECT_FALSE(all->alerts().raise_once(alert, "team/2025-11", kLongWait).value());
  EXPECT_TRUE(all->alerts().raise_once(alert, "team/2025-12", kLongWait).value());
  EXPECT_EQ(all->alerts().list({.budget = "team", .newest = 1}).value().front().text, alert.text);
}

}  // namespace
}  // namespace ts::ledger
