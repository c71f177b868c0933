// report and trend: what was spent, broken down and over time.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>

#include "accounting/base/text.hpp"
#include "accounting/ledger/zones.hpp"
#include "accounting/report/time_words.hpp"
#include "accounting/report/usage_report.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/recorded_name.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/cli/validators.hpp"
#include "taskfile/reading.hpp"
#include "taskfile/store.hpp"

namespace ts::cli {
namespace {

using ledger::Dimension;
using ledger::UsageSum;

constexpr const char* kTimeForms = "TIME";

/// What both commands understand.
struct Words {
  std::vector<std::string> by, only;
  std::string since, until, zone = "UTC", order, of = "fresh";
  std::optional<std::size_t> top;
  std::size_t last = 0;
  bool json = false, csv = false, markdown = false;
};

Result<Dimension> dimension_of(const std::string& option, const std::string& name) {
  if (const auto dimension = ledger::dimension_named(name)) return *dimension;
  std::string names;
  for (const Dimension each : ledger::all_dimensions()) names += (names.empty() ? "" : ", ") + std::string(name_of(each));
  return Error{Errc::invalid_argument, fmt::format("{} {}: unknown: one of {}", option, printable(name), names)};
}

/// Reports know a task by its id, and by its file where that has none.
std::string task_named(const Context& context, const std::string& value) {
  const std::string file = recorded_name(context, "task", value);
  const auto document = taskfile::load(file);
  if (document.has_error()) return file;
  const std::string id = taskfile::read(*document, context.world.patterns).task_id;
  return id.empty() ? file : id;
}

Result<std::vector<ledger::UsageFilter>> filters_of(const Context& context, const Words& words) {
  std::vector<ledger::UsageFilter> filters;
  for (const std::string& text : words.only) {
    const std::size_t sign = text.find('=');
    if (sign == std::string::npos) return Error{Errc::invalid_argument, fmt::format("--only {}: NAME=VALUE is meant, such as agent=claude", printable(text))};
    TS_TRY(const Dimension dimension, dimension_of("--only", text.substr(0, sign)));
    const std::string value = text.substr(sign + 1);
    filters.push_back({dimension, dimension == Dimension::task ? task_named(context, value) : recorded_name(context, name_of(dimension), value)});
  }
  return filters;
}

Result<ledger::UsageQuery> query_of(const Context& context, const Words& words, UtcTime now) {
  ledger::UsageQuery query;
  for (const std::string& name : words.by) {
    TS_TRY(const Dimension dimension, dimension_of("--by", name));
    query.by.push_back(dimension);
  }
  TS_TRY(query.only, filters_of(context, words));
  TS_TRY(query.zone, ledger::load_zone(words.zone));
  if (!words.since.empty()) {
    TS_TRY(query.since, report::parse_moment(words.since, query.zone, now, "--since"));
  }
  if (!words.until.empty()) {
    TS_TRY(query.until, report::parse_moment(words.until, query.zone, now, "--until"));
  }
  return query;
}

Result<report::ReportShape> shape_of(const Words& words) {
  report::ReportShape shape{{}, words.top};
  if (words.order == "name") shape.order = report::RowOrder::keys;
  if (words.order == "tokens") shape.order = report::RowOrder::tokens;
  if (words.order == "cost") shape.order = report::RowOrder::cost;
  return shape;
}

std::string waste_text(const UsageSum& failed, const UsageSum& duplicate) {
  const Tokens waste = by_formula(failed.counts, Formula::fresh) + by_formula(duplicate.counts, Formula::fresh);
  return waste == 0 ? "-" : compact(waste);
}

const std::vector<std::string> kSumNames = {"REQUESTS", "INPUT", "C-WRITE", "C-READ", "OUTPUT", "FRESH", "HIT", "COST", "WASTE"};

void add_sums(std::vector<std::string>& cells, const UsageSum& all, const UsageSum& failed, const UsageSum& duplicate) {
  const TokenCounts& c = all.counts;
  for (std::string cell : {with_commas(all.requests), compact(c.input), compact(c.cache_write()), compact(c.cache_read), compact(c.output),
                           with_commas(by_formula(c, Formula::fresh)), report::hit_text(c), report::cost_text(all), waste_text(failed, duplicate)})
    cells.push_back(std::move(cell));
}

std::string note_of(const UsageSum& total) {
  return total.unpriced > 0 ? fmt::format("unpriced, +?: {} tokens are of models without a price; they are in no cost\n", with_commas(total.unpriced)) : "";
}

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

std::string table_of(const report::UsageReport& report) {
  const bool runs = std::ranges::find(report.by, Dimension::model) == report.by.end();
  std::vector<Align> columns(std::max<std::size_t>(report.by.size(), 1), Align::left);
  std::vector<std::string> head;
  for (const Dimension each : report.by) head.push_back(upper(name_of(each)));
  if (report.by.empty()) head.emplace_back("");
  if (runs) head.emplace_back("RUNS");
  head.insert(head.end(), kSumNames.begin(), kSumNames.end());
  columns.resize(head.size(), Align::right);
  Table table(columns);
  table.add(head);
  const auto line = [&](std::vector<std::string> cells, const ledger::UsageRow& row) {
    if (runs) cells.push_back(with_commas(row.all.runs));
    add_sums(cells, row.all, row.failed, row.duplicate);
    table.add(std::move(cells));
  };
  for (const ledger::UsageRow& row : report.rows) {
    if (row.keys.empty()) break;
    std::vector<std::string> cells;
    for (const std::string& key : row.keys) cells.push_back(printable(report::key_text(key), 48));
    line(std::move(cells), row);
  }
  std::vector<std::string> cells(std::max<std::size_t>(report.by.size(), 1));
  cells[0] = "total";
  line(std::move(cells), report.total);
  return table.text() + note_of(report.total.all);
}

std::int64_t value_of(const UsageSum& sum, const std::string& of) {
  if (of == "usd") return sum.cost.rounded();
  if (of == "requests") return sum.requests;
  return by_formula(sum.counts, of == "total" ? Formula::total : of == "output" ? Formula::output : Formula::fresh);
}

/// A bar in eighths of a column.
std::string bar(std::int64_t value, std::int64_t highest, int columns) {
  constexpr std::string_view kEighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  if (highest <= 0 || value <= 0) return "";
  const auto eighths = static_cast<std::int64_t>(std::llround(static_cast<double>(value) / static_cast<double>(highest) * columns * 8));
  std::string text;
  for (std::int64_t i = 0; i < eighths / 8; ++i) text += "█";
  return text + std::string(eighths == 0 ? kEighths[1] : kEighths[eighths % 8]);
}

std::string table_of(const report::Trend& trend, const std::string& of) {
  using enum Align;
  std::vector<std::int64_t> values;
  for (const auto& point : trend.points) values.push_back(value_of(point.all, of));
  const std::int64_t highest = values.empty() ? 0 : std::max<std::int64_t>(*std::ranges::max_element(values), 0);
  Table table({left, right, right, right, right, right, right, left});
  table.add({upper(name_of(trend.step)), "RUNS", "REQUESTS", "FRESH", "HIT", "COST", "WASTE", upper(of)});
  const auto line = [&](const std::string& label, const UsageSum& all, const UsageSum& failed, const UsageSum& duplicate, const std::string& drawn) {
    table.add({label, with_commas(all.runs), with_commas(all.requests), with_commas(by_formula(all.counts, Formula::fresh)), report::hit_text(all.counts),
               report::cost_text(all), waste_text(failed, duplicate), drawn});
  };
  for (std::size_t i = 0; i < trend.points.size(); ++i) {
    const auto& point = trend.points[i];
    line(point.label, point.all, point.failed, point.duplicate, bar(values[i], highest, 24));
  }
  line("total", trend.total.all, trend.total.failed, trend.total.duplicate, "");
  return fmt::format("{}\n{}{}", report::sparkline(values), table.text(), note_of(trend.total.all));
}

template <class Shown, class Draw>
int show(const Words& words, const Shown& shown, const Draw& table) {
  print(words.json ? report::to_json(shown) : words.csv ? report::to_csv(shown) : words.markdown ? report::to_markdown(shown) : table());
  return 0;
}

int show_report(Context& context, const Words& words) {
  const auto query = query_of(context, words, utc_now());
  if (query.has_error()) return fail(context, query.error());
  const auto shape = shape_of(words);
  if (shape.has_error()) return fail(context, shape.error());
  auto books = open_books(context, ledger::OpenMode::read);
  if (books.has_error()) return fail(context, books.error());
  const auto made = report::usage_report((*books)->reports(), *query, *shape);
  if (made.has_error()) return fail(context, made.error());
  return show(words, *made, [&] { return table_of(*made); });
}

Result<report::TrendQuery> trend_query_of(const Context& context, const Words& words, UtcTime now) {
  report::TrendQuery query;
  query.step = report::step_named(words.by.empty() ? "day" : words.by.front()).value_or(report::Step::day);
  constexpr std::size_t kUsual[] = {24, 30, 12, 12};
  query.steps = words.last > 0 ? words.last : kUsual[static_cast<std::size_t>(query.step)];
  TS_TRY(query.only, filters_of(context, words));
  TS_TRY(query.zone, ledger::load_zone(words.zone));
  query.until = now;
  if (!words.until.empty()) {
    // The end is the first moment that isn't shown.
    TS_TRY(const UtcTime until, report::parse_moment(words.until, query.zone, now, "--until"));
    query.until = until - std::chrono::microseconds(1);
  }
  if (!words.since.empty()) {
    TS_TRY(query.since, report::parse_moment(words.since, query.zone, now, "--since"));
  }
  return query;
}

int show_trend(Context& context, const Words& words) {
  const auto query = trend_query_of(context, words, utc_now());
  if (query.has_error()) return fail(context, query.error());
  auto books = open_books(context, ledger::OpenMode::read);
  if (books.has_error()) return fail(context, books.error());
  const auto made = report::trend((*books)->reports(), *query);
  if (made.has_error()) return fail(context, made.error());
  return show(words, *made, [&] { return table_of(*made, words.of); });
}

void add_common(CLI::App& command, Words& words) {
  command.add_option("--since", words.since, "From then on: 2026-11-21, \"2026-11-21 18:00\", today, yesterday, 7d (ago)")->type_name(kTimeForms);
  command.add_option("--until", words.until, "Before then, in the same forms")->type_name(kTimeForms);
  command.add_option("--zone", words.zone, "Whose days and times: UTC (default), Europe/Berlin, +05:30")->type_name("ZONE");
  command.add_option("--only", words.only, "Only what fits, such as agent=claude; several of one name: any of them")->type_name("NAME=VALUE");
  auto* json = command.add_flag("--json", words.json, "As JSON");
  auto* csv = command.add_flag("--csv", words.csv, "As CSV");
  auto* markdown = command.add_flag("--markdown", words.markdown, "As a Markdown table");
  csv->excludes(json);
  markdown->excludes(json)->excludes(csv);
}

}  // namespace

void add_report(CLI::App& program, Context& context) {
  auto words = std::make_shared<Words>();
  CLI::App* command = program.add_subcommand("report", "What was spent, by task, sprint, agent, model, role, host, outcome, day");
  command->add_option("--by", words->by, "project, sprint, task, category, agent, model, role, host, outcome, day or hour; several make a breakdown of each")
      ->type_name("NAME");
  command->add_option("--sort", words->order, "name, tokens (default where no time is asked for) or cost")
      ->type_name("ORDER")
      ->check(CLI::IsMember({"name", "tokens", "cost"}));
  command->add_option("--top", words->top, "The first N rows, the others in one")->type_name("N")->check(check_how_many);
  add_common(*command, *words);
  command->footer("Examples:\n  tracked-spawn report --by model --by day --since 30d\n  tracked-spawn report --by task --only sprint=S12 --markdown\n"
                  "WASTE is what failed runs and repetitions of finished tasks spent, in fresh tokens.");
  command->callback([&context, words] { context.action = [&context, words] { return show_report(context, *words); }; });
}

void add_trend(CLI::App& program, Context& context) {
  auto words = std::make_shared<Words>();
  CLI::App* command = program.add_subcommand("trend", "What was spent over time, by hour, day, week or month");
  command->add_option("--by", words->by, "hour, day (default), week or month")->type_name("STEP")->expected(1)->check(CLI::IsMember({"hour", "day", "week", "month"}));
  command->add_option("--last", words->last, "So many steps (default 24 hours, 30 days, 12 weeks, 12 months)")->type_name("N")->check(check_how_many);
  command->add_option("--of", words->of, "What is drawn: fresh (default), total, output, usd or requests")
      ->type_name("MEASURE")
      ->check(CLI::IsMember({"fresh", "total", "output", "usd", "requests"}));
  add_common(*command, *words);
  command->footer("Examples:\n  tracked-spawn trend\n  tracked-spawn trend --by week --last 8 --of usd --zone Europe/Berlin");
  command->callback([&context, words] { context.action = [&context, words] { return show_trend(context, *words); }; });
}

}  // namespace ts::cli
