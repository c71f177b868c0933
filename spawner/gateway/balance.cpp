#include "spawner/gateway/balance.hpp"

#include <algorithm>

namespace ts::gateway {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

__extension__ using Wide = __int128;

/// Output tokens that `room` pays for.
Tokens affordable(std::int64_t room, std::int64_t million_cost) {
  if (million_cost <= 0) return kMaxTokens;
  if (room <= 0) return 0;
  return static_cast<Tokens>(std::min<Wide>(Wide{room} * kMillion / million_cost, kMaxTokens));
}

std::int64_t cost_of(Tokens output, std::int64_t million_cost) {
  return static_cast<std::int64_t>(std::min<Wide>((Wide{output} * million_cost + kMillion - 1) / kMillion, kMaxTokens));
}

}  // namespace

std::optional<std::int64_t> Balance::available(std::optional<std::int64_t> left) const {
  if (!left) return std::nullopt;
  return *left - outstanding_ - unconfirmed_ - leased_;
}

Admit Balance::admit(const Ask& ask, Tokens output, Tokens most) {
  const std::int64_t reserved = saturating_add(std::clamp<std::int64_t>(ask.input_cost, 0, kMaxTokens), cost_of(output, ask.million_output_cost));
  tickets_[next_] = {reserved, 0};
  outstanding_ += reserved;
  return {next_++, output, reserved, output >= most};
}

Verdict Balance::weigh(const Ask& ask, std::optional<std::int64_t> left) {
  if (!left) {
    tickets_[next_] = {};
    return Admit{next_++, kMaxTokens, 0};
  }
  const std::int64_t room = *available(left) - ask.input_cost;
  const Tokens most = room < 0 ? 0 : affordable(room, ask.million_output_cost);
  const Tokens wanted = std::max(ask.wanted_output, ask.least_output);
  // Half of the rest at most, so that the next in parallel gets its part too; never so little that answers are cut for nothing.
  const Tokens share = std::min(wanted, std::max(most / 2, std::min(most, kComfortable)));
  const std::int64_t needed = saturating_add(std::clamp<std::int64_t>(ask.input_cost, 0, kMaxTokens), cost_of(ask.least_output, ask.million_output_cost));
  if (room >= 0 && most >= std::min(wanted, kComfortable) && share >= ask.least_output) return admit(ask, share, most);
  if ((!tickets_.empty() || leased_ > 0) && needed <= *left - unconfirmed_) return Wait{};
  if (room >= 0 && most >= ask.least_output) return admit(ask, std::min(wanted, most), most);
  return Refuse{needed, std::max<std::int64_t>(*left - unconfirmed_, 0)};
}

void Balance::counted(std::uint64_t ticket, std::int64_t cost) {
  const auto found = tickets_.find(ticket);
  if (found == tickets_.end()) return;
  outstanding_ -= found->second.outstanding();
  found->second.counted = std::max(found->second.counted, cost);
  outstanding_ += found->second.outstanding();
}

bool Balance::grow(std::uint64_t ticket, std::int64_t more, std::optional<std::int64_t> left) {
  const auto found = tickets_.find(ticket);
  if (found == tickets_.end() || more < 0) return false;
  if (const auto rest = available(left); rest && more > *rest) return false;
  outstanding_ -= found->second.outstanding();
  found->second.reserved = saturating_add(found->second.reserved, std::min(more, kMaxTokens));
  outstanding_ += found->second.outstanding();
  return true;
}

void Balance::settle(std::uint64_t ticket, std::int64_t unconfirmed) {
  const auto found = tickets_.find(ticket);
  if (found == tickets_.end()) return;
  outstanding_ -= found->second.outstanding();
  unconfirmed_ = saturating_add(unconfirmed_, std::clamp<std::int64_t>(unconfirmed, 0, kMaxTokens));
  tickets_.erase(found);
}

}  // namespace ts::gateway
