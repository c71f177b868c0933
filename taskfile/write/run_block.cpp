#include "taskfile/write/run_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "accounting/base/text.hpp"
#include "taskfile/markdown/cells.hpp"
#include "taskfile/markdown/structure.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr std::string_view kUnknown = "\u2013";
constexpr std::size_t kLongestCell = 200;
constexpr std::int64_t kMinute = 60'000;
constexpr std::string_view kReportMark = "<!-- tracked-spawn:cap ";

/// The columns: their heads, and which part of a row each holds.
struct Column {
  std::string_view head;
  std::string RunRow::*text = nullptr;
  std::optional<std::int64_t> RunRow::*number = nullptr;
};

constexpr std::array<Column, 17> kColumns = {{
    {"Run", &RunRow::run, nullptr},
    {"Role", &RunRow::role, nullptr},
    {"Agent", &RunRow::agent, nullptr},
    {"Model", &RunRow::model, nullptr},
    {"Formula", &RunRow::formula, nullptr},
    {"Tokens", nullptr, nullptr},
    {"Cap", nullptr, &RunRow::cap},
    {"Outcome", &RunRow::outcome, nullptr},
    {"Duration", nullptr, &RunRow::milliseconds},
    {"API calls", nullptr, &RunRow::api_calls},
    {"Input", nullptr, &RunRow::input},
    {"Output", nullptr, &RunRow::output},
    {"Cache write", nullptr, &RunRow::cache_write},
    {"Cache read", nullptr, &RunRow::cache_read},
    {"Cost", nullptr, &RunRow::cost},
    {"Session", &RunRow::session, nullptr},
    {"Ended", &RunRow::ended, nullptr},
}};

/// One line of safe table text: no pipes, no comment marks, no control bytes.
std::string cell_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text, kLongestCell)) {
    if (c == '|' || c == '\\') out += '/';
    else if (c == '`') out += '\'';
    else if (c == '>' && out.ends_with("--")) out += ' ';
    else out += c;
  }
  const std::string_view trimmed = trim(out);
  return trimmed.empty() ? std::string(kUnknown) : std::string(trimmed);
}

std::string cell_of(const RunRow& row, const Column& column) {
  if (column.text != nullptr) return cell_text(row.*column.text);
  if (column.number == nullptr) return with_commas(row.tokens);
  const std::optional<std::int64_t>& value = row.*column.number;
  if (!value) return std::string(kUnknown);
  if (column.number == &RunRow::milliseconds) return clock_cell(*value);
  if (column.number == &RunRow::cost) return exact_dollars(*value);
  return with_commas(*value);
}

std::optional<std::int64_t> read_number(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != ',') digits += c;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value < 0 || value > kMaxTokens) return std::nullopt;
  return value;
}

/// "2h 05m 09s", "1.47 s" → milliseconds.
std::optional<std::int64_t> read_clock(std::string_view text) {
  if (const std::size_t dot = text.find('.'); dot != std::string_view::npos) {
    const auto whole = read_number(text.substr(0, dot)), hundredths = read_number(text.substr(dot + 1, 2));
    if (!whole || !hundredths || *whole > 59 || text.substr(dot + 1).find(" s") != 2 || text.size() != dot + 5) return std::nullopt;
    return *whole * 1000 + *hundredths * 10;
  }
  std::string packed;
  for (const char c : text)
    if (c != ' ') packed += c;
  const auto value = parse_duration(packed);
  if (value.has_error()) return std::nullopt;
  return value->count();
}

std::optional<std::int64_t> read_dollars(std::string_view text) {
  if (!text.starts_with("$")) return std::nullopt;
  text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  const auto whole = read_number(text.substr(0, dot));
  std::string fraction(dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1));
  if (!whole || *whole > kMaxTokens / 1'000'000 || fraction.size() > 6) return std::nullopt;
  fraction.resize(6, '0');
  const auto micros = read_number(fraction);
  if (!micros) return std::nullopt;
  return *whole * 1'000'000 + *micros;
}

/// Whether `text` could be read into the column's part of `row`.
bool read_cell(std::string_view text, const Column& column, RunRow& row) {
  if (column.text != nullptr) {
    row.*column.text = text == kUnknown ? std::string() : std::string(text);
    return true;
  }
  if (column.number == nullptr) {
    const auto tokens = read_number(text);
    if (tokens) row.tokens = *tokens;
    return tokens.has_value();
  }
  if (text == kUnknown || text.empty()) return true;
  auto& value = row.*column.number;
  value = column.number == &RunRow::milliseconds ? read_clock(text) : column.number == &RunRow::cost ? read_dollars(text) : read_number(text);
  return value.has_value();
}

Error damaged(int line, std::string_view what) {
  return Error{Errc::corrupt, fmt::format("line {}: the block of measured runs is damaged: {}; repair or delete it", line, what)};
}

std::vector<std::string_view> cell_texts(std::string_view line) {
  std::vector<std::string_view> texts;
  for (const ByteRange& cell : cells_of(line)) texts.push_back(trim(line.substr(cell.begin, cell.size())));
  return texts;
}

const Column* column_named(std::string_view head) {
  const auto* found = std::find_if(kColumns.begin(), kColumns.end(), [&](const Column& column) { return column.head == head; });
  return found == kColumns.end() ? nullptr : found;
}

Result<RunRow> read_row(std::string_view line, int number, const std::vector<const Column*>& heads) {
  const std::vector<std::string_view> cells = cell_texts(line);
  if (cells.size() != heads.size()) return damaged(number, fmt::format("{} cells where the head has {}", cells.size(), heads.size()));
  RunRow row;
  row.line = number;
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (heads[i] != nullptr && !read_cell(cells[i], *heads[i], row))
      return damaged(number, fmt::format("\"{}\" is no {}", printable(cells[i], 40), heads[i]->head));
  if (row.run.empty()) return damaged(number, "a row without a run");
  return row;
}

