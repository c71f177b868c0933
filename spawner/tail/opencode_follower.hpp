#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "spawner/tail/follower.hpp"
#include "spawner/tail/judge.hpp"
#include "spawner/tail/opencode_db.hpp"
#include "spawner/tail/tree_watcher.hpp"

namespace ts::tail {

/// Follows opencode, whose transcript is a SQLite database: looks at it when it or its log changed, at most once a tick.
class OpencodeFollower final : public Follower {
 public:
  explicit OpencodeFollower(FollowRequest request);

  [[nodiscard]] int fd() const override { return watcher_.fd(); }
  void drain(UsageSink& sink) override;
  void tick(MonoTime now, UsageSink& sink) override;
  [[nodiscard]] std::chrono::milliseconds tick_interval() const override;
  void session_named(std::string_view session) override;
  void finish(UsageSink& sink) override;
  [[nodiscard]] const FollowedFile& current() const override { return file_; }
  [[nodiscard]] FollowStats stats() const override;
  [[nodiscard]] std::vector<FollowWarning> take_warnings() override;

 private:
  void look(UsageSink& sink);
  void tell_failure();
  [[nodiscard]] Result<void> read(UsageSink& sink);
  void judge(const OpencodeSession& session);
  [[nodiscard]] Result<void> read_session(const OpencodeDb& db, const OpencodeSession& session, UsageSink& sink);
  void deliver(const OpencodeSession& session, const OpencodeMessage& message, UsageSink& sink);
  [[nodiscard]] bool is_copy(const OpencodeSession& session, const OpencodeMessage& message);

  FollowRequest request_;
  Judge judge_;
  std::string path_;
  FollowedFile file_;
  std::int64_t since_ms_ = 0;
  bool dirty_ = true;
  std::uint64_t generation_ = 0;    ///< of the judge, when the sessions were last decided
  bool looked_this_tick_ = false;
  std::map<std::string, Belonging, std::less<>> sessions_;
  std::set<std::string, std::less<>> told_sessions_;
  struct Seen {
    TokenCounts counts;
    std::int64_t requests = 0;
  };
  std::map<std::string, Seen, std::less<>> seen_;                        ///< message → what was told of it
  std::unordered_map<std::string, std::string> originals_;               ///< content → message that had it first
  ParseStats parse_;
  std::set<std::string, std::less<>> unreadable_;
  std::optional<MonoTime> failing_since_;
  std::string failure_;
  bool told_error_ = false;
  std::vector<FollowWarning> warnings_;
  TreeWatcher watcher_;
};

}  // namespace ts::tail
