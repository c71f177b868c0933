#include "taskfile/yaml/front_matter.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr std::size_t kParserLimit = std::size_t{256} << 10;
constexpr int kDeepest = 8;

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }

/// A key as the patterns write it: "estimatedTokens" and "estimated-tokens" are "estimated_tokens".
std::string key_of(std::string_view key) {
  std::string out;
  for (const char c : key) {
    const bool hump = c >= 'A' && c <= 'Z' && !out.empty() && is_letter(out.back()) && out.back() >= 'a';
    if (hump) out += '_';
    out += c == '-' ? '_' : c;
  }
  return ascii_lower(out);
}

/// The scalar behind `key:` on a line; absent when the value is a block, a list or a map.
std::optional<YamlEntry> scalar_on(const Document& document, int number, std::string path) {
  const std::string_view line = document.line(number);
  std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) colon = trim(line).ends_with(":") ? line.rfind(':') : line.find(":\t");
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view value = trim(line.substr(colon + 1));
  YamlEntry entry;
  entry.path = std::move(path);
  entry.line = number;
  const char first = value.empty() ? ' ' : value.front();
  if (first == '"' || first == '\'') {
    const std::size_t close = value.find(first, 1);
    if (close == std::string_view::npos) return std::nullopt;
    value = value.substr(1, close - 1);
    entry.quoted = true;
  } else {
    if (value.starts_with("#")) value = value.substr(0, 0);
    value = trim(value.substr(0, value.find(" #")));
    if (!value.empty() && std::string_view("|>[{&*!").find(value.front()) != std::string_view::npos) return std::nullopt;
  }
  const bool nothing = value.empty() && !entry.quoted;
  const std::size_t begin = nothing ? document.line_info(number).text.begin + colon + 1 : static_cast<std::size_t>(value.data() - document.bytes().data());
  entry.value = {begin, nothing ? begin : begin + value.size()};
  return entry;
}

void walk(const Document& document, const YAML::Node& node, const std::string& path, std::vector<YamlEntry>& entries, int depth) {
  if (!node.IsMap() || depth > kDeepest) return;
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) continue;
    const std::string key = path + key_of(pair.first.Scalar());
    const int number = pair.first.Mark().line + 2;  // marks count from 0, and the text begins after the `---` line
    if (pair.second.IsMap()) {
      walk(document, pair.second, key + ".", entries, depth + 1);
    } else if ((pair.second.IsScalar() || pair.second.IsNull()) && number <= document.line_count()) {
      if (auto entry = scalar_on(document, number, key)) entries.push_back(std::move(*entry));
    }
  }
}

/// `key: value` lines with their indentation; what is deeper than its list or block is skipped with it.
std::vector<YamlEntry> by_lines(const Document& document, int last) {
  std::vector<YamlEntry> entries;
  std::vector<std::pair<std::size_t, std::string>> path;
  for (int number = 2; number < last; ++number) {
    const std::string_view line = document.line(number);
    const std::string_view text = trim(line);
    if (text.empty() || text.starts_with("#") || text.starts_with("-")) continue;
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon > 60) continue;
    while (!path.empty() && path.back().first >= indent_of(line)) path.pop_back();
    if (path.size() >= static_cast<std::size_t>(kDeepest)) continue;
    std::string name;
    for (const auto& [indent, key] : path) name += key + ".";
    const std::string key = key_of(trim(text.substr(0, colon)));
    if (auto entry = scalar_on(document, number, name + key)) entries.push_back(std::move(*entry));
    path.emplace_back(indent_of(line), key);
  }
  return entries;
}

}  // namespace

FrontMatter front_matter_of(const Document& document, int last) {
  FrontMatter front;
  if (last < 3) return front;
  const ByteRange inner{document.line_info(2).text.begin, document.line_info(last).text.begin};
  if (inner.size() > kParserLimit) {
    front.note = "front matter read by lines: too large for the YAML parser";
    front.entries = by_lines(document, last);
    return front;
  }
  try {
    walk(document, YAML::Load(std::string(document.text(inner))), "", front.entries, 0);
  } catch (const YAML::Exception& error) {
    front.note = "front matter read by lines: " + printable(error.what(), 120);
    front.entries = by_lines(document, last);
  }
  return front;
}

}  // namespace ts::taskfile
