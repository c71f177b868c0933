#include "taskfile/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "taskfile/markdown/conflict.hpp"
#include "taskfile/markdown/structure.hpp"
#include "taskfile/text/words.hpp"
#include "taskfile/write/pad.hpp"
#include "taskfile/write/render.hpp"
#include "taskfile/write/report.hpp"
#include "taskfile/write/run_block.hpp"

namespace ts::taskfile {
namespace {

constexpr Tokens kIncidentFactor = 4;

/// `text` as a YAML scalar in the place of `field`.
std::string yaml_text(const Field& field, std::string_view text) {
  std::string safe;
  for (const char c : text)
    if (is_letter(c) || is_digit(c) || std::string_view(" ._-+$%,/").find(c) != std::string_view::npos) safe += c;
  return (field.after_colon ? " " : "") + safe;
}

class Planner {
 public:
  Planner(const Document& document, const Reading& reading, const Actual& actual, Role role)
      : document_(document), reading_(reading), actual_(actual), role_(role), own_(row_of(actual, role)) {
    if (role == Role::engineer) estimate_ = actual.estimate_high ? actual.estimate_high : reading.estimate ? std::optional(reading.estimate->high) : std::nullopt;
  }

  Result<EditPlan> run() {
    TS_CHECK(check_no_conflict(document_));
    TS_TRY(block_, find_run_block(document_));
    before_ = block_ ? block_->rows : std::vector<RunRow>();
    after_ = with_own(before_);
    const RunTotals totals = totals_of(after_, name_of(role_), own_.formula);
    plan_.task_count = totals.tokens;
    if (estimate_.value_or(0) > 0 && totals.tokens / kIncidentFactor >= *estimate_ && totals.tokens > kIncidentFactor * *estimate_)
      plan_.incident = Incident{totals.tokens, *estimate_};
    fill_fields(totals);
    if (block_) extend_block();
    else append_block();
    std::stable_sort(plan_.edits.begin(), plan_.edits.end(), [](const Edit& a, const Edit& b) { return a.range.begin < b.range.begin; });
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::vector<RunRow> with_own(std::vector<RunRow> rows) const {
    for (RunRow& row : rows) {
      if (row.run != own_.run) continue;
      const int line = row.line;
      row = own_;
      row.line = line;
      return rows;
    }
    rows.push_back(own_);
    return rows;
  }

  void fill_fields(const RunTotals& totals) {
    const FieldSource after{totals, estimate_};
    const FieldSource before{totals_of(before_, name_of(role_), own_.formula), estimate_};
    for (const Field& field : reading_.fields) {
      if (field.owner != role_) continue;
      const bool empty = field.state == FieldState::placeholder;
      const auto text = empty ? rendered(field, after) : rendered_again(field, before, after);
      if (!text) {
        if (!empty && field.kind == FieldKind::actual)
          plan_.notes.push_back(fmt::format("line {}: \"{}\" is not this program's and stays", field.line, printable(field.text, 40)));
        continue;
      }
      const std::string whole = field.notation == Notation::yaml ? yaml_text(field, *text) : *text + (empty ? field.joiner : std::string());
      if (whole == field.text) continue;
      plan_.edits.push_back(padded(document_, Edit{field.range, whole, field.line, std::string(name_of(field.kind))}));
      if (plan_.lines.empty() || plan_.lines.back() != field.line) plan_.lines.push_back(field.line);
    }
  }

  [[nodiscard]] ReportFacts facts() const { return {reading_, actual_, role_, estimate_, after_}; }

  void append_block() {
    const std::string_view newline = document_.newline();
    std::string text;
    const std::size_t end = document_.bytes().size();
    if (document_.line_count() > 0) {
      const Line& last = document_.line_info(document_.line_count());
      if (last.end == LineEnd::none) text += newline;
      if (last.end == LineEnd::none || !trim(document_.text(last.text)).empty()) text += newline;
    }
    text += fmt::format("{}{}### Measured runs{}{}", kRunsBegin, newline, newline, newline);
    text += table_head(newline);
    for (const RunRow& row : after_) text += text_of(row) + std::string(newline);
    text += newline;
    for (const std::string& line : summary_lines(facts())) text += line + std::string(newline);
    if (actual_.cap_stop) text += cap_report(facts(), newline);
    text += fmt::format("{}{}", kRunsEnd, newline);
    plan_.edits.push_back({{end, end}, text, std::max(document_.line_count(), 1), "runs"});
  }

  void extend_block() {
    const std::string newline(document_.newline());
    const RunRow& row = *std::find_if(after_.begin(), after_.end(), [&](const RunRow& r) { return r.run == own_.run; });
    if (row.line != 0) {
      replace_line(row.line, text_of(row), "runs");
    } else {
      const int above = before_.empty() ? block_->head + 1 : before_.back().line;
      insert_after(std::min(above, block_->last - 1), text_of(row) + newline, "runs");
    }
    const std::vector<std::string> lines = summary_lines(facts());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i < block_->summary.size()) replace_line(block_->summary[i], lines[i], "summary");
      else if (!block_->summary.empty()) insert_after(block_->summary.back(), lines[i] + newline, "summary");
      else insert_before(block_->last, newline + lines[i] + newline, "summary");
    }
    const bool reported = std::find(block_->reported.begin(), block_->reported.end(), own_.run) != block_->reported.end();
    if (actual_.cap_stop && !reported) insert_before(block_->last, cap_report(facts(), newline), "cap report");
  }

  void replace_line(int number, const std::string& text, std::string_view what) {
    const std::string_view old = document_.line(number);
    if (trim(old) == text) return;
    plan_.edits.push_back({document_.line_info(number).text, text, number, std::string(what)});
  }

  void insert_after(int number, std::string text, std::string_view what) {
    insert_before(number + 1, std::move(text), what);
  }

  void insert_before(int number, std::string text, std::string_view what) {
    const std::size_t at = document_.line_info(number).text.begin;
    plan_.edits.push_back({{at, at}, std::move(text), number, std::string(what)});
  }

  const Document& document_;
  const Reading& reading_;
  const Actual& actual_;
  Role role_;
  RunRow own_;
  std::optional<Tokens> estimate_;
  std::optional<RunBlock> block_;
  std::vector<RunRow> before_;
  std::vector<RunRow> after_;
  EditPlan plan_;
};

}  // namespace

Result<EditPlan> plan_actual(const Document& document, const Reading& reading, const Actual& actual, Role role) {
  if (actual.run.text.empty() || actual.count < 0 || actual.count > kMaxTokens)
    return Error{Errc::invalid_argument, fmt::format("run \"{}\": no run id, or {} is no count", printable(actual.run.text, 40), actual.count)};
  return Planner(document, reading, actual, role).run();
}

std::string apply(const Document& document, const EditPlan& plan) {
  std::string out;
  std::size_t at = 0;
  for (const Edit& edit : plan.edits) {
    out += document.text({at, edit.range.begin});
    out += edit.text;
    at = edit.range.end;
  }
  out += document.text({at, document.bytes().size()});
  return out;
}

}  // namespace ts::taskfile
