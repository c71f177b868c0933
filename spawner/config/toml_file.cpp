#include <fmt/format.h>

#include <cmath>
#include <toml++/toml.h>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "spawner/config/keys.hpp"
#include "spawner/config/plain.hpp"
#include "spawner/config/settings.hpp"

namespace ts::config {
namespace {

constexpr double kHighestRate = 1e6;  // dollars per million tokens

std::string line_of(const std::string& name, const toml::source_region& source) {
  return fmt::format("{}:{}", name, static_cast<unsigned>(source.begin.line));
}

/// Reads one file; every complaint names its line.
class Reader {
 public:
  Reader(std::string name, Origin origin) : name_(std::move(name)), origin_(origin) {}

  Result<Settings> read(const toml::table& root) {
    for (auto&& [key, node] : root) {
      const std::string_view word = key.str();
      const toml::table* table = node.as_table();
      const std::vector<std::string> known{"run", "taskfile", "prices", "budget", "alerts"};
      if (std::ranges::find(known, word) == known.end()) return unknown(key, "", known);
      if (table == nullptr) return wrong(node, std::string{word}, "a table", fmt::format("[{}]", word));
      TS_CHECK(section(word, *table));
    }
    return std::move(settings_);
  }

 private:
  Error unknown(const toml::key& key, const std::string& table, std::vector<std::string> known) const {
    const std::string word = printable(std::string{key.str()}, 80);
    const std::string near = nearest(key.str(), known);
    std::string all;
    for (const std::string& k : known) all += (all.empty() ? "" : ", ") + k;
    return {Errc::invalid_argument, fmt::format("{}: unknown key '{}'{}; {}", line_of(name_, key.source()), word,
                                                table.empty() ? "" : " in [" + table + "]",
                                                near.empty() ? "known are " + all : "did you mean '" + near + "'?")};
  }

  Error wrong(const toml::node& node, const std::string& key, std::string_view expected, std::string_view example) const {
    return {Errc::invalid_argument,
            fmt::format("{}: {}: expected {}, as in {}", line_of(name_, node.source()), printable(key, 80), expected, example)};
  }

  [[nodiscard]] std::string where(const toml::node& node) const { return line_of(name_, node.source()); }

  Result<void> section(std::string_view name, const toml::table& table) {
    if (name == "run") return run(table);
    if (name == "prices") return prices(table);
    if (name == "budget") return budgets(table);
    if (name == "alerts") return read_alerts(plain(table), origin_, settings_);
    return task_file(table);
  }

  Result<void> run(const toml::table& table) {
    std::vector<std::string> known{"labels"};
    for (const Key& key : run_keys()) known.emplace_back(key.name);
    for (auto&& [key, node] : table) {
      if (key.str() == "labels") {
        TS_CHECK(labels(node));
        continue;
      }
      const auto found = std::ranges::find(run_keys(), key.str(), &Key::name);
      if (found == run_keys().end()) return unknown(key, "run", known);
      TS_TRY(std::string text, text_of(*found, node));
      settings_.run[std::string{key.str()}] = {std::move(text), where(node), origin_};
    }
    return {};
  }

  Result<std::string> text_of(const Key& key, const toml::node& node) const {
    const auto text = node.value_exact<std::string>();
    const auto number = node.value_exact<std::int64_t>();
    const auto yes = node.value_exact<bool>();
    const bool words = key.shape == Shape::text || key.shape == Shape::text_or_number;
    if (words && text && !text->empty()) return *text;
    if (number && (key.shape == Shape::text_or_number || key.shape == Shape::number || key.shape == Shape::percents)) return std::to_string(*number);
    if (yes && key.shape == Shape::yes_no) return std::string{*yes ? "true" : "false"};
    if (key.shape == Shape::percents && node.is_array()) return percents(key, *node.as_array());
    constexpr std::string_view expected[] = {"text", "text or a whole number", "a whole number", "whole percents", "true or false"};
    return wrong(node, "run." + std::string{key.name}, expected[static_cast<int>(key.shape)], key.example);
  }

  Result<std::string> percents(const Key& key, const toml::array& array) const {
    std::string text;
    for (const toml::node& node : array) {
      const auto number = node.value_exact<std::int64_t>();
      if (!number) return wrong(node, "run." + std::string{key.name}, "whole percents", key.example);
      text += (text.empty() ? "" : ",") + std::to_string(*number);
    }
    if (text.empty()) return wrong(array, "run." + std::string{key.name}, "at least one percent", key.example);
    return text;
  }

