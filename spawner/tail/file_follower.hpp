#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "spawner/tail/follower.hpp"
#include "spawner/tail/judge.hpp"
#include "spawner/tail/transcript.hpp"
#include "spawner/tail/tree_watcher.hpp"

namespace ts::tail {

/// Follows agents that write JSON-lines files.
class FileFollower final : public Follower {
 public:
  explicit FileFollower(FollowRequest request);

  [[nodiscard]] int fd() const override { return watcher_.fd(); }
  void drain(UsageSink& sink) override;
  void tick(MonoTime now, UsageSink& sink) override;
  [[nodiscard]] std::chrono::milliseconds tick_interval() const override;
  void session_named(std::string_view session) override { judge_.name(session); }
  void finish(UsageSink& sink) override;
  [[nodiscard]] const FollowedFile& current() const override { return *current_; }
  [[nodiscard]] FollowStats stats() const override;
  [[nodiscard]] std::vector<FollowWarning> take_warnings() override;

 private:
  void on_file(const std::string& path);
  void process(UsageSink& sink);
  void process_one(Transcript& transcript, UsageSink& sink);
  [[nodiscard]] Belonging judge(Transcript& transcript);
  [[nodiscard]] bool cwd_known(const Transcript& transcript, bool& ours) const;
  void look_for_missed_changes();

  FollowRequest request_;
  Judge judge_;
  Past past_;
  std::map<std::string, Transcript, std::less<>> files_;
  /// By path, which puts a session before its children (and both before the sessions that came later).
  struct ByPath {
    bool operator()(const Transcript* a, const Transcript* b) const { return a->file().path < b->file().path; }
  };
  using Transcripts = std::set<Transcript*, ByPath>;
  Transcripts dirty_;
  Transcripts others_;      ///< grew, and are not the run's as far as is known
  std::uint64_t generation_ = 0;      ///< of the judge, when others_ were last looked at
  std::uint64_t ticks_ = 0;
  bool starting_ = true;
  bool told_limit_ = false;
  FollowedFile none_;
  const FollowedFile* current_ = &none_;
  std::vector<FollowWarning> warnings_;
  std::set<std::string> told_files_;
  TreeWatcher watcher_;
};

}  // namespace ts::tail
