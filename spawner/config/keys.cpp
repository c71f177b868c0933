#include "spawner/config/keys.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ts::config {
namespace {

constexpr std::array kKeys = {
    Key{"cap", "--cap", Shape::text_or_number, "the task file's, else cap_factor × estimate", "cap = \"120k\"",
        "The cap where neither the command line nor the task file states one"},
    Key{"cap_factor", "--cap-factor", Shape::text_or_number, "4x", "cap_factor = \"4x\"", "Times the upper estimate, where no cap is stated"},
    Key{"cap_formula", "--cap-formula", Shape::text, "fresh", "cap_formula = \"fresh\"", "What the cap counts: fresh, total, output or usd"},
    Key{"on_cap", "--on-cap", Shape::text, "stop", "on_cap = \"report\"", "What happens at the cap: stop, hold or report"},
    Key{"gateway", "--gateway", Shape::text, "auto", "gateway = \"off\"", "Whether requests go through the gateway: auto, on or off"},
    Key{"count", "--count", Shape::text, "auto", "count = \"exact\"", "How the gateway sizes a prompt: estimate, auto or exact"},
    Key{"role", "--role", Shape::text, "engineer", "role = \"engineer\"", "Whose run it is"},
    Key{"agent", "--agent", Shape::text, "recognised by the command line", "agent = \"claude\"", "The agent where the command line does not tell"},
    Key{"max_time", "--max-time", Shape::text_or_number, "no limit", "max_time = \"2h\"", "The longest that a run may take"},
    Key{"max_idle", "--max-idle", Shape::text_or_number, "no limit", "max_idle = \"15m\"", "The longest without a sign of life"},
    Key{"grace", "--grace", Shape::text_or_number, "5s", "grace = \"5s\"", "Between SIGTERM and SIGKILL"},
    Key{"drain", "--drain", Shape::text_or_number, "2s", "drain = \"2s\"", "How long processes may outlive the agent"},
    Key{"leftovers", "--leftovers", Shape::text, "end", "leftovers = \"end\"", "end or keep processes that outlive the agent"},
    Key{"warn_at", "--warn-at", Shape::percents, "50,75,90,95", "warn_at = [50, 75, 90, 95]", "Percents of the cap at which to warn"},
    Key{"wind_down", "--wind-down", Shape::text_or_number, "off", "wind_down = \"80%\"", "Percent of the cap at which the agent is told to finish"},
    Key{"containment", "--containment", Shape::text, "the best that works", "containment = \"cgroup\"", "cgroup, subreaper or process-group"},
    Key{"lease", "--lease", Shape::text_or_number, "5m", "lease = \"5m\"", "How long claims and reservations outlive a run that was killed"},
    Key{"wait", "--wait", Shape::text_or_number, "not at all", "wait = \"30m\"", "How long a run waits where a budget or a claim says no"},
    Key{"write", "--no-write", Shape::yes_no, "true", "write = true", "Whether the count is written into the task file"},
};

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

}  // namespace

std::span<const Key> run_keys() { return kKeys; }

std::string environment_name(const Key& key) {
  std::string name = "TRACKED_SPAWN_";
  for (const char c : key.name) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

std::string nearest(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t kLongest = 64;  // a key that long is nobody's slip
  if (word.size() > kLongest) return {};
  std::string best;
  std::size_t least = std::max<std::size_t>(word.size() / 2, 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t away = distance(word, candidate);
    if (away < least) {
      least = away;
      best = candidate;
    }
  }
  return best;
}

}  // namespace ts::config
