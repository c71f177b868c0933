#include "taskfile/token_ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "accounting/base/text.hpp"
#include "taskfile/markdown/cells.hpp"
#include "taskfile/markdown/conflict.hpp"
#include "taskfile/markdown/structure.hpp"
#include "taskfile/text/quantity.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr std::array<std::string_view, 6> kHeads = {"timestamp", "phase", "input", "output", "total", "cumulative"};
constexpr std::string_view kHeadRow = "| Timestamp | Phase | Input | Output | Total | Cumulative |";
constexpr std::string_view kDelimiterRow = "|-----------|-------|-------|--------|-------|------------|";

std::vector<std::string_view> cell_texts(std::string_view line) {
  std::vector<std::string_view> texts;
  for (const ByteRange& cell : cells_of(line)) texts.push_back(trim(line.substr(cell.begin, cell.size())));
  return texts;
}

bool is_head(std::string_view line) {
  const std::vector<std::string_view> cells = cell_texts(line);
  return std::ranges::equal(cells, kHeads, [](std::string_view cell, std::string_view head) { return label_of(cell) == head; });
}

/// A whole cell that is one number.
std::optional<Tokens> number_of(std::string_view cell, bool& about) {
  const std::string_view text = bare(cell);
  const std::vector<Quantity> found = quantities(text);
  if (found.size() != 1 || found[0].low != found[0].high || !found[0].doubt.empty() || found[0].unit == Quantity::Unit::other) return std::nullopt;
  if (!trim(text.substr(0, found[0].begin)).empty() || !trim(text.substr(found[0].end)).empty()) return std::nullopt;
  if (text.find('~') != std::string_view::npos) about = true;
  return found[0].high;
}

/// Adds up the rows and names what does not fit.
class Bookkeeper {
 public:
  explicit Bookkeeper(TokenLedger& ledger) : ledger_(ledger) {}

  void add(int line, std::string_view text) {
    const std::vector<std::string_view> cells = cell_texts(text);
    TokenLedgerRow row;
    row.line = line;
    const auto cell = [&](std::size_t i) { return i < cells.size() ? cells[i] : std::string_view(); };
    row.phase = std::string(cell(1));
    row.input = number_of(cell(2), row.about);
    row.output = number_of(cell(3), row.about);
    row.total = number_of(cell(4), row.about);
    row.cumulative = number_of(cell(5), row.about);
    if (cells.size() != kHeads.size()) defect(line, fmt::format("{} cells and not {}", cells.size(), kHeads.size()));
    check(row);
    ledger_.about = ledger_.about || row.about;
    ledger_.rows.push_back(std::move(row));
  }

 private:
  void defect(int line, const std::string& what) { ledger_.defects.push_back(fmt::format("line {}: {}", line, what)); }

  void check(const TokenLedgerRow& row) {
    std::optional<Tokens> parts;
    if (row.input && row.output) parts = saturating_add(*row.input, *row.output);
    if (!row.total) defect(row.line, parts ? "the total can't be read; input + output is taken for it" : "neither total nor input and output can be read; it is not counted");
    if (row.total && parts && *row.total != *parts && !row.about)
      defect(row.line, fmt::format("total {} is not {} + {} = {}", with_commas(*row.total), with_commas(*row.input), with_commas(*row.output), with_commas(*parts)));
    const Tokens spent = row.total ? *row.total : parts.value_or(0);
    ledger_.sum = saturating_add(ledger_.sum, spent);
    const Tokens expected = saturating_add(written_, spent);
    if (!row.cumulative) defect(row.line, "the cumulative can't be read");
    else if (*row.cumulative != expected)
      defect(row.line, fmt::format("cumulative {} is not {} + {} = {}", with_commas(*row.cumulative), with_commas(written_), with_commas(spent), with_commas(expected)));
    written_ = row.cumulative.value_or(expected);
  }

  TokenLedger& ledger_;
  Tokens written_ = 0;   ///< the cumulative of the row above, as it is written
};

bool holds_table(LineKind kind) { return kind == LineKind::text; }

TokenLedger ledger_at(const Document& document, const Structure& structure, int head) {
  TokenLedger ledger;
  ledger.head = head;
  ledger.last = head + 1;
  Bookkeeper keeper(ledger);
  for (int line = head + 2; line <= document.line_count() && holds_table(structure.kind(line)) && !cells_of(document.line(line)).empty(); ++line) {
    keeper.add(line, document.line(line));
    ledger.last = line;
  }
  return ledger;
}

