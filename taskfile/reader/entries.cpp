#include "taskfile/reader/entries.hpp"

#include <algorithm>

#include "taskfile/markdown/cells.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr std::size_t kLongestLabel = 60;
constexpr std::size_t kLongestShared = 25;   ///< of a label of several on a line that only commas divide
constexpr std::size_t kLongestLine = 4096;  ///< of a line that may hold a field; bounds what hostile text can cost

/// The part of `line` after list marks, quote marks and a task box.
std::string_view after_marks(std::string_view line) {
  for (;;) {
    line = trim(line);
    if (line.empty()) return line;
    const bool bullet = (line[0] == '-' || line[0] == '*' || line[0] == '+' || line[0] == '>') && blank_at(line.substr(1)) != 0;
    if (bullet) {
      line.remove_prefix(1);
    } else if (line.starts_with("[ ] ") || line.starts_with("[x] ") || line.starts_with("[X] ")) {
      line.remove_prefix(4);
    } else {
      return line;
    }
  }
}

/// Without the bold marks that enclose all of it; other marks belong to what a write replaces.
std::string_view unbold(std::string_view value) {
  value = trim(value);
  const bool bold = value.size() > 4 && (value.starts_with("**") || value.starts_with("__")) && value.substr(0, 2) == value.substr(value.size() - 2);
  return bold && value.find_first_not_of(value[0]) != std::string_view::npos ? trim(value.substr(2, value.size() - 4)) : value;
}

struct Pair {
  std::string_view label;
  std::string_view value;
};

std::size_t colon_at(std::string_view text) {
  if (text.starts_with(":")) return 1;
  return text.starts_with("\uff1a") ? std::string_view("\uff1a").size() : 0;
}

/// `**Label: value**`, where `inside` stands between the marks.
bool read_bold_pair(std::string_view inside, Pair& pair) {
  const std::size_t colon = inside.find(": ");
  if (colon == std::string_view::npos || colon == 0 || colon > kLongestLabel) return false;
  pair.label = trim(inside.substr(0, colon));
  pair.value = trim(inside.substr(colon + 1));
  return !pair.value.empty();
}

/// `**Label:** value`, `**Label**: value`, `**Label** (note): value`, `**Label: value**`. Without bold marks: `Label: value`.
bool read_pair(std::string_view text, Pair& pair) {
  text = trim(text);
  const std::string_view mark = text.starts_with("**") ? "**" : text.starts_with("__") ? "__" : "";
  if (!mark.empty()) {
    const std::size_t close = text.find(mark, 2);
    if (close == std::string_view::npos) return false;
    std::string_view rest = trim(text.substr(close + 2));
    if ((rest.empty() || rest.starts_with("(")) && read_bold_pair(text.substr(2, close - 2), pair)) return true;
    if (close - 2 > kLongestLabel) return false;
    pair.label = trim(text.substr(2, close - 2));
    const bool colon_inside = pair.label.ends_with(":") || pair.label.ends_with("\uff1a");
    if (!colon_inside) {
      const std::size_t colon = colon_at(rest);
      if (colon == 0) {
        const std::size_t at = rest.starts_with("(") ? rest.find("):") : std::string_view::npos;
        if (at == std::string_view::npos || at > kLongestLabel) return false;
        pair.value = trim(rest.substr(at + 2));
        return true;
      }
      rest.remove_prefix(colon);
    }
    pair.value = trim(rest);
    return true;
  }
  const std::size_t colon = std::min(text.find(':'), text.find("\uff1a"));
  if (colon == std::string_view::npos || colon == 0 || colon > kLongestLabel) return false;
  pair.label = trim(text.substr(0, colon));
  pair.value = trim(text.substr(colon + colon_at(text.substr(colon))));
  return true;
}

std::vector<std::string_view> split(std::string_view text, std::string_view mark) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(mark, at);
    parts.push_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    if (end == std::string_view::npos) return parts;
    at = end + mark.size();
  }
}

/// The pairs that share a line: between pipes or dots, or between commas where each part is a pair ("Turns: 4, Tokens: 8K").
std::vector<std::string_view> parts_of(std::string_view text) {
  for (const std::string_view mark : {" | ", " \u00b7 ", " \u2022 "})
    if (text.find(mark) != std::string_view::npos) return split(text, mark);
  std::vector<std::string_view> parts = split(text, ", ");
  Pair pair;
  const bool pairs = parts.size() > 1 && std::all_of(parts.begin(), parts.end(), [&](std::string_view part) {
    return read_pair(part, pair) && pair.label.size() <= kLongestShared && !pair.value.empty();
  });
  return pairs ? parts : std::vector<std::string_view>{text};
}

