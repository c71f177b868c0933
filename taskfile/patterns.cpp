#include "taskfile/patterns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr std::array<std::string_view, 18> kKindNames = {
    "estimate", "cap",        "actual",      "agent_id", "duration", "api_calls", "input",    "output",
    "cache_read", "cache_write", "variance", "cost",     "model",    "sprint",    "category", "task_id", "title", "points"};

using enum FieldKind;
using Meaning = SectionPattern::Meaning;

// The built-in patterns as constants: the rows of patterns.hpp's structs, whose texts could not be.
struct LabelRow {
  FieldKind kind;
  std::string_view label;
  int rank;
  std::string_view column = "value";
  std::string_view section = "*";
  std::string_view parent = "*";
  [[nodiscard]] LabelPattern pattern() const { return {kind, std::string(label), rank, std::string(column), std::string(section), std::string(parent)}; }
};
struct KeyRow {
  FieldKind kind;
  std::string_view path;
  int rank;
  [[nodiscard]] KeyPattern pattern() const { return {kind, std::string(path), rank}; }
};
struct SectionRow {
  Meaning meaning;
  std::string_view heading;
  [[nodiscard]] SectionPattern pattern() const { return {meaning, std::string(heading)}; }
};

/// The order matters: the first that fits a line rules it.
constexpr auto kLabels = std::to_array<LabelRow>({
    // Estimates. Final beats estimated, then adjusted, calibrated, raw; echoes come last.
    {estimate, "final estimate*", 10},
    {estimate, "final token estimate*", 10},
    {estimate, "tokens", 12, "final*"},
    {estimate, "estimated tokens (raw*", 45},
    {estimate, "estimated tokens", 20},
    {estimate, "estimated tokens (*", 21},
    {estimate, "est. tokens*", 20},
    {estimate, "est tokens*", 20},
    {estimate, "est. billable tokens", 20},
    {estimate, "estimated billable tokens", 20},
    {estimate, "token estimate*", 20},
    {estimate, "tokens estimate*", 20},
    {estimate, "estimated token*", 20},
    {estimate, "planned tokens", 22},
    {estimate, "tokens planned", 22},
    {estimate, "adjusted estimated totals*", 24},
    {estimate, "estimated total*", 25},
    {estimate, "tokens", 24, "value", "*", "adjusted estimated totals*"},
    {estimate, "tokens", 25, "value", "*", "*estimate*"},
    {estimate, "tokens", 26, "value", "estimat*"},
    {estimate, "tokens", 26, "value", "pm estimate*"},
    {estimate, "tokens", 26, "value", "effort*"},
    {estimate, "adjusted estimate*", 27},
    {estimate, "calibrated estimate*", 28},
    {estimate, "tokens", 27, "adjusted*", "*estimat*"},
    {estimate, "tokens", 28, "calibrated*", "*estimat*"},
    {estimate, "tokens", 70, "*estimate*", "estimate* vs*"},
    {estimate, "tokens", 29, "estimate", "*"},
    {estimate, "tokens", 29, "estimated", "*"},
    {estimate, "tokens", 29, "pm estimate", "*estimate*"},
    {estimate, "tokens", 35, "original*", "*estimat*"},
    {estimate, "tokens", 36, "raw*", "*estimat*"},
    {estimate, "estimate", 30},
    {estimate, "estimated", 30},
    {estimate, "estimated effort", 31},
    {estimate, "effort estimate", 31},
    {estimate, "effort", 33},
    {estimate, "total", 40, "estimat*", "token budget*"},
    {estimate, "total estimate*", 26},
    {estimate, "estimated effort (*", 31},
    {estimate, "total", 46, "*token*", "estimat*"},
    {estimate, "total", 46, "*token*", "token estimate*"},
    {estimate, "revised estimate*", 47},
    {estimate, "base estimate*", 45},
    {estimate, "raw estimate*", 45},
    {estimate, "original estimate*", 45},
    {estimate, "@id", 48, "est*"},
    {estimate, "@id", 48, "token estimate*"},
    {estimate, "if *", 50, "value", "estimat*"},
    {estimate, "", 52, "value", "estimat*"},
    {estimate, "", 52, "value", "pm estimate*"},
    {estimate, "pm estimate*", 60},

    {cap, "token cap*", 10},
    {cap, "tokens cap*", 10},
    {cap, "soft cap*", 20},
    {cap, "hard cap*", 20},
    {cap, "token limit*", 30},
    {cap, "cap", 40},
    {cap, "cap (*", 40},

    // Measured totals.
    {actual, "billable tokens*", 8},
    {actual, "actual tokens*", 10},
    {actual, "actual billable tokens", 9},
    {actual, "actual token*", 10},
    {actual, "tokens actual", 10},
    {actual, "tokens (actual*", 10},
    {actual, "total tokens*", 10},
    {actual, "engineer tokens*", 15},
    {actual, "tokens used", 12},
    {actual, "engineer total", 20, "tokens*"},

    {actual, "implement* tokens", 25, "actual*"},
    {actual, "tokens", 26, "value", "engineer metrics*"},
    {actual, "tokens", 27, "value", "implementation summary*"},
    {actual, "*. implement", 28, "tokens"},
    {actual, "implement", 28, "tokens"},
    {actual, "implementation", 27, "actual*", "token budget*"},
    {actual, "implementation", 28, "total*", "token budget*"},
    {actual, "total", 29, "actual*", "token budget*"},
    {actual, "@id", 30, "actual*"},
    {actual, "tokens", 40, "actual*"},
    {actual, "total tokens", 40, "actual*"},
    {actual, "estimated tokens", 40, "actual*"},
    {actual, "total", 42, "tokens*"},
    {actual, "actual", 45},
    {actual, "actual (*", 46},
    {actual, "", 60, "value", "actual effort*"},
    {actual, "", 60, "value", "actual tokens*"},

    {estimate, "tokens", 32},

    {agent_id, "engineer agent id", 10},
    {agent_id, "sr engineer agent id", 10},
    {agent_id, "agent id", 12},
    {agent_id, "agent_id", 12},
    {agent_id, "session id", 20},
    {agent_id, "*. implement", 20, "agent id"},
    {agent_id, "implement", 20, "agent id"},

    {duration, "duration", 10},
    {duration, "actual duration", 10},
    {duration, "actual time", 12},
    {duration, "duration", 20, "actual*"},
    {duration, "engineer total", 20, "*time"},
    {duration, "total", 22, "*time"},
    {duration, "time", 30, "actual*"},
    {api_calls, "api calls", 10},
    {api_calls, "api requests", 10},
    {input, "input tokens", 10},
    {input, "input", 20},
    {output, "output tokens", 10},
    {output, "output", 20},
    {cache_read, "cache read*", 10},
    {cache_write, "cache create*", 10},
    {cache_write, "cache creation*", 10},
    {cache_write, "cache write*", 10},
    {variance, "variance", 10},
    {variance, "tokens", 20, "variance*"},
    {variance, "tokens", 20, "delta"},
    {variance, "total tokens", 20, "variance*"},
    {variance, "implement* tokens", 20, "variance*"},
    {variance, "@id", 20, "variance*"},
    {input, "implementation", 28, "input*", "token budget*"},
    {output, "implementation", 28, "output*", "token budget*"},
    {variance, "implementation", 27, "delta", "token budget*"},
    {variance, "total", 29, "delta", "token budget*"},
    {cost, "cost", 10},
    {cost, "actual cost", 10},
    {cost, "total cost", 10},
    {model, "model", 10},
    {model, "models", 10},

    {sprint, "sprint", 10},
    {sprint, "sprint id", 10},
    {sprint, "", 30, "value", "sprint"},
    {category, "category", 10},
    {category, "task category", 12},
    {task_id, "task id", 10},
    {task_id, "id", 20},
});

