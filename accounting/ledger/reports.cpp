#include "accounting/ledger/reports.hpp"

#include <algorithm>
#include <array>

namespace ts::ledger {
namespace {

constexpr std::array<std::string_view, 11> kNames = {"project", "sprint", "task",    "category", "agent", "model",
                                                     "role",    "host",   "outcome", "day",      "hour"};

void add(std::int64_t& to, std::int64_t more) {
  constexpr std::int64_t kMost = 4'000'000'000'000'000'000;
  std::int64_t sum = 0;
  if (__builtin_add_overflow(to, more, &sum)) sum = more < 0 ? -kMost : kMost;
  to = std::clamp(sum, -kMost, kMost);
}

}  // namespace

std::string_view name_of(Dimension dimension) {
  return kNames[static_cast<std::size_t>(dimension)];
}

std::optional<Dimension> dimension_named(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Dimension>(found - kNames.begin());
}

const std::vector<Dimension>& all_dimensions() {
  static const std::vector<Dimension> all = [] {
    std::vector<Dimension> each;
    for (std::size_t i = 0; i < kNames.size(); ++i) each.push_back(static_cast<Dimension>(i));
    return each;
  }();
  return all;
}

UsageSum& UsageSum::operator+=(const UsageSum& other) {
  for (const auto part : kTokenParts) add(counts.*part, other.counts.*part);
  add(requests, other.requests);
  add(unpriced, other.unpriced);
  add(runs, other.runs);
  cost = cost + other.cost;
  return *this;
}

std::optional<int> cache_hit_share(const TokenCounts& counts) {
  const Int128 read = counts.cache_read;
  const Int128 all = read + counts.input + counts.cache_write();
  if (all <= 0 || read < 0) return std::nullopt;
  return static_cast<int>((read * 10'000 + all / 2) / all);
}

}  // namespace ts::ledger
