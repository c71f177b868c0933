#include "spawner/config/plain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "accounting/base/text.hpp"
#include "spawner/config/keys.hpp"

namespace ts::config {
namespace {

using Kind = PlainValue::Kind;

/// A key of a table: what it looks like, and an example.
struct Shaped {
  std::string_view key;
  std::string_view expected;
  std::string_view example;
  std::array<Kind, 2> kinds;
};

constexpr std::array kBudgetKeys = {
    Shaped{"limit", "text or a whole number", "limit = \"20M\"", {Kind::text, Kind::number}},
    Shaped{"measure", "text", "measure = \"fresh\"", {Kind::text, Kind::text}},
    Shaped{"period", "text", "period = \"month\"", {Kind::text, Kind::text}},
    Shaped{"reset_day", "a whole number", "reset_day = 31", {Kind::number, Kind::number}},
    Shaped{"zone", "text", "zone = \"Europe/Berlin\"", {Kind::text, Kind::text}},
    Shaped{"scope", "text or a list of texts", "scope = [\"agent=claude\"]", {Kind::text, Kind::list}},
    Shaped{"warn_at", "a list of whole percents", "warn_at = [80, 100]", {Kind::list, Kind::number}},
};
constexpr std::array kAlertKeys = {
    Shaped{"file", "text", "file = \"/home/me/alerts.jsonl\"", {Kind::text, Kind::text}},
    Shaped{"command", "text", "command = \"notify-send Budget \\\"$TRACKED_SPAWN_ALERT\\\"\"", {Kind::text, Kind::text}},
    Shaped{"webhook", "text", "webhook = \"https://example.org/hook\"", {Kind::text, Kind::text}},
    Shaped{"webhook_secret", "text", "webhook_secret = \"…\"", {Kind::text, Kind::text}},
    Shaped{"stderr", "true or false", "stderr = false", {Kind::yes_no, Kind::yes_no}},
    Shaped{"forecast", "true or false", "forecast = false", {Kind::yes_no, Kind::yes_no}},
    Shaped{"rate_factor", "a whole number", "rate_factor = 10", {Kind::number, Kind::number}},
    Shaped{"rate_interval", "text", "rate_interval = \"1m\"", {Kind::text, Kind::text}},
};
/// What only the user's own file may say.
constexpr std::string_view kUsersOwn[] = {"command", "webhook", "webhook_secret", "file"};

template <std::size_t N>
Result<void> check(const PlainValue& value, const std::string& table, const std::array<Shaped, N>& keys) {
  const auto found = std::ranges::find(keys, value.key, &Shaped::key);
  if (found == keys.end()) {
    std::vector<std::string> known;
    std::string all;
    for (const Shaped& key : keys) {
      known.emplace_back(key.key);
      all += (all.empty() ? "" : ", ") + std::string{key.key};
    }
    const std::string near = nearest(value.key, known);
    return Error{Errc::invalid_argument, fmt::format("{}: unknown key '{}' in [{}]; {}", value.where, printable(value.key, 80), printable(table, 80),
                                                     near.empty() ? "known are " + all : "did you mean '" + near + "'?")};
  }
  const bool empty = value.kind == Kind::text && value.texts.front().empty();
  if (std::ranges::find(found->kinds, value.kind) != found->kinds.end() && !empty) return {};
  return Error{Errc::invalid_argument,
               fmt::format("{}: {}.{}: expected {}, as in {}", value.where, printable(table, 80), value.key, found->expected, found->example)};
}

int number_of(const std::string& text) {
  int number = -1;  // no day and no percent is as large as what does not fit
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void take(const PlainValue& value, BudgetWords& words) {
  const std::string& text = value.texts.empty() ? value.key : value.texts.front();
  if (value.key == "limit") words.limit = text;
  if (value.key == "period") words.period = text;
  if (value.key == "zone") words.zone = text;
  if (value.key == "reset_day") words.reset_day = number_of(text);
  if (value.key == "scope") words.scope = value.texts;
  if (value.key == "warn_at")
    for (const std::string& percent : value.texts) words.thresholds.push_back(number_of(percent));
}

}  // namespace

Result<BudgetSetting> read_budget(const std::string& name, const std::string& where, const std::vector<PlainValue>& table) {
  BudgetWords words;
  words.name = name;
  for (const PlainValue& value : table) {
    TS_CHECK(check(value, "budget." + name, kBudgetKeys));
    if (value.key == "measure") {
      words.measure = measure_named(value.texts.front());
      if (!words.measure)
        return Error{Errc::invalid_argument, fmt::format("{}: budget.{}.measure: it is fresh, total, output, usd or requests", value.where, printable(name, 80))};
    }
    take(value, words);
  }
  auto budget = budget_from(words);
  if (budget.has_error()) return with_context(where, budget.error());
  return BudgetSetting{std::move(*budget), where, {}};
}

Result<void> read_alerts(const std::vector<PlainValue>& table, Origin origin, Settings& settings) {
  for (const PlainValue& value : table) {
    TS_CHECK(check(value, "alerts", kAlertKeys));
    if (origin == Origin::project && std::ranges::find(kUsersOwn, value.key) != std::end(kUsersOwn))
      return Error{Errc::invalid_argument, fmt::format("{}: alerts.{}: only your own configuration file may name it: a project could have programs run or data sent away",
                                                       value.where, value.key)};
    settings.alerts[value.key] = {value.texts.front(), value.where, origin};
  }
  return {};
}

}  // namespace ts::config
