// Markdown ledgers that were kept by hand: guesses, which count nowhere.
#include <algorithm>
#include <filesystem>
#include <vector>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"
#include "accounting/import/store_readers.hpp"

namespace ts {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t*`");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t*`\r") - first + 1);
}

std::vector<std::string_view> row_of(std::string_view line) {
  std::vector<std::string_view> cells;
  line = trimmed(line);
  if (!line.starts_with('|')) return cells;
  line.remove_prefix(1);
  while (!line.empty()) {
    const std::size_t end = line.find('|');
    cells.push_back(trimmed(line.substr(0, end)));
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  return cells;
}

/// "1,500", "~500", "1.5K".
std::optional<Tokens> hand_count(std::string_view text) {
  if (const auto count = store_count(text)) return count;
  while (text.starts_with('~') || text.starts_with(' ')) text.remove_prefix(1);
  const auto count = parse_token_count(text);
  return count.has_value() ? std::optional(*count) : std::nullopt;
}

/// Nobody has written a figure there yet.
bool is_open(std::string_view cell) {
  constexpr std::string_view kOpen[] = {"", "-", "–", "—", "?", "TBD", "n/a", "N/A"};
  return std::ranges::find(kOpen, cell) != std::end(kOpen);
}

struct Figures {
  Tokens input = 0, output = 0;
};

/// Input and output that add up to the total: one that is left open follows from the others, and a total alone is input.
/// Absent: a figure that can't be read, or figures that do not add up.
std::optional<Figures> figures_of(const std::vector<std::string_view>& cells) {
  const auto input = hand_count(cells[2]), output = hand_count(cells[3]), total = hand_count(cells[4]);
  for (std::size_t i = 0; i < 3; ++i)
    if (!(i == 0 ? input : i == 1 ? output : total) && !is_open(cells[i + 2])) return std::nullopt;
  if (input && output) {
    const bool about = cells[2].starts_with('~') || cells[3].starts_with('~') || cells[4].starts_with('~');
    if (total && !about && saturating_add(*input, *output) != *total) return std::nullopt;
    return Figures{*input, *output};
  }
  if (!total || input.value_or(0) > *total || output.value_or(0) > *total) return std::nullopt;
  if (output) return Figures{*total - *output, *output};
  return input ? Figures{*input, *total - *input} : Figures{*total, 0};
}

/// The task that a file's title or its name tells of.
std::string task_of(std::string_view title, const std::string& path) {
  const std::size_t dash = title.rfind(" - ");
  if (dash != std::string_view::npos && title.find(' ', dash + 3) == std::string_view::npos) return printable(title.substr(dash + 3), 80);
  const std::string name = std::filesystem::path(path).stem().string();
  return printable(name.substr(0, name.find("__")), 80);
}

class TokenLedger {
 public:
  TokenLedger(const StoreRequest& request, StoreRead& read) : request_(request), read_(read) { file_.path = request.path; }

  void line(std::string_view text) {
    ++read_.lines;
    if (title_.empty() && text.starts_with("# ")) title_ = text.substr(2);
    const auto cells = row_of(text);
    if (cells.size() >= 6 && cells[0] == "Timestamp" && cells[1] == "Phase" && cells[5] == "Cumulative") {
      in_table_ = true;
      return;
    }
    if (cells.empty()) in_table_ = false;
    if (!in_table_ || cells[0].starts_with("--") || cells[0].starts_with(":-")) return;
    add(cells);
  }

  ledger::EstimatedFile take() {
    const std::string task = task_of(title_, request_.path);
    for (ledger::EstimatedUsage& row : file_.rows) row.task = task;
    return std::move(file_);
  }

 private:
  void add(const std::vector<std::string_view>& cells) {
    if (cells.size() < 5) {
      ++read_.malformed;
      return;
    }
    const auto figures = figures_of(cells);
    if (!figures) {  // "TBD", a line of sums in words, or parts that are not what their sum says
      ++read_.malformed;
      return;
    }
    ledger::EstimatedUsage row;
    row.file = request_.path;
    row.line = static_cast<std::int64_t>(read_.lines);
    row.at = store_time(cells[0], request_.zone);
    row.phase = printable(cells[1], 160);  // as long as `token-log --append` writes it, the run's name at its end
    row.input = figures->input;
    row.output = figures->output;
    row.total = saturating_add(row.input, row.output);
    file_.rows.push_back(std::move(row));
    ++read_.used;
  }

  const StoreRequest& request_;
  StoreRead& read_;
  ledger::EstimatedFile file_;
  std::string title_;
  bool in_table_ = false;
};

}  // namespace

Result<StoreRead> read_token_ledger(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put) {
  StoreRead read;
  StoreRequest whole = request;
  whole.mark.reset();  // lines may have moved: the file's guesses are replaced as a whole
  TokenLedger table(whole, read);
  const LineReading reading{.line = [&](std::string_view line) -> Result<void> {
    table.line(line);
    return {};
  }};
  TS_TRY(read.continued, read_store_lines(whole, mark, reading));
  ledger::ImportBatch batch;
  batch.estimated.push_back(table.take());
  batch.marks.push_back(mark);
  TS_CHECK(put(std::move(batch)));
  return read;
}

}  // namespace ts
