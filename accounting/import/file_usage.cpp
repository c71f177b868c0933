#include "accounting/import/file_usage.hpp"

#include <algorithm>
#include <utility>

#include "accounting/import/file_window.hpp"

namespace ts {

std::uint32_t FileCollector::name(std::string_view text) {
  if (const auto known = names_.find(text); known != names_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(usage_.names.size());
  usage_.names.emplace_back(text);
  names_.emplace(text, index);
  return index;
}

void FileCollector::on_usage(const UsageEvent& event) {
  auto& responses = usage_.responses;
  // Repeats follow each other nearly always.
  const bool again = last_ < responses.size() && responses[last_].id == event.response_id;
  if (!again) {
    const auto known = places_.find(event.response_id);
    if (known == places_.end()) {
      const std::string_view session = event.session.empty() ? std::string_view(session_) : event.session;
      last_ = responses.size();
      responses.push_back({std::string(event.response_id), name(session), name(event.model), event.counts, event.requests, event.at});
      places_.emplace(responses.back().id, last_);
      return;
    }
    last_ = known->second;
  }
  FileResponse& response = responses[last_];
  response.counts = highest(response.counts, event.counts);
  response.requests = std::max(response.requests, event.requests);
  if (!response.at) response.at = event.at;
  if (!event.model.empty() && usage_.names[response.model].empty()) response.model = name(event.model);
}

void FileCollector::on_settlement(const SettlementEvent& event) {
  const std::string_view session = event.session.empty() ? std::string_view(session_) : event.session;
  usage_.settlements.push_back({std::string(event.settlement_id), name(session), name(event.model), event.counts});
}

void FileCollector::on_session(const SessionEvent& event) {
  session_ = event.session;
  if (usage_.cwd.empty()) usage_.cwd = event.cwd;
  if (usage_.version.empty()) usage_.version = event.version;
}

FileUsage FileCollector::take() {
  names_.clear();
  places_.clear();
  session_.clear();
  last_ = 0;
  return std::exchange(usage_, FileUsage());
}

Result<std::optional<FileUsage>> read_file_usage(const std::string& path, const std::string& agent, Named named) {
  WindowRequest request;
  request.agent = agent;
  request.named = named == Named::yes;
  TS_TRY(auto window, read_window(path, request));
  if (!window) return std::optional<FileUsage>();
  return std::optional<FileUsage>(std::move(window->usage));
}

}  // namespace ts