class Collector {
 public:
  Collector(const Document& document, const Structure& structure) : document_(document), structure_(structure) {}

  std::vector<Entry> run() {
    for (int number = 1; number <= document_.line_count(); ++number) step(number);
    return std::move(entries_);
  }

 private:
  void step(int number) {
    const LineKind kind = structure_.kind(number);
    const std::string_view line = document_.line(number);
    if (kind != LineKind::text && kind != LineKind::fenced) return end_table();
    const int section = structure_.section_of(number);
    if (section != section_) parent_.clear();
    section_ = section;
    if (line.size() > kLongestLine) return end_table();
    if (trim(line).starts_with("|") && row(number, line)) return;
    end_table();
    running_text(number, line);
  }

  void end_table() {
    heads_.clear();
    in_table_ = false;
  }

  /// Whether the line is a row of a table.
  bool row(int number, std::string_view line) {
    const std::vector<ByteRange> cells = cells_of(line);
    if (cells.size() < 2) return false;
    if (is_delimiter_row(line)) return true;
    if (!in_table_) {
      in_table_ = true;
      ++table_;
      const bool has_head = number < document_.line_count() && is_delimiter_row(document_.line(number + 1));
      if (has_head) {
        for (const ByteRange& cell : cells) heads_.push_back(label_of(line.substr(cell.begin, cell.size())));
        return true;
      }
    }
    const std::string label = label_of(line.substr(cells[0].begin, cells[0].size()));
    for (std::size_t i = 1; i < cells.size(); ++i) {
      Entry entry = at(number, value_in(line, cells[i]));
      entry.label = label;
      entry.column = i < heads_.size() ? heads_[i] : "";
      entry.shape = cells.size() == 2 ? Entry::Shape::two_columns : Entry::Shape::cell;
      entry.table = table_;
      entries_.push_back(std::move(entry));
    }
    return true;
  }

  /// The bytes of a cell that hold its value; for an empty one the place after its first blank.
  static std::string_view value_in(std::string_view line, ByteRange cell) {
    const std::string_view whole = line.substr(cell.begin, cell.size());
    const std::string_view value = unbold(whole);
    return value.empty() ? line.substr(cell.begin + blank_at(whole), 0) : value;
  }

  void running_text(int number, std::string_view line) {
    const std::string_view text = after_marks(line);
    if (text.empty() || text.starts_with("#")) return heading_pair(number, text);
    bool any = false;
    for (const std::string_view part : parts_of(text)) any = pair_entry(number, part) || any;
    if (any) return;
    Entry entry = at(number, trim(text));
    entry.column = "value";
    entry.parent = parent_;
    entry.shape = Entry::Shape::plain;
    entries_.push_back(std::move(entry));
  }

  /// "## Estimated Tokens: ~8K": a pair as any other, but for the title.
  void heading_pair(int number, std::string_view text) {
    if (text.starts_with("##") && structure_.kind(number) == LineKind::text) pair_entry(number, text.substr(std::min(text.find_first_not_of('#'), text.size())));
  }

  bool pair_entry(int number, std::string_view part) {
    Pair pair;
    if (!read_pair(part, pair)) return false;
    const std::string label = label_of(pair.label);
    const bool listed = is_listed(document_.line(number));
    if (!listed) parent_ = pair.value.empty() ? label : std::string();
    Entry entry = at(number, unbold(pair.value));
    entry.label = label;
    entry.column = "value";
    entry.parent = listed ? parent_ : std::string();
    entries_.push_back(std::move(entry));
    return true;
  }

  static bool is_listed(std::string_view line) {
    line = trim(line);
    return line.size() > 1 && (line[0] == '-' || line[0] == '*' || line[0] == '+') && blank_at(line.substr(1)) != 0;
  }

  Entry at(int number, std::string_view value) const {
    Entry entry;
    entry.line = number;
    entry.section = structure_.section_of(number);
    entry.kind = structure_.kind(number);
    const std::size_t begin = static_cast<std::size_t>(value.data() - document_.bytes().data());
    entry.value = {begin, begin + value.size()};
    return entry;
  }

  const Document& document_;
  const Structure& structure_;
  std::vector<Entry> entries_;
  std::vector<std::string> heads_;
  std::string parent_;
  int section_ = -1;
  int table_ = -1;
  bool in_table_ = false;
};

}  // namespace

std::vector<Entry> entries_of(const Document& document, const Structure& structure) {
  return Collector(document, structure).run();
}

}  // namespace ts::taskfile
