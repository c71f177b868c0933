#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "accounting/usage/event.hpp"

namespace ts::tail {

/// What the files of one run share: what is past.
struct Past {
  UtcTime launched;
  std::unordered_set<std::uint64_t> ids;  ///< hashes of response ids that were there before the launch
  std::uint64_t events = 0;               ///< left out because of their age
  UsageSink* sink = nullptr;              ///< hears them; null: nobody
};

/// Stands between a transcript's dialect and the run's sink and lets only what is new pass. Muted, it only learns what is past.
class RunSink final : public UsageSink {
 public:
  explicit RunSink(Past& past) : past_(past) {}

  void on_usage(const UsageEvent& event) override;
  void on_settlement(const SettlementEvent& event) override;
  void on_session(const SessionEvent& event) override;
  void on_inherited(const SettlementEvent& event) override;

  /// Where events go from now on. Lifetime: until the next call.
  void deliver_to(UsageSink& sink) { sink_ = &sink; }
  void mute() { muted_ = true; }
  void unmute() { muted_ = false; }

 private:
  Past& past_;
  UsageSink* sink_ = nullptr;
  bool muted_ = false;
};

}  // namespace ts::tail
