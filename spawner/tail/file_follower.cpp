#include "spawner/tail/file_follower.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

namespace ts::tail {

namespace {

constexpr std::chrono::milliseconds kTick{200};
constexpr std::uint64_t kMissedEvery = 10;  // ticks between looks at files that inotify may not tell of (network folders)
constexpr std::uint64_t kWalkEvery = 5;     // ticks between walks where there are too few watches

/// Gemini CLI keeps the project's path beside its chats.
std::string project_root(const std::string& path, std::string_view relative) {
  const auto folder = relative.substr(0, relative.find('/'));
  std::ifstream file(path.substr(0, path.size() - relative.size()) + std::string(folder) + "/.project_root");
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

FileFollower::FileFollower(FollowRequest request)
    : request_(std::move(request)), judge_(request_), past_{request_.launched, {}, 0, request_.past}, watcher_([this](const std::string& path) { on_file(path); }) {
  for (const auto& place : request_.places) watcher_.add_root(place.root, place.depth);
  starting_ = false;
}

void FileFollower::on_file(const std::string& path) {
  const auto known = files_.find(path);
  if (known != files_.end()) {
    if (known->second.changed()) dirty_.insert(&known->second);
    return;
  }
  for (const auto& place : request_.places) {
    if (path.size() <= place.root.size() || !path.starts_with(place.root)) continue;
    std::string relative = path.substr(place.root.size() + 1);
    if (!agents::is_transcript(request_.profile->layout, relative)) return;
    auto session = agents::session_of_path(request_.profile->layout, relative);
    Transcript& added = files_.try_emplace(path, path, std::move(relative)).first->second;
    added.file().session = std::move(session).value_or("");
    if (starting_) added.set_baseline();
    else if (added.changed()) dirty_.insert(&added);
    return;
  }
}

void FileFollower::drain(UsageSink& sink) {
  watcher_.drain();
  process(sink);
}

void FileFollower::tick(MonoTime now, UsageSink& sink) {
  ++ticks_;
  judge_.tick(now);
  watcher_.drain();
  watcher_.walk_missing();
  if (watcher_.limited() && ticks_ % kWalkEvery == 0) watcher_.walk();
  if (ticks_ % kMissedEvery == 0) look_for_missed_changes();
  for (Transcript* other : others_)
    if (other->file().belonging == Belonging::undecided) dirty_.insert(other);
  process(sink);
  if (watcher_.limited() && !std::exchange(told_limit_, true))
    warnings_.push_back({"watch_limit", "not all transcript folders can be watched (fs.inotify.max_user_watches or max_user_instances); "
                                        "they are looked through every second instead"});
}

std::chrono::milliseconds FileFollower::tick_interval() const { return dirty_.empty() ? kTick : std::chrono::milliseconds(1); }

void FileFollower::look_for_missed_changes() {
  for (auto& [path, transcript] : files_) {
    const bool watched = is_ours(transcript.file().belonging) || others_.contains(&transcript);
    if (watched && transcript.changed()) dirty_.insert(&transcript);
  }
}

void FileFollower::process(UsageSink& sink) {
  Transcripts unfinished;
  for (bool again = true; again;) {
    for (Transcript* transcript : std::exchange(dirty_, {})) {
      process_one(*transcript, sink);
      if (dirty_.erase(transcript) != 0) unfinished.insert(transcript);
    }
    // A session that became the run's can bring its children, which may have been looked at before.
    again = generation_ != judge_.generation();
    generation_ = judge_.generation();
    if (again) dirty_.insert(others_.begin(), others_.end());
  }
  dirty_ = std::move(unfinished);
}

void FileFollower::process_one(Transcript& transcript, UsageSink& sink) {
  FollowedFile& file = transcript.file();
  if (!is_ours(file.belonging)) file.belonging = judge(transcript);
  if (!is_ours(file.belonging)) {
    others_.insert(&transcript);
    return;
  }
  others_.erase(&transcript);
  current_ = &file;
  const LookResult result = transcript.read_on(request_.profile->transcript_dialect, past_, sink);
  const int why = errno;
  current_ = &none_;
  if (result == LookResult::more) dirty_.insert(&transcript);
  if (result == LookResult::failed && told_files_.insert(file.path).second)
    warnings_.push_back({"read_failed", file.path + ": " + std::strerror(why) + "; what stands in it is not metered"});
}

Belonging FileFollower::judge(Transcript& transcript) {
  transcript.look_at_head();
  Candidate candidate;
  candidate.session = transcript.file().session;
  candidate.parent = transcript.head().parent;
  candidate.path = transcript.file().path;
  candidate.cwd_known = cwd_known(transcript, candidate.cwd_ours);
  candidate.existed = transcript.existed();
  return judge_.decide(candidate);
}

bool FileFollower::cwd_known(const Transcript& transcript, bool& ours) const {
  const TranscriptHead& head = transcript.head();
  const auto layout = request_.profile->layout;
  if (!head.cwd.empty()) {
    ours = judge_.is_run_folder(head.cwd);
    return true;
  }
  ours = project_folder_is(layout, transcript.relative(), request_.cwd) || project_folder_is(layout, transcript.relative(), judge_.real_cwd());
  if (ours || layout != agents::TranscriptLayout::gemini) return ours;
  if (!head.project_hash.empty()) {
    ours = head.project_hash == sha256_hex(request_.cwd) || head.project_hash == sha256_hex(judge_.real_cwd());
    if (ours) return true;
  }
  const std::string root = project_root(transcript.file().path, transcript.relative());
  ours = !root.empty() && judge_.is_run_folder(root);
  return !root.empty() || !head.project_hash.empty();
}

void FileFollower::finish(UsageSink& sink) {
  watcher_.drain();
  watcher_.walk();
  judge_.close();
  dirty_.insert(others_.begin(), others_.end());
  for (auto& [path, transcript] : files_)
    if (is_ours(transcript.file().belonging)) dirty_.insert(&transcript);
  do process(sink);
  while (!dirty_.empty());
  for (auto& [path, transcript] : files_) {
    if (!is_ours(transcript.file().belonging)) continue;
    current_ = &transcript.file();
    transcript.finish(sink);
    current_ = &none_;
  }
}

FollowStats FileFollower::stats() const {
  FollowStats all;
  for (const auto& [path, transcript] : files_) {
    if (!is_ours(transcript.file().belonging)) continue;
    ++all.files;
    all.restarts += transcript.restarts();
    all.parse = all.parse + transcript.stats();
  }
  for (const Transcript* other : others_) ++(other->file().belonging == Belonging::undecided ? all.undecided : all.foreign);
  all.past_events = past_.events;
  all.watches = watcher_.watches();
  all.polling = watcher_.limited();
  return all;
}

std::vector<FollowWarning> FileFollower::take_warnings() {
  auto all = std::exchange(warnings_, {});
  for (auto& warning : judge_.take_warnings()) all.push_back(std::move(warning));
  return all;
}

}  // namespace ts::tail
