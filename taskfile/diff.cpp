#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "taskfile/plan.hpp"

namespace ts::taskfile {
namespace {

constexpr std::size_t kContext = 3;

/// Lines with their line ends.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::size_t size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

/// Lines [a, a + removed) of the old text became [b, b + added) of the new one.
struct Change {
  std::size_t a = 0;
  std::size_t removed = 0;
  std::size_t b = 0;
  std::size_t added = 0;
};

/// Edits of task files are few and far between: from a difference on, the nearest line that both texts share again ends it.
std::vector<Change> changes_between(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
  std::vector<Change> changes;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      ++i;
      ++j;
      continue;
    }
    Change change{i, a.size() - i, j, b.size() - j};
    const std::size_t reach = std::min<std::size_t>(a.size() - i + (b.size() - j), 400);
    for (std::size_t sum = 1; sum <= reach; ++sum) {
      bool met = false;
      for (std::size_t down = 0; down <= sum && !met; ++down) {
        const std::size_t x = i + down;
        const std::size_t y = j + (sum - down);
        if (x < a.size() && y < b.size() && a[x] == b[y]) {
          change.removed = down;
          change.added = sum - down;
          met = true;
        }
      }
      if (met) break;
    }
    changes.push_back(change);
    i += change.removed;
    j += change.added;
  }
  return changes;
}

void put(std::string& out, char sign, std::string_view line) {
  out += sign;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

std::string span(std::size_t begin, std::size_t count) {
  const std::size_t first = count == 0 ? begin : begin + 1;
  return count == 1 ? fmt::format("{}", first) : fmt::format("{},{}", first, count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view name) {
  if (before == after) return {};
  const std::vector<std::string_view> a = split(before);
  const std::vector<std::string_view> b = split(after);
  const std::vector<Change> changes = changes_between(a, b);
  std::string out = fmt::format("--- a/{0}\n+++ b/{0}\n", name);
  for (std::size_t first = 0; first < changes.size();) {
    std::size_t last = first;
    while (last + 1 < changes.size() && changes[last + 1].a - (changes[last].a + changes[last].removed) <= 2 * kContext) ++last;
    const std::size_t lead = std::min(kContext, changes[first].a);
    const std::size_t a_end = std::min(a.size(), changes[last].a + changes[last].removed + kContext);
    const std::size_t b_end = std::min(b.size(), changes[last].b + changes[last].added + kContext);
    const std::size_t a_begin = changes[first].a - lead;
    const std::size_t b_begin = changes[first].b - lead;
    out += fmt::format("@@ -{} +{} @@\n", span(a_begin, a_end - a_begin), span(b_begin, b_end - b_begin));
    std::size_t at = a_begin;
    for (std::size_t i = first; i <= last; ++i) {
      for (; at < changes[i].a; ++at) put(out, ' ', a[at]);
      for (; at < changes[i].a + changes[i].removed; ++at) put(out, '-', a[at]);
      for (std::size_t y = changes[i].b; y < changes[i].b + changes[i].added; ++y) put(out, '+', b[y]);
    }
    for (; at < a_end; ++at) put(out, ' ', a[at]);
    first = last + 1;
  }
  return out;
}

}  // namespace ts::taskfile
