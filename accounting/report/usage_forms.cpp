// Reports and trends as JSON, CSV and Markdown.
#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "accounting/report/usage_report.hpp"

namespace ts::report {
namespace {

using ledger::Dimension;
using ledger::UsageRow;
using ledger::UsageSum;

bool by_model(const UsageReport& report) { return std::ranges::find(report.by, Dimension::model) != report.by.end(); }

Json money(const UsageSum& sum) {
  return sum.unpriced > 0 && sum.cost.pico == 0 ? Json(nullptr) : Json(sum.cost.rounded());
}

Json waste_json(const UsageSum& sum) {
  return {{"fresh", by_formula(sum.counts, Formula::fresh)}, {"total", by_formula(sum.counts, Formula::total)}, {"cost_micro_usd", money(sum)},
          {"unpriced_tokens", sum.unpriced}};
}

void put_sums(Json& j, const UsageSum& all, const UsageSum& failed, const UsageSum& duplicate) {
  j["counts"] = counts_json({all.counts, all.requests});
  j["fresh"] = by_formula(all.counts, Formula::fresh);
  j["total"] = by_formula(all.counts, Formula::total);
  const auto share = ledger::cache_hit_share(all.counts);
  j["cache_hit_percent"] = share ? Json(*share / 100.0) : Json(nullptr);
  j["cost_micro_usd"] = money(all);
  j["unpriced_tokens"] = all.unpriced;
  j["waste"] = {{"failed", waste_json(failed)}, {"duplicate", waste_json(duplicate)}};
}

Json row_json(const UsageReport& report, const UsageRow& row) {
  Json j = Json::object();
  for (std::size_t i = 0; i < row.keys.size(); ++i) j[std::string(name_of(report.by[i]))] = text_or_null(row.keys[i]);
  if (row.start) j["start"] = rfc3339(*row.start);
  j["runs"] = by_model(report) ? Json(nullptr) : Json(row.all.runs);
  put_sums(j, row.all, row.failed, row.duplicate);
  return j;
}

constexpr const char* kCsvSums = "requests,input,cache_write_5m,cache_write_1h,cache_read,output,reasoning,fresh,total,cost_micro_usd,unpriced_tokens,"
                                 "cache_hit_percent,failed_fresh,duplicate_fresh";

std::string csv_sums(const UsageSum& all, const UsageSum& failed, const UsageSum& duplicate) {
  const TokenCounts& c = all.counts;
  const auto share = ledger::cache_hit_share(c);
  const bool unpriced = all.unpriced > 0 && all.cost.pico == 0;
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{}", all.requests, c.input, c.cache_write_5m, c.cache_write_1h, c.cache_read, c.output,
                     c.reasoning, by_formula(c, Formula::fresh), by_formula(c, Formula::total), unpriced ? "" : std::to_string(all.cost.rounded()),
                     all.unpriced, share ? fmt::format("{}.{:02}", *share / 100, *share % 100) : "", by_formula(failed.counts, Formula::fresh),
                     by_formula(duplicate.counts, Formula::fresh));
}

constexpr const char* kMarkdownSums = " Requests | Input | Cache write | Cache read | Output | Fresh | Total | Cache hits | Cost | Failed | Duplicate |";
constexpr const char* kMarkdownRule = "---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

std::string markdown_sums(const UsageSum& all, const UsageSum& failed, const UsageSum& duplicate) {
  const TokenCounts& c = all.counts;
  return fmt::format(" {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", with_commas(all.requests), with_commas(c.input), with_commas(c.cache_write()),
                     with_commas(c.cache_read), with_commas(c.output), with_commas(by_formula(c, Formula::fresh)),
                     with_commas(by_formula(c, Formula::total)), hit_text(c), cost_text(all), with_commas(by_formula(failed.counts, Formula::fresh)),
                     with_commas(by_formula(duplicate.counts, Formula::fresh)));
}

/// Text that can't end its cell or begin markup.
std::string markdown_cell(const std::string& text) {
  std::string cell;
  for (const char c : printable(key_text(text))) {
    if (c == '|' || c == '\\' || c == '<' || c == '`' || c == '*' || c == '_' || c == '[') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string title(std::string_view name) {
  std::string text(name);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string note_of(const UsageSum& total) {
  return total.unpriced > 0 ? fmt::format("\n+? and unpriced: {} tokens are of models without a price, and not in the cost.\n", with_commas(total.unpriced))
                            : std::string();
}

}  // namespace

std::string csv_cell(std::string_view text) {
  const bool formula = !text.empty() && (text[0] == '=' || text[0] == '+' || text[0] == '-' || text[0] == '@' || text[0] == '\t' || text[0] == '\r');
  std::string cell = formula ? "'" + std::string(text) : std::string(text);
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string to_json(const UsageReport& report) {
  Json by = Json::array(), rows = Json::array();
  for (const Dimension each : report.by) by.push_back(std::string(name_of(each)));
  for (const UsageRow& row : report.rows) rows.push_back(row_json(report, row));
  Json total = Json::object();
  total["runs"] = by_model(report) ? Json(nullptr) : Json(report.total.all.runs);
  put_sums(total, report.total.all, report.total.failed, report.total.duplicate);
  const auto time = [](const std::optional<UtcTime>& at) { return at ? Json(rfc3339(*at)) : Json(nullptr); };
  return dump({{"by", by}, {"zone", report.zone}, {"since", time(report.since)}, {"until", time(report.until)}, {"rows", rows},
               {"rows_in_others", report.rest}, {"total", total}});
}

std::string to_json(const Trend& trend) {
  Json points = Json::array();
  for (const Trend::Point& point : trend.points) {
    Json j = {{"label", point.label}, {"start", rfc3339(point.start)}, {"runs", point.all.runs}};
    put_sums(j, point.all, point.failed, point.duplicate);
    points.push_back(std::move(j));
  }
  Json total = {{"runs", trend.total.all.runs}};
  put_sums(total, trend.total.all, trend.total.failed, trend.total.duplicate);
  return dump({{"by", std::string(name_of(trend.step))}, {"zone", trend.zone}, {"points", points}, {"total", total}});
}

std::string to_csv(const UsageReport& report) {
  std::string text;
  for (const Dimension each : report.by) text += std::string(name_of(each)) + ",";
  text += std::string(by_model(report) ? "" : "runs,") + kCsvSums + "\r\n";
  for (const UsageRow& row : report.rows) {
    for (const std::string& key : row.keys) text += csv_cell(key) + ",";
    if (!by_model(report)) text += std::to_string(row.all.runs) + ",";
    text += csv_sums(row.all, row.failed, row.duplicate) + "\r\n";
  }
  return text;
}

std::string to_csv(const Trend& trend) {
  std::string text = std::string(name_of(trend.step)) + ",start,runs," + kCsvSums + "\r\n";
  for (const Trend::Point& point : trend.points)
    text += fmt::format("{},{},{},{}\r\n", point.label, rfc3339(point.start), point.all.runs, csv_sums(point.all, point.failed, point.duplicate));
  return text;
}

std::string to_markdown(const UsageReport& report) {
  const bool runs = !by_model(report);
  std::string head = "|", rule = "|";
  for (const Dimension each : report.by) head += " " + title(name_of(each)) + " |", rule += "---|";
  if (report.by.empty()) head += " |", rule += "---|";
  if (runs) head += " Runs |", rule += "---:|";
  std::string text = head + kMarkdownSums + "\n" + rule + kMarkdownRule + "\n";
  const auto line = [&](const std::string& keys, const UsageRow& row) {
    text += keys + (runs ? " " + with_commas(row.all.runs) + " |" : "") + markdown_sums(row.all, row.failed, row.duplicate);
  };
  for (const UsageRow& row : report.rows) {
    if (row.keys.empty()) break;
    std::string keys = "|";
    for (const std::string& key : row.keys) keys += " " + markdown_cell(key) + " |";
    line(keys, row);
  }
  std::string keys = "| **Total** |";
  for (std::size_t i = 1; i < report.by.size(); ++i) keys += " |";
  line(keys, report.total);
  return text + note_of(report.total.all);
}

std::string to_markdown(const Trend& trend) {
  std::string text = fmt::format("| {} | Runs |{}\n|---|---:|{}\n", title(name_of(trend.step)), kMarkdownSums, kMarkdownRule);
  for (const Trend::Point& point : trend.points)
    text += fmt::format("| {} | {} |{}", point.label, with_commas(point.all.runs), markdown_sums(point.all, point.failed, point.duplicate));
  text += fmt::format("| **Total** | {} |{}", with_commas(trend.total.all.runs), markdown_sums(trend.total.all, trend.total.failed, trend.total.duplicate));
  return text + note_of(trend.total.all);
}

}  // namespace ts::report
