#include "accounting/budget/price_names.hpp"

#include <algorithm>
#include <array>

#include "accounting/base/ascii.hpp"

namespace ts {
namespace {

// Who may stand before a slash or a dot. A name under anybody else's prefix is somebody's own deployment.
constexpr std::string_view kProviders[] = {
    "ai21",     "alibaba",  "amazon",  "anthropic", "azure",     "azure_ai",   "bedrock", "cohere",  "dashscope",
    "deepseek", "gemini",   "google",  "groq",      "meta",      "meta-llama", "mistral", "mistralai", "models",
    "openai",   "openrouter", "opencode", "publishers", "qwen",  "vertex_ai",  "x-ai",    "xai"};
constexpr std::string_view kRegions[] = {"us", "eu", "apac", "global", "jp", "au", "ca", "sa", "us-gov"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool digits_at(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return false;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at),
                     text.begin() + static_cast<std::ptrdiff_t>(at + count), is_digit);
}

template <std::size_t N>
bool listed(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

using Step = bool (*)(std::string&);

/// `[1m]` at the end.
bool drop_bracket(std::string& name) {
  if (!name.ends_with(']')) return false;
  const std::size_t open = name.rfind('[');
  if (open == std::string::npos || open == 0) return false;
  name.resize(open);
  return true;
}

/// `anthropic/` in front, one a step.
bool drop_path_prefix(std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos || !listed(kProviders, std::string_view(name).substr(0, slash))) return false;
  name.erase(0, slash + 1);
  return true;
}

/// `us.` or `anthropic.` in front, one a step.
bool drop_dotted_prefix(std::string& name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return false;
  const std::string_view head = std::string_view(name).substr(0, dot);
  if (!listed(kProviders, head) && !listed(kRegions, head)) return false;
  name.erase(0, dot + 1);
  return true;
}

/// Bedrock's `-v1:0` at the end.
bool drop_revision(std::string& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos || colon + 1 == name.size() || !digits_at(name, colon + 1, name.size() - colon - 1))
    return false;
  const std::size_t mark = name.rfind("-v", colon);
  if (mark == std::string::npos || mark + 2 == colon || !digits_at(name, mark + 2, colon - mark - 2)) return false;
  name.resize(mark);
  return true;
}

/// Vertex' `@20250929` → `-20250929`; `@default` and `@latest` go.
bool turn_at(std::string& name) {
  const std::size_t at = name.find('@');
  if (at == std::string::npos) return false;
  const std::string_view tail = std::string_view(name).substr(at + 1);
  if (tail == "default" || tail == "latest")
    name.resize(at);
  else
    name[at] = '-';
  return true;
}

/// `-20250929`, `-2025-09-29`, `-latest` at the end.
bool drop_date(std::string& name) {
  const std::size_t size = name.size();
  std::size_t cut = 0;
  if (name.ends_with("-latest")) cut = 7;
  if (size > 9 && name[size - 9] == '-' && digits_at(name, size - 8, 8)) cut = 9;
  if (size > 11 && name[size - 11] == '-' && digits_at(name, size - 10, 4) && name[size - 6] == '-' &&
      digits_at(name, size - 5, 2) && name[size - 3] == '-' && digits_at(name, size - 2, 2))
    cut = 11;
  if (cut == 0 || cut >= size) return false;
  name.resize(size - cut);
  return true;
}

/// Routers write `claude-sonnet-4.5` for `claude-sonnet-4-5`.
bool claude_dots(std::string& name) {
  if (!name.starts_with("claude-") || name.find('.') == std::string::npos) return false;
  std::replace(name.begin(), name.end(), '.', '-');
  return true;
}

constexpr Step kSteps[] = {drop_bracket, drop_path_prefix, drop_path_prefix, drop_path_prefix, drop_dotted_prefix,
                           drop_dotted_prefix, drop_revision, turn_at, claude_dots, drop_date};

}  // namespace

std::vector<std::string> price_name_candidates(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  if (name.empty() || name.size() > kLongest) return {};
  std::string now = ascii_lower(name);
  std::vector<std::string> names{now};
  for (Step step : kSteps)
    if (step(now)) names.push_back(now);
  return names;
}

}  // namespace ts