  Result<void> labels(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return wrong(node, "run.labels", "a table", "labels = {team = \"core\"}");
    for (auto&& [key, value] : *table) {
      const auto text = value.value_exact<std::string>();
      if (!text) return wrong(value, "run.labels." + std::string{key.str()}, "text", "labels = {team = \"core\"}");
      settings_.labels[std::string{key.str()}] = {*text, where(value), origin_};
    }
    return {};
  }

  Result<void> task_file(const toml::table& table) {
    for (auto&& [key, node] : table) {
      if (key.str() != "patterns") return unknown(key, "taskfile", {"patterns"});
      const toml::table* patterns = node.as_table();
      if (patterns == nullptr) return wrong(node, "taskfile.patterns", "a table", "estimate = [\"Budgeted tokens\"]");
      for (auto&& [kind, labels] : *patterns) TS_CHECK(pattern(kind, labels));
    }
    return {};
  }

  Result<void> pattern(const toml::key& kind, const toml::node& node) {
    const auto one = node.value_exact<std::string>();
    if (one) return add_pattern(kind, node, *one);
    const toml::array* array = node.as_array();
    if (array == nullptr) return wrong(node, "taskfile.patterns." + std::string{kind.str()}, "labels", "estimate = [\"Budgeted tokens\"]");
    for (const toml::node& item : *array) {
      const auto label = item.value_exact<std::string>();
      if (!label) return wrong(item, "taskfile.patterns." + std::string{kind.str()}, "labels", "estimate = [\"Budgeted tokens\"]");
      TS_CHECK(add_pattern(kind, item, *label));
    }
    return {};
  }

  Result<void> add_pattern(const toml::key& kind, const toml::node& node, const std::string& label) {
    const std::string word{kind.str()};
    taskfile::Patterns probe;  // the kinds are the task file's own business
    if (const auto fits = probe.add(word, label); fits.has_error()) {
      std::vector<std::string> kinds{"placeholder"};
      for (int k = 0; k <= static_cast<int>(taskfile::FieldKind::task_id); ++k)
        kinds.emplace_back(taskfile::name_of(static_cast<taskfile::FieldKind>(k)));
      if (std::ranges::find(kinds, word) == kinds.end()) return unknown(kind, "taskfile.patterns", kinds);
      return with_context(where(node), fits.error());
    }
    settings_.patterns.push_back({word, label, where(node)});
    return {};
  }

  Result<void> budgets(const toml::table& table) {
    for (auto&& [key, node] : table) {
      const std::string name{key.str()};
      const toml::table* budget = node.as_table();
      if (budget == nullptr) return wrong(node, "budget." + name, "a table", "[budget.month] with limit = \"20M\"");
      TS_TRY(BudgetSetting setting, read_budget(name, line_of(name_, key.source()), plain(*budget)));
      settings_.budgets.push_back(std::move(setting));
    }
    return {};
  }

  [[nodiscard]] std::vector<PlainValue> plain(const toml::table& table) const {
    std::vector<PlainValue> values;
    for (auto&& [key, node] : table) {
      PlainValue value{std::string{key.str()}, PlainValue::Kind::other, {}, where(node)};
      if (put_plain(node, value)) {
      } else if (const toml::array* array = node.as_array()) {
        value.kind = PlainValue::Kind::list;
        PlainValue item;
        for (const toml::node& each : *array)
          if (put_plain(each, item)) value.texts.push_back(item.texts.back());
          else value.kind = PlainValue::Kind::other;
      }
      values.push_back(std::move(value));
    }
    return values;
  }

  static bool put_plain(const toml::node& node, PlainValue& value) {
    if (const auto text = node.value_exact<std::string>()) value = {value.key, PlainValue::Kind::text, {*text}, value.where};
    else if (const auto number = node.value_exact<std::int64_t>()) value = {value.key, PlainValue::Kind::number, {std::to_string(*number)}, value.where};
    else if (const auto yes = node.value_exact<bool>()) value = {value.key, PlainValue::Kind::yes_no, {*yes ? "true" : "false"}, value.where};
    else return false;
    return true;
  }

