#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "spawner/tail/belonging.hpp"
#include "spawner/tail/follower.hpp"
#include "spawner/tail/tree_evidence.hpp"

namespace ts::tail {

/// What a transcript says of itself, or a session in a database.
struct Candidate {
  std::string_view session;   ///< empty: not said
  std::string_view parent;    ///< empty: none
  std::string_view path;      ///< empty: no file of its own
  bool cwd_known = false;
  bool cwd_ours = false;
  bool existed = false;
};

/// Gathers the evidence of one run and decides what belongs to it. Keeps which sessions are the run's, and their claims.
class Judge {
 public:
  /// Lifetime: `request` must outlive it.
  explicit Judge(const FollowRequest& request);

  void name(std::string_view session);
  /// A moment passed: processes are looked at anew when next needed, and a session that stdout did not name is not waited for for ever.
  void tick(MonoTime now);
  /// No more evidence will come.
  void close() { closed_ = true; }

  [[nodiscard]] Belonging decide(const Candidate& candidate);
  [[nodiscard]] bool is_run_folder(std::string_view cwd) const { return cwd == request_.cwd || cwd == real_cwd_; }
  [[nodiscard]] const std::string& real_cwd() const { return real_cwd_; }
  /// Rises whenever there is evidence that may change an older decision.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }
  [[nodiscard]] bool has_tree_evidence() const { return static_cast<bool>(request_.tree); }
  [[nodiscard]] std::vector<FollowWarning> take_warnings();

 private:
  [[nodiscard]] Evidence gather(const Candidate& candidate);
  void look_at_processes();
  [[nodiscard]] bool contains(const std::set<std::string, std::less<>>& sessions, std::string_view session) const;
  Belonging claim(Belonging verdict, std::string_view session);

  const FollowRequest& request_;
  std::string real_cwd_;
  std::vector<std::string> roots_;
  std::set<std::string, std::less<>> named_;
  std::set<std::string, std::less<>> ours_;
  std::set<std::string, std::less<>> weak_;
  std::optional<TreeEvidence> tree_;
  std::optional<MonoTime> first_tick_;
  bool waited_ = false;
  bool nested_ = false;
  bool closed_ = false;
  std::uint64_t generation_ = 0;
  std::vector<FollowWarning> warnings_;
};

}  // namespace ts::tail
