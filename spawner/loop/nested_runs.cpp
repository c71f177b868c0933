#include "spawner/loop/nested_runs.hpp"

#include <algorithm>
#include <chrono>

namespace ts::loop {
namespace {

/// Below this a share of what is free makes little sense: one run gets it whole.
constexpr std::int64_t kSmallShare = 20'000;
constexpr std::size_t kMostLeases = 1000;
constexpr std::chrono::seconds kSilence{30};

}  // namespace

std::int64_t NestedRuns::draw(const control::DrawRequest& request, std::int64_t free, MonoTime now) {
  const bool known = leases_.contains(request.run);
  if (request.over) {
    const std::int64_t granted = known ? leases_[request.run].granted : 0;
    leases_.erase(request.run);
    return granted;
  }
  if (!known && leases_.size() >= kMostLeases) return 0;
  Lease& lease = leases_[request.run];
  lease.heard = now;
  lease.spent = std::max(lease.spent, request.spent);
  const std::int64_t want = std::clamp<std::int64_t>(request.want.value_or(kMaxTokens), 0, kMaxTokens);
  const std::int64_t share = std::max(free / 2, std::min(free, kSmallShare));
  // A lease is never taken back: the run holds requests to it by now. Nor does it grow by what was spent beyond it: that is overshoot.
  const std::int64_t base = std::max(lease.granted, lease.spent);
  if (want > base && share > 0) lease.granted = base + std::min(want - base, share);
  return lease.granted;
}

void NestedRuns::expire(MonoTime now) {
  std::erase_if(leases_, [&](const auto& lease) { return now - lease.second.heard > kSilence; });
}

std::int64_t NestedRuns::reserved() const {
  std::int64_t sum = 0;
  for (const auto& [run, lease] : leases_) sum = saturating_add(sum, std::max<std::int64_t>(lease.granted - lease.spent, 0));
  return sum;
}

}  // namespace ts::loop