  Result<void> prices(const toml::table& table) {
    for (auto&& [model, node] : table) {
      const toml::table* row = node.as_table();
      const std::string name = "prices." + std::string{model.str()};
      if (const toml::array* periods = node.as_array(); periods != nullptr && !periods->empty() && periods->is_array_of_tables()) {
        for (const toml::node& period : *periods) TS_CHECK(price(ascii_lower(model.str()), name, *period.as_table()));
        continue;
      }
      if (row == nullptr) return wrong(node, name, "a table", "[prices.\"my-model\"] with input = 3 and output = 15");
      if (model.str() == "aliases") {
        TS_CHECK(aliases(*row));
      } else {
        TS_CHECK(price(ascii_lower(model.str()), name, *row));
      }
    }
    return {};
  }

  Result<void> aliases(const toml::table& table) {
    for (auto&& [name, node] : table) {
      const auto model = node.value_exact<std::string>();
      if (!model) return wrong(node, "prices.aliases." + std::string{name.str()}, "a model's name", "my-name = \"claude-sonnet-4-5\"");
      settings_.prices.aliases[ascii_lower(name.str())] = ascii_lower(*model);
    }
    return {};
  }

  Result<void> price(const std::string& model, const std::string& name, const toml::table& table) {
    PriceRow row;
    row.provider = "configured";
    row.model = model;
    row.where = where(table);
    for (auto&& [key, node] : table) {
      if (key.str() == "provider") {
        const auto text = node.value_exact<std::string>();
        if (!text) return wrong(node, name + ".provider", "text", "provider = \"local\"");
        row.provider = ascii_lower(*text);
      } else if (key.str() == "from" || key.str() == "until") {
        TS_TRY((key.str() == "from" ? row.from : row.until), date(node, name + "." + std::string{key.str()}));
      } else if (key.str() == "long_over") {
        const auto tokens = node.value_exact<std::int64_t>();
        if (!tokens || *tokens <= 0 || *tokens > kMaxTokens) return wrong(node, name + ".long_over", "tokens", "long_over = 200000");
        row.long_over = *tokens;
      } else {
        TS_CHECK(rate(row, key, node, name));
      }
    }
    if (!row.long_over && !(row.long_rates == Rates{})) return wrong(table, name, "long_over beside rates that begin with long_", "long_over = 200000");
    settings_.prices.rows.push_back(std::move(row));
    return {};
  }

  Result<void> rate(PriceRow& row, const toml::key& key, const toml::node& node, const std::string& name) const {
    std::string_view word = key.str();
    const bool of_long = word.starts_with("long_");
    if (of_long) word.remove_prefix(5);
    const auto part = std::ranges::find(kRateWords, word, &RateWord::word);
    if (part == std::end(kRateWords))
      return unknown(key, name, {"input", "output", "cache_read", "cache_write", "cache_write_1h", "from", "until", "provider", "long_over", "long_input",
                                 "long_output", "long_cache_read", "long_cache_write", "long_cache_write_1h"});
    const auto dollars = node.value<double>();
    if (!dollars || !std::isfinite(*dollars) || *dollars < 0 || *dollars > kHighestRate)
      return wrong(node, name + "." + std::string{key.str()}, "dollars per million tokens, 0 to 1000000", "input = 3.0");
    Rates& rates = of_long ? row.long_rates : row.rates;
    rates.*(part->rate) = std::llround(*dollars * 1e6);
    return {};
  }

  Result<std::optional<UtcTime>> date(const toml::node& node, const std::string& name) const {
    std::string text;
    if (const auto day = node.value_exact<toml::date>()) {
      text = fmt::format("{:04}-{:02}-{:02}T00:00:00Z", day->year, day->month, day->day);
    } else if (const auto said = node.value_exact<std::string>()) {
      text = said->size() == 10 ? *said + "T00:00:00Z" : *said;
    }
    const auto time = parse_rfc3339(text);
    if (time.has_error()) return wrong(node, name, "a date", "from = 2026-08-21");
    return std::optional<UtcTime>{*time};
  }

  std::string name_;
  Origin origin_;
  Settings settings_;
};

}  // namespace

Result<Settings> parse(std::string_view text, const std::string& name, Origin origin) {
  const toml::parse_result parsed = toml::parse(text, std::string_view{name});
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return Error{Errc::invalid_argument,
                 fmt::format("{}: not TOML: {}", line_of(name, error.source()), printable(std::string{error.description()}, 200))};
  }
  return Reader(name, origin).read(parsed.table());
}

}  // namespace ts::config