constexpr auto kKeys = std::to_array<KeyRow>({
    {estimate, "token_estimate", 10},
    {estimate, "token_estimate.*", 10},
    {estimate, "tokens_estimate", 10},
    {estimate, "estimated_tokens", 10},
    {estimate, "estimated_tokens.*", 10},
    {estimate, "estimate_tokens", 10},
    {estimate, "token_budget.estimate*", 12},
    {estimate, "tokens.estimate*", 12},
    {estimate, "estimate.tokens", 12},
    {estimate, "estimates.tokens", 12},
    {estimate, "predictions.token_estimate", 14},
    {estimate, "*.token_estimate", 16},
    {estimate, "predictions.estimated_tokens", 14},
    {estimate, "predictions.tokens", 14},
    {cap, "token_cap", 10},
    {cap, "token_limit", 12},
    {cap, "token_budget.cap", 12},
    {cap, "token_budget.limit", 12},
    {cap, "token_budget.hard_cap", 12},
    {cap, "tokens.cap", 12},
    {actual, "actual_tokens", 10},
    {actual, "token_actual", 10},
    {actual, "tokens_actual", 10},
    {actual, "token_budget.actual", 12},
    {actual, "tokens.actual", 12},
    {actual, "actuals.tokens", 12},
    {actual, "outcomes.actual_tokens", 14},
    {actual, "actual.tokens", 12},
    {variance, "token_budget.delta", 12},
    {duration, "actuals.duration", 12},
    {cost, "actuals.cost", 12},
    {input, "actuals.input_tokens", 12},
    {output, "actuals.output_tokens", 12},
    {task_id, "id", 10},
    {task_id, "story_id", 10},
    {task_id, "task_id", 10},
    {title, "title", 10},
    {sprint, "sprint", 10},
    {sprint, "sprint_id", 10},
    {category, "category", 10},
    {category, "story_type", 20},
    {category, "type", 30},
    {points, "points", 10},
    {points, "estimated_points", 10},
    {points, "story_points", 10},
});