Result<void> read_table(const Document& document, RunBlock& block) {
  std::vector<const Column*> heads;
  for (int number = block.first + 1; number < block.last; ++number) {
    const std::string_view line = trim(document.line(number));
    if (line.starts_with(kSummaryMark)) block.summary.push_back(number);
    if (line.starts_with(kReportMark)) block.reported.emplace_back(trim(line.substr(kReportMark.size(), line.find(" -->") - kReportMark.size())));
    if (!line.starts_with("|") || is_delimiter_row(line)) continue;
    if (block.head == 0) {
      block.head = number;
      for (const std::string_view head : cell_texts(line)) heads.push_back(column_named(head));
      const bool usable = std::count(heads.begin(), heads.end(), column_named("Run")) == 1 && std::count(heads.begin(), heads.end(), column_named("Tokens")) == 1;
      if (!usable) return damaged(number, "the head has no Run or no Tokens");
      continue;
    }
    TS_TRY(RunRow row, read_row(line, number, heads));
    block.rows.push_back(std::move(row));
  }
  if (block.head == 0) return damaged(block.first, "it has no table");
  return {};
}

template <class T>
void add(std::optional<T>& sum, const std::optional<T>& value, bool first) {
  if (first) sum = value;
  else if (sum && value) sum = saturating_add(*sum, *value);
  else sum.reset();
}

}  // namespace

std::string clock_cell(std::int64_t milliseconds) {
  if (milliseconds >= kMinute || milliseconds % 1000 == 0) return clock_text(milliseconds / 1000);
  return fmt::format("{}.{:02} s", milliseconds / 1000, milliseconds % 1000 / 10);
}

std::string clock_text(std::int64_t seconds) {
  if (seconds >= 3600) return fmt::format("{}h {:02}m {:02}s", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (seconds >= 60) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  return fmt::format("{} s", seconds);
}

std::string exact_dollars(MicroUsd value) {
  std::string fraction = fmt::format("{:06}", value % 1'000'000);
  while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
  return fmt::format("${}.{}", with_commas(value / 1'000'000), fraction);
}

Result<std::optional<RunBlock>> find_run_block(const Document& document) {
  RunBlock block;
  if (document.bytes().find(kRunsBegin) == std::string::npos && document.bytes().find(kRunsEnd) == std::string::npos) return std::optional<RunBlock>();
  const std::vector<bool> quoted = quoted_lines(document);
  for (int number = 1; number <= document.line_count(); ++number) {
    if (quoted[static_cast<std::size_t>(number)]) continue;
    const std::string_view line = trim(document.line(number));
    if (line == kRunsBegin && block.first != 0) return damaged(number, "it begins twice");
    if (line == kRunsBegin) block.first = number;
    if (line != kRunsEnd) continue;
    if (block.first == 0 || block.last != 0) return damaged(number, "an end without a beginning");
    block.last = number;
  }
  if (block.first == 0) return std::optional<RunBlock>();
  if (block.last == 0) return damaged(block.first, fmt::format("it has no closing {}", kRunsEnd));
  TS_CHECK(read_table(document, block));
  return std::optional<RunBlock>(std::move(block));
}

RunRow row_of(const Actual& actual, Role role) {
  RunRow row{actual.run.text, std::string(name_of(role)), actual.agent, actual.model, actual.formula, actual.count, actual.cap, actual.outcome,
             std::nullopt, actual.api_calls, actual.input, actual.output, actual.cache_write, actual.cache_read, actual.cost, actual.agent_id, "", 0};
  if (actual.duration) {
    const std::int64_t ms = std::max<std::int64_t>(actual.duration->count(), 0), unit = ms + 5 < kMinute ? 10 : 1000;
    row.milliseconds = (ms + unit / 2) / unit * unit;
  }
  if (actual.ended) row.ended = rfc3339(*actual.ended);
  for (const Column& column : kColumns) {  // as it will be read back, so that comparing is exact
    if (column.text == nullptr) continue;
    const std::string text = cell_text(row.*column.text);
    row.*column.text = text == kUnknown ? std::string() : text;
  }
  return row;
}

std::string text_of(const RunRow& row) {
  std::string text = "|";
  for (const Column& column : kColumns) text += " " + cell_of(row, column) + " |";
  return text;
}

std::string table_head(std::string_view newline) {
  std::string heads = "|";
  std::string rule = "|";
  for (const Column& column : kColumns) {
    heads += fmt::format(" {} |", column.head);
    rule += column.text != nullptr ? "---|" : "--:|";
  }
  return fmt::format("{}{}{}{}", heads, newline, rule, newline);
}

RunTotals totals_of(const std::vector<RunRow>& rows, std::string_view role, std::string_view formula) {
  RunTotals totals;
  std::optional<std::int64_t> milliseconds;
  for (const RunRow& row : rows) {
    if (row.role != role || row.formula != formula) continue;
    const bool first = totals.runs == 0;
    ++totals.runs;
    totals.tokens = saturating_add(totals.tokens, row.tokens);
    add(milliseconds, row.milliseconds, first);
    add(totals.api_calls, row.api_calls, first);
    add(totals.input, row.input, first);
    add(totals.output, row.output, first);
    add(totals.cache_write, row.cache_write, first);
    add(totals.cache_read, row.cache_read, first);
    add(totals.cost, row.cost, first);
    if (!row.session.empty()) totals.session = row.session;
    if (!row.model.empty()) totals.model = row.model;
  }
  if (milliseconds) totals.seconds = (*milliseconds + 500) / 1000;  // rounded once
  return totals;
}

}  // namespace ts::taskfile
