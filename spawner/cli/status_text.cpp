#include "spawner/cli/status_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "accounting/base/text.hpp"
#include "accounting/budget/alert.hpp"
#include "spawner/cli/budget_text.hpp"
#include "spawner/cli/table.hpp"

namespace ts::cli {
namespace {

using ledger::BudgetState;

constexpr std::size_t kLeastForBars = 60;
constexpr std::size_t kLongestBar = 30;
constexpr std::size_t kLongestName = 20, kLongestNarrowName = 10;

std::string_view code_of(std::string_view colour) {
  constexpr std::pair<std::string_view, std::string_view> codes[] = {{"blue", "34"}, {"yellow", "33"}, {"orange", "38;5;208"}, {"red", "31"}, {"bright red", "91"}, {"green", "32"}};
  for (const auto& [name, code] : codes)
    if (name == colour) return code;
  return {};
}

/// The first `columns` columns; what is cut off is marked.
std::string cut(const std::string& text, std::size_t columns) {
  if (columns_of(text) <= columns) return text;
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (starts && used++ + 1 == columns) return text.substr(0, i) + (columns > 0 ? "…" : "");
  }
  return text;
}

std::string padded(const std::string& text, std::size_t columns) {
  const std::string fitted = cut(text, columns);
  return fitted + std::string(columns - columns_of(fitted), ' ');
}

/// Writes lines that never pass the screen's edge.
class Lines {
 public:
  explicit Lines(const Screen& screen) : screen_(screen) {}
  void add(const std::string& text, std::string_view colour = {}) {
    std::string line = cut(text, std::max<std::size_t>(screen_.width, 1));
    while (line.ends_with(' ')) line.pop_back();
    const std::string_view code = screen_.colour ? code_of(colour) : std::string_view{};
    text_ += code.empty() ? line + "\n" : fmt::format("\x1b[{}m{}\x1b[0m\n", code, line);
  }
  [[nodiscard]] std::string text() const { return text_; }

 private:
  Screen screen_;
  std::string text_;
};

std::string small(std::int64_t value, Measure measure) { return measure == Measure::usd ? dollars(value) : compact(value); }

std::size_t bar_columns(const Screen& screen) {
  return screen.width < kLeastForBars ? 0 : std::min(kLongestBar, (screen.width - 40) / 2);
}

void add_budgets(const StatusView& view, const Screen& screen, Lines& lines) {
  if (view.budgets.empty()) return lines.add("no budgets: `tracked-spawn budget set NAME LIMIT` makes one");
  std::size_t names = 4;
  const std::size_t longest = screen.width < kLeastForBars ? kLongestNarrowName : kLongestName;  // figures matter more
  for (const BudgetState& s : view.budgets) names = std::max(names, std::min<std::size_t>(columns_of(s.budget.name), longest));
  const std::size_t columns = bar_columns(screen);
  std::size_t levels = 14;
  for (const BudgetState& s : view.budgets) levels = std::max(levels, columns_of(level_text(s)));
  for (const BudgetState& s : view.budgets) {
    const Measure m = s.budget.measure;
    const double share = static_cast<double>(s.used) / static_cast<double>(s.budget.limit);
    const auto level = level_of(s.budget, s.used);
    std::string line = padded(printable(s.budget.name, 80), names) + "  ";
    if (columns > 0) line += bar(share, columns) + "  ";
    line += padded(level_text(s), levels);
    line += fmt::format("  {} of {}{}", small(s.used, m), small(s.budget.limit, m), m == Measure::usd ? "" : " " + std::string{name_of(m)});
    if (s.reserved > 0) line += fmt::format(", {} reserved", small(s.reserved, m));
    lines.add(line + " · " + period_label(s.budget.period, s.zone, s.period), level ? level->colour : "green");
  }
}

/// Where there is little room the figures come first: what is cut off is the rest.
std::string narrow_line(const LiveRun& run) {
  std::string line = run.id + (run.crashed ? "  crashed, " : run.held ? "  held, " : "  ");
  line += fmt::format("{} of {}", run.spent, run.cap);
  if (run.share) line += fmt::format(" {:.0f} %", std::floor(*run.share * 100));
  return line + fmt::format("  {} {} {}", printable(run.task.empty() ? "-" : run.task, 40), printable(run.agent, 20), human_duration(run.elapsed));
}

void add_runs(const StatusView& view, const Screen& screen, Lines& lines) {
  if (view.runs.empty()) return lines.add("no live runs");
  const std::size_t columns = bar_columns(screen) / 2;
  for (const LiveRun& run : view.runs) {
    if (screen.width < kLeastForBars) {
      lines.add(narrow_line(run), run.crashed ? "red" : "");
      continue;
    }
    std::string line = fmt::format("{}  {}  {}  ", run.id, padded(printable(run.task.empty() ? "-" : run.task, 40), 12), padded(printable(run.agent, 20), 8));
    if (columns > 0) line += (run.share ? bar(*run.share, columns) : std::string(columns, ' ')) + "  ";
    line += fmt::format("{} of {} after {}", run.spent, run.cap, human_duration(run.elapsed));
    if (run.crashed) line += " · crashed: `tracked-spawn recover`";
    if (run.held) line += " · held: extend or stop it";
    lines.add(line, run.crashed ? "red" : "");
  }
}

}  // namespace

std::string bar(double share, std::size_t columns) {
  const double wanted = std::clamp(std::isfinite(share) ? share : 0.0, 0.0, 1.0) * static_cast<double>(columns);
  auto full = static_cast<std::size_t>(std::floor(wanted));
  if (full == 0 && share > 0 && columns > 0) full = 1;  // a little is not nothing
  std::string text;
  for (std::size_t i = 0; i < columns; ++i) text += i < full ? "█" : "░";
  return text;
}

std::string status_text(const StatusView& view, const Screen& screen) {
  Lines lines(screen);
  lines.add(fmt::format("BUDGETS ({})", rfc3339(view.now).substr(0, 16) + "Z"));
  add_budgets(view, screen, lines);
  lines.add("");
  lines.add(fmt::format("LIVE RUNS ({}{})", view.runs.size(), view.claims > 0 ? ", " + many(static_cast<std::int64_t>(view.claims), "claim") : ""));
  add_runs(view, screen, lines);
  lines.add("");
  lines.add("ALERTS");
  if (view.alerts.empty()) lines.add("none");
  for (const ledger::Alert& a : view.alerts) lines.add(rfc3339(a.at).substr(5, 11) + "  " + printable(a.text, 400), a.event == ledger::AlertEvent::recovered ? "green" : "yellow");
  lines.add("");
  lines.add("TODAY (UTC)");
  const std::int64_t cost = amount_of(view.today, Measure::usd);
  lines.add(fmt::format("{} fresh, {} total tokens · {} · {}{} · {}, {} of them failed", compact(amount_of(view.today, Measure::fresh)),
                        compact(amount_of(view.today, Measure::total)), many(view.today.requests, "request"), dollars(cost),
                        view.today.unpriced > 0 ? fmt::format(" and {} tokens without a price", compact(view.today.unpriced)) : "", many(view.runs_today, "run"), view.failed_today));
  return lines.text();
}

}  // namespace ts::cli