constexpr auto kSections = std::to_array<SectionRow>({
    {Meaning::foreign, "estimate* vs*"},
    {Meaning::foreign, "estimated vs*"},
    {Meaning::foreign, "* pre-implementation *"},
    {Meaning::reviewer, "sr *"},
    {Meaning::reviewer, "*sr-owned*"},
    {Meaning::reviewer, "*sr engineer review*"},
    {Meaning::reviewer, "senior *"},
    {Meaning::reviewer, "review metrics*"},
    {Meaning::reviewer, "reviewer *"},
    {Meaning::reviewer, "pr review*"},
    {Meaning::reviewer, "code review*"},
    {Meaning::engineer, "engineer metrics*"},
    {Meaning::engineer, "*engineer-owned*"},
    {Meaning::engineer, "implementation summary*"},
    {Meaning::engineer, "metrics tracking*"},
    {Meaning::engineer, "final metrics*"},
    {Meaning::estimate, "pm estimate*"},
    {Meaning::estimate, "*pm-owned*"},
    {Meaning::estimate, "estimat*"},
    {Meaning::estimate, "token estimate*"},
    {Meaning::estimate, "effort*"},
    {Meaning::header, "task overview*"},
    {Meaning::header, "task metadata*"},
    {Meaning::header, "task info*"},
    {Meaning::header, "metadata*"},
    {Meaning::header, "overview"},
    {Meaning::header, "sprint*"},
    {Meaning::header, "status*"},
    {Meaning::header, "metrics*"},
    {Meaning::header, "workflow requirement*"},
});

constexpr auto kPlaceholders = std::to_array<std::string_view>({
    "x", "~x", "xk", "~xk", "x k", "xxk", "~xxk", "xx", "xxx", "xxxk", "nk", "~nk", "n", "y", "yk", "~yk", "-", "--", "---", "–", "—", "?", "??", "…",
    "...", "tbd*", "~tbd*", "todo*", "tba*", "pending*", "[*]", "<*>", "{*}", "~_k", "_k", "~_", "*auto-captured*", "*auto captured*", "(from *",
    "from *hook*", "to be *", "(to be *", "not recorded*", "+/-x%", "±x%", "x%", "x% *", "_%", "_% *", "+x%", "-x%", "$x*", "x min*", "x sec*", "x ms",
    "x hour*", "x h", "x m", "_ min*", "_ sec*", "fill in*", "(fill in*", "est", "yyyy*", "agent_id", "n/a until*",
});

template <class Rows>
auto patterns_of(const Rows& rows) {
  std::vector<decltype(rows.front().pattern())> patterns;
  patterns.reserve(rows.size());
  for (const auto& row : rows) patterns.push_back(row.pattern());
  return patterns;
}

}  // namespace

std::string_view name_of(FieldKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

Result<void> Patterns::add(std::string_view kind, std::string_view label) {
  const std::string text = label_of(label);
  if (text.empty()) return Error{Errc::invalid_argument, fmt::format("taskfile.patterns: {}: an empty label fits everything", kind)};
  if (kind == "placeholder") {
    placeholders.push_back(text);
    return {};
  }
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] != kind) continue;
    const auto own = static_cast<FieldKind>(i);
    labels.insert(labels.begin(), {LabelPattern{own, text, 1}, LabelPattern{own, text, 2, std::string(kind.substr(0, 3)) + "*"}});
    std::string key = text;
    std::replace(key.begin(), key.end(), ' ', '_');
    keys.insert(keys.begin(), {KeyPattern{own, key, 1}, KeyPattern{own, "*." + key, 2}});
    return {};
  }
  return Error{Errc::invalid_argument,
               fmt::format("taskfile.patterns: unknown kind \"{}\"; known: {}, placeholder", kind, fmt::join(kKindNames, ", "))};
}

const Patterns& default_patterns() {
  static const Patterns patterns{patterns_of(kLabels), patterns_of(kKeys), patterns_of(kSections), {kPlaceholders.begin(), kPlaceholders.end()}};
  return patterns;
}

}  // namespace ts::taskfile
