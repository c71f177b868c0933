#include "spawner/tail/opencode_follower.hpp"

#include <utility>

namespace ts::tail {

namespace {

constexpr std::chrono::milliseconds kTick{200};
constexpr std::chrono::seconds kLasting{3};

std::int64_t to_ms(UtcTime time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count(); }

}  // namespace

OpencodeFollower::OpencodeFollower(FollowRequest request)
    : request_(std::move(request)), judge_(request_), since_ms_(to_ms(request_.launched) - 1), watcher_([this](const std::string& path) {
        if (path.starts_with(path_)) dirty_ = true;  // the database, its -wal, its -shm
      }) {
  if (request_.places.empty()) return;
  path_ = request_.places.front().root + "/" + request_.places.front().database;
  file_.path = path_;
  watcher_.add_root(request_.places.front().root, 0);
}

void OpencodeFollower::drain(UsageSink& sink) {
  watcher_.drain();
  if (!looked_this_tick_) look(sink);
}

void OpencodeFollower::tick(MonoTime now, UsageSink& sink) {
  judge_.tick(now);
  watcher_.drain();
  watcher_.walk_missing();
  if (watcher_.limited()) dirty_ = true;
  looked_this_tick_ = false;
  if (generation_ != judge_.generation()) dirty_ = true;
  look(sink);
  if (dirty_ && !failing_since_) failing_since_ = now;
  if (dirty_ && now - *failing_since_ >= kLasting) tell_failure();
}

// Busy passes by itself, and so does a database that is just being made; what lasts is told, once.
void OpencodeFollower::tell_failure() {
  if (std::exchange(told_error_, true)) return;
  warnings_.push_back({"database", failure_ + "; opencode's requests are not metered from its database now"});
}

std::chrono::milliseconds OpencodeFollower::tick_interval() const { return kTick; }

void OpencodeFollower::session_named(std::string_view session) {
  judge_.name(session);
  dirty_ = true;
}

void OpencodeFollower::look(UsageSink& sink) {
  if (!dirty_ || path_.empty()) return;
  looked_this_tick_ = true;
  const auto answer = read(sink);
  dirty_ = answer.has_error() && answer.error().code != Errc::not_found;
  if (dirty_) failure_ = answer.error().message;
  else failing_since_.reset();
}

Result<void> OpencodeFollower::read(UsageSink& sink) {
  TS_TRY(const OpencodeDb db, OpencodeDb::open(path_));
  TS_TRY(const std::vector<OpencodeSession> sessions, db.sessions_since(since_ms_));
  std::uint64_t generation = 0;
  do {  // a session that became the run's can bring its children
    generation = judge_.generation();
    for (const OpencodeSession& session : sessions) judge(session);
  } while (generation != judge_.generation());
  for (const OpencodeSession& session : sessions)
    if (is_ours(sessions_[session.id])) TS_CHECK(read_session(db, session, sink));
  generation_ = judge_.generation();
  return {};
}

void OpencodeFollower::judge(const OpencodeSession& session) {
  Belonging& belonging = sessions_.try_emplace(session.id, Belonging::undecided).first->second;
  if (is_ours(belonging)) return;
  Candidate candidate;
  candidate.session = session.id;
  candidate.parent = session.parent;
  candidate.cwd_known = true;
  candidate.cwd_ours = judge_.is_run_folder(session.directory);
  candidate.existed = session.created_ms < since_ms_;
  belonging = judge_.decide(candidate);
}

Result<void> OpencodeFollower::read_session(const OpencodeDb& db, const OpencodeSession& session, UsageSink& sink) {
  TS_TRY(const std::vector<OpencodeMessage> messages, db.messages(session.id, since_ms_));
  file_.session = session.id;
  file_.belonging = sessions_[session.id];
  if (told_sessions_.insert(session.id).second) {
    SessionEvent event;
    event.session = session.id;
    event.version = session.version;
    event.cwd = session.directory;
    sink.on_session(event);
  }
  for (const OpencodeMessage& message : messages) deliver(session, message, sink);
  return {};
}

void OpencodeFollower::deliver(const OpencodeSession& session, const OpencodeMessage& message, UsageSink& sink) {
  if (message.created_ms < since_ms_) return;  // copied by a fork from before the launch
  if (!message.readable && unreadable_.insert(message.id).second) {
    ++parse_.lines;
    ++parse_.malformed;
  }
  if (message.counts == TokenCounts{} || is_copy(session, message)) return;
  Seen& seen = seen_[message.id];
  if (seen.counts == message.counts && seen.requests == message.requests) return;
  seen = {message.counts, message.requests};
  ++parse_.lines;
  ++parse_.events;
  UsageEvent event;
  event.response_id = message.id;
  event.model = message.model;
  event.session = session.id;
  event.counts = message.counts;
  event.at = UtcTime(std::chrono::milliseconds(message.created_ms));
  event.requests = message.requests;
  sink.on_usage(event);
}

// A fork copies messages under new ids, with their times and counts: two completed messages that agree in all of these are one.
bool OpencodeFollower::is_copy(const OpencodeSession& session, const OpencodeMessage& message) {
  if (message.completed_ms == 0 || seen_.contains(message.id)) return false;
  std::string content = message.model + '/' + std::to_string(message.created_ms) + '/' + std::to_string(message.completed_ms);
  for (auto part : kTokenParts) content += '/' + std::to_string(message.counts.*part);
  const auto [original, first] = originals_.try_emplace(std::move(content), session.id + '/' + message.id);
  return !first && original->second != session.id + '/' + message.id && !original->second.starts_with(session.id + '/');
}

void OpencodeFollower::finish(UsageSink& sink) {
  judge_.close();
  dirty_ = true;
  // The agent is dead: nobody holds a lock for long.
  for (int attempt = 0; attempt < 20 && dirty_; ++attempt) look(sink);
  if (dirty_) tell_failure();
}

FollowStats OpencodeFollower::stats() const {
  FollowStats all;
  all.parse = parse_;
  for (const auto& [session, belonging] : sessions_) {
    if (is_ours(belonging)) all.files = 1;
    else ++all.foreign;
  }
  all.watches = watcher_.watches();
  all.polling = watcher_.limited();
  return all;
}

std::vector<FollowWarning> OpencodeFollower::take_warnings() {
  auto all = std::exchange(warnings_, {});
  for (auto& warning : judge_.take_warnings()) all.push_back(std::move(warning));
  return all;
}

}  // namespace ts::tail
