#include "spawner/tail/follower.hpp"

#include <utility>

#include "spawner/tail/file_follower.hpp"
#include "spawner/tail/opencode_follower.hpp"

namespace ts::tail {

namespace {

/// An agent without transcripts.
class NoFollower final : public Follower {
 public:
  [[nodiscard]] int fd() const override { return -1; }
  void drain(UsageSink&) override {}
  void tick(MonoTime, UsageSink&) override {}
  [[nodiscard]] std::chrono::milliseconds tick_interval() const override { return std::chrono::hours(1); }
  void session_named(std::string_view) override {}
  void finish(UsageSink&) override {}
  [[nodiscard]] const FollowedFile& current() const override { return none_; }
  [[nodiscard]] FollowStats stats() const override { return {}; }
  [[nodiscard]] std::vector<FollowWarning> take_warnings() override { return {}; }

 private:
  FollowedFile none_;
};

}  // namespace

std::unique_ptr<Follower> make_follower(FollowRequest request) {
  const auto store = request.places.empty() ? agents::TranscriptStore::none : request.profile->store;
  switch (store) {
    case agents::TranscriptStore::files: return std::make_unique<FileFollower>(std::move(request));
    case agents::TranscriptStore::opencode_db: return std::make_unique<OpencodeFollower>(std::move(request));
    case agents::TranscriptStore::none: break;
  }
  return std::make_unique<NoFollower>();
}

}  // namespace ts::tail
