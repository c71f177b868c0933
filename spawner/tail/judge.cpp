#include "spawner/tail/judge.hpp"

#include <cstdlib>
#include <memory>
#include <utility>

namespace ts::tail {

namespace {

/// How long a session by folder alone is held back because stdout is about to name the run's.
constexpr std::chrono::seconds kNameWait{10};

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : path;
}

}  // namespace

Judge::Judge(const FollowRequest& request) : request_(request), real_cwd_(real_path(request.cwd)) {
  for (const auto& place : request.places) roots_.push_back(real_path(place.root));
  if (!request.session.empty()) name(request.session);
}

void Judge::name(std::string_view session) {
  if (session.empty() || !named_.emplace(session).second) return;
  ++generation_;
  if (request_.claims != nullptr) request_.claims->claim(session, ClaimStrength::strong);
}

void Judge::tick(MonoTime now) {
  tree_.reset();
  if (!first_tick_) first_tick_ = now;
  if (!waited_ && now - *first_tick_ >= kNameWait) {
    waited_ = true;
    ++generation_;
  }
}

bool Judge::contains(const std::set<std::string, std::less<>>& sessions, std::string_view session) const {
  return !session.empty() && sessions.find(session) != sessions.end();
}

void Judge::look_at_processes() {
  if (tree_) return;
  // The roots may have come into being, or lead elsewhere now.
  for (std::size_t i = 0; i < roots_.size(); ++i) roots_[i] = real_path(request_.places[i].root);
  tree_ = request_.tree ? look_at_tree(request_.tree(), roots_, request_.run) : TreeEvidence{};
  if (!nested_ && tree_->agents.size() > 1) {
    nested_ = true;
    ++generation_;
  }
}

Evidence Judge::gather(const Candidate& candidate) {
  Evidence e;
  e.named = contains(named_, candidate.session);
  e.parent_ours = contains(ours_, candidate.session) || contains(ours_, candidate.parent) || contains(named_, candidate.parent);
  if (e.named || e.parent_ours) return e;
  look_at_processes();
  e.open_in_tree = !candidate.path.empty() && tree_->open_files.contains(real_path(std::string(candidate.path)));
  if (request_.claims != nullptr && !candidate.session.empty()) {
    const ClaimedBy owner = request_.claims->owner(candidate.session);
    e.claimed_strongly = owner == ClaimedBy::other_strongly;
    e.claimed_weakly = owner == ClaimedBy::other_weakly;
  }
  e.cwd_known = candidate.cwd_known;
  e.cwd_ours = candidate.cwd_ours;
  e.existed = candidate.existed;
  e.resumable = request_.may_resume;
  e.session_known = !named_.empty();
  e.name_expected = !e.session_known && !closed_ && !waited_ && request_.stdout_report.session == agents::StdoutSession::at_start;
  e.has_other_weak = !weak_.empty() && !contains(weak_, candidate.session);
  e.interactive = request_.interactive;
  e.nested = nested_;
  return e;
}

Belonging Judge::decide(const Candidate& candidate) {
  Belonging verdict = decide_belonging(gather(candidate));
  if (verdict == Belonging::undecided && closed_) verdict = Belonging::foreign;
  if (!is_ours(verdict)) return verdict;
  verdict = claim(verdict, candidate.session);
  if (!is_ours(verdict) || candidate.session.empty()) return verdict;
  if (verdict == Belonging::by_folder) weak_.emplace(candidate.session);
  if (ours_.emplace(candidate.session).second) ++generation_;
  return verdict;
}

Belonging Judge::claim(Belonging verdict, std::string_view session) {
  if (request_.claims == nullptr || session.empty()) return verdict;
  const bool weak = verdict == Belonging::by_folder;
  const ClaimedBy owner = request_.claims->claim(session, weak ? ClaimStrength::weak : ClaimStrength::strong);
  if (owner != ClaimedBy::other_weakly && owner != ClaimedBy::other_strongly) return verdict;
  warnings_.push_back({"shared_folder", "session " + std::string(session) + " is also followed by another run in this folder; it is counted " +
                                            (weak ? "there" : "in both")});
  return weak ? Belonging::foreign : verdict;
}

std::vector<FollowWarning> Judge::take_warnings() { return std::exchange(warnings_, {}); }

}  // namespace ts::tail
