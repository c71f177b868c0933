#include "accounting/usage/activity.hpp"

#include <algorithm>
#include <utility>

#include "accounting/base/text.hpp"
#include "accounting/usage/json_reader.hpp"
#include "accounting/usage/line_dialect.hpp"

namespace ts {
namespace {

constexpr std::size_t kLongestAbout = 120;
constexpr std::size_t kLongestPhase = 60;
constexpr std::size_t kLongestTold = 400;
constexpr std::size_t kLongestWords = std::size_t{1} << 20;   ///< of one text, in which marks are looked for
constexpr std::size_t kMostMarks = 1000;

std::string_view strip(std::string_view text, std::string_view chars) {
  const std::size_t begin = text.find_first_not_of(chars);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(chars) - begin + 1);
}

/// On one line, without what would break a table.
std::string short_text(std::string_view inside, std::size_t limit) {
  std::string text = unescaped(inside, limit);
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return printable(text, limit);
}

}  // namespace

std::string phase_announced(std::string_view line) {
  line = strip(line, " \t\r");
  if (line.starts_with("<!--") && line.ends_with("-->") && line.size() >= 7) line = line.substr(4, line.size() - 7);
  line = strip(line, " \t#*_[]>-");
  constexpr std::string_view kWord = "phase";
  if (line.size() < kWord.size()) return {};
  for (std::size_t i = 0; i < kWord.size(); ++i)
    if ((line[i] | 0x20) != kWord[i]) return {};
  line = strip(line.substr(kWord.size()), "*_ ");
  if (!line.starts_with(':')) return {};
  const std::string_view name = strip(line.substr(1), " \t*_`");
  if (name.empty() || name.size() > kLongestPhase) return {};
  std::string safe = printable(name, kLongestPhase);
  std::ranges::replace(safe, '|', '/');
  return safe;
}

void ActivityReader::begin(std::unique_ptr<Dialect> dialect) {
  dialect_ = std::move(dialect);
  usage_first_ = false;
  session_.clear();
  response_.clear();
  loose_ = activity_.acts.size();
  loose_marks_ = activity_.marks.size();
}

void ActivityReader::line(std::string_view text) {
  activity_.bytes += text.size() + 1;
  if (!text.starts_with('{')) return;
  if (usage_first_ && dialect_) dialect_->line(text, *this);
  read_deeds(text, *this);
  if (!usage_first_ && dialect_) dialect_->line(text, *this);
}

void ActivityReader::on_session(const SessionEvent& event) { session_ = event.session; }
void ActivityReader::on_settlement(const SettlementEvent& /*event*/) {}

void ActivityReader::on_usage(const UsageEvent& event) {
  if (is_others(event.at)) return;
  if (!event.session.empty()) session_ = event.session;
  response_ = event.response_id;
  if (!usage_first_) {
    for (std::size_t i = loose_; i < activity_.acts.size(); ++i) {
      Act& act = activity_.acts[i];
      if ((act.kind == Act::Kind::text || act.kind == Act::Kind::call) && act.response.empty()) act.response = response_;
    }
    for (std::size_t i = loose_marks_; i < activity_.marks.size(); ++i)
      if (activity_.marks[i].response.empty()) activity_.marks[i].response = response_;
  }
  loose_ = activity_.acts.size();
  loose_marks_ = activity_.marks.size();
  if (!responses_.insert(response_).second) return;
  Act act;
  act.kind = Act::Kind::response;
  act.response = response_;
  act.session = session_;
  if (!activity_.acts.empty() && activity_.acts.back().response == response_) act.worker = activity_.acts.back().worker;
  activity_.acts.push_back(std::move(act));
}

void ActivityReader::note_call(const Deed& deed, Act& act) {
  const std::string id(deed.call);
  act.call = ++activity_.calls;
  act.tool = printable(deed.tool.empty() ? "unnamed tool" : deed.tool, kLongestPhase);
  act.about = short_text(deed.about, kLongestAbout);
  tools_.push_back(act.tool);
  if (!id.empty()) calls_.emplace(id, act.call);
  if (!deed.child.empty()) activity_.workers.emplace(deed.child, act.about);
  if (deed.starts.empty()) return;
  tasks_.emplace(deed.starts.substr(0, kLongestTold), act.about);
  if (!id.empty()) activity_.workers.emplace(id, act.about);
}

/// False: it was told before.
bool ActivityReader::note_result(const Deed& deed, Act& act) {
  if (!deed.call.empty() && !answered_.insert(std::string(deed.call)).second) return false;
  const auto found = calls_.find(deed.call);
  act.tool = "unnamed tool";
  if (found == calls_.end()) return true;
  act.call = found->second;
  act.tool = tools_[act.call - 1];
  return true;
}

void ActivityReader::note_marks(const Deed& deed, const Act& act) {
  if (json::find(deed.text, "hase") == std::string_view::npos && json::find(deed.text, "HASE") == std::string_view::npos) return;
  const std::string words = unescaped(deed.text, kLongestWords);
  for (std::size_t at = 0; at < words.size() && activity_.marks.size() < kMostMarks;) {
    const std::size_t end = std::min(words.find('\n', at), words.size());
    if (std::string name = phase_announced(std::string_view(words).substr(at, end - at)); !name.empty())
      activity_.marks.push_back({std::move(name), act.response, time_of(deed.at)});
    at = end + 1;
  }
}

void ActivityReader::on_deed(const Deed& deed) {
  if (is_others(time_of(deed.at))) return;
  Act act;
  if (deed.kind == DeedKind::text || deed.kind == DeedKind::call) act.response = usage_first_ && deed.response.empty() ? std::string_view(response_) : deed.response;
  act.session = session_;
  act.worker = deed.worker;
  act.bytes = deed.bytes;
  switch (deed.kind) {
    case DeedKind::prompt:
      act.kind = Act::Kind::prompt;
      if (!act.worker.empty()) told_.emplace(act.worker, deed.text.substr(0, kLongestTold));
      break;
    case DeedKind::text:
      if (!act.response.empty() && !said_.insert(act.response + '\n' + std::to_string(std::hash<std::string_view>{}(deed.text))).second) return;
      act.kind = Act::Kind::text;
      note_marks(deed, act);
      break;
    case DeedKind::call:
      if (!deed.call.empty() && calls_.contains(deed.call)) return;
      act.kind = Act::Kind::call;
      note_call(deed, act);
      break;
    case DeedKind::result:
      act.kind = Act::Kind::result;
      if (!note_result(deed, act)) return;
      break;
  }
  activity_.acts.push_back(std::move(act));
}

Activity ActivityReader::take() {
  for (const auto& [worker, told] : told_) {
    if (activity_.workers.contains(worker)) continue;
    const auto task = tasks_.find(told);
    activity_.workers.emplace(worker, task != tasks_.end() ? task->second : short_text(told, kLongestAbout));
  }
  Activity activity = std::move(activity_);
  *this = ActivityReader(since_, until_);
  return activity;
}

}  // namespace ts