/// How a run is named in a phase's cell.
std::string run_mark(const RunId& run) { return "(run " + run.text + ")"; }

/// As a cell: one line, no pipes.
std::string cell_of(std::string_view text) {
  std::string safe = printable(text, 60);
  std::ranges::replace_if(safe, [](char c) { return c == '|' || c == '\n'; }, '/');
  return safe;
}

std::string minute_of(UtcTime time) {
  const std::string text = rfc3339(time);
  return text.substr(0, 10) + " " + text.substr(11, 5);
}

/// What stands before a row's first pipe: the table may stand inside a quote or a list.
std::string_view indent_of(std::string_view row) { return row.substr(0, std::min(row.find('|'), row.size())); }

}  // namespace

std::optional<TokenLedger> find_token_ledger(const Document& document) {
  const Structure structure = structure_of(document);
  for (int line = document.line_count() - 1; line >= 1; --line)
    if (holds_table(structure.kind(line)) && holds_table(structure.kind(line + 1)) && is_head(document.line(line)) && is_delimiter_row(document.line(line + 1)))
      return ledger_at(document, structure, line);
  return std::nullopt;
}

std::string token_ledger_title(std::string_view task) {
  return fmt::format("# Token Log - {}\n\n{}\n{}\n", cell_of(task), kHeadRow, kDelimiterRow);
}

Result<EditPlan> plan_token_ledger(const Document& document, const RunId& run, const std::vector<LedgerPhase>& phases) {
  if (run.text.empty() || phases.empty()) return Error{Errc::invalid_argument, fmt::format("run \"{}\": nothing to append", printable(run.text, 40))};
  TS_CHECK(check_no_conflict(document));
  EditPlan plan;
  for (int line = 1; line <= document.line_count(); ++line)
    if (document.line(line).find(run_mark(run)) != std::string_view::npos && !cells_of(document.line(line)).empty()) return plan;
  const auto ledger = find_token_ledger(document);
  const std::string newline(document.newline());
  const std::string indent(ledger ? indent_of(document.line(ledger->head)) : std::string_view());
  std::string rows;
  Tokens sum = ledger ? ledger->sum : 0;
  for (const LedgerPhase& phase : phases) {
    const Tokens total = saturating_add(phase.input, phase.output);
    sum = saturating_add(sum, total);
    if (!rows.empty()) rows += newline;
    rows += fmt::format("{}| {} | {} {} | {} | {} | {} | {}{} |", indent, minute_of(phase.began), cell_of(phase.name), run_mark(run), with_commas(phase.input),
                        with_commas(phase.output), with_commas(total), ledger && ledger->about ? "~" : "", with_commas(sum));
  }
  plan.task_count = sum;
  if (ledger) {
    plan.notes = ledger->defects;
    if (!ledger->defects.empty()) plan.notes.push_back(fmt::format("the old rows stay as they are; the new cumulative is the sum of all totals, {}", with_commas(sum)));
    const std::size_t at = document.line_info(ledger->last).text.end;
    plan.edits.push_back({{at, at}, newline + rows, ledger->last, "ledger"});
    plan.lines.push_back(ledger->last);
    return plan;
  }
  plan.notes.push_back("there was no ledger with these six columns in the file: one begins at its end");
  const std::size_t end = document.bytes().size();
  std::string text;
  if (document.line_count() > 0 && document.line_info(document.line_count()).end == LineEnd::none && !document.line(document.line_count()).empty()) text += newline;
  if (document.line_count() > 0) text += newline;
  text += fmt::format("{}{}{}{}{}{}", kHeadRow, newline, kDelimiterRow, newline, rows, newline);
  plan.edits.push_back({{end, end}, text, std::max(document.line_count(), 1), "ledger"});
  TS_TRY(const Document written, Document::parse(apply(document, plan)));
  if (const auto made = find_token_ledger(written); !made || made->rows.size() != phases.size())
    return Error{Errc::conflict, fmt::format("line {}: a code fence is still open at the file's end, and a ledger there would be part of it: close it first",
                                             std::max(document.line_count(), 1))};
  return plan;
}

}  // namespace ts::taskfile
