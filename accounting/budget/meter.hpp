#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/usage/event.hpp"

namespace ts {

/// Sum of responses, and of how many provider requests it is made (0 with non-zero counts: not said).
struct Totals {
  TokenCounts counts;
  std::int64_t requests = 0;
  friend bool operator==(const Totals&, const Totals&) = default;
};

/// Where a meter keeps what each response has counted so far. Bounded memory is the implementation's business.
class ResponseIndex {
 public:
  virtual ~ResponseIndex() = default;
  struct Entry {
    TokenCounts counts;
    std::int64_t requests = 0;
  };
  /// Absent: the key was never put.
  [[nodiscard]] virtual std::optional<Entry> find(std::string_view key) = 0;
  virtual void put(std::string_view key, const Entry& entry) = 0;
};

/// Everything in memory, about 120 bytes a response.
[[nodiscard]] std::unique_ptr<ResponseIndex> make_memory_index();

/// What one event changed.
struct MeterChange {
  bool changed = false;      ///< the source's totals moved
  TokenCounts response;      ///< the response's counts now, highest of each part
};

/// All counts of one run. Each response counts once per source, with the highest value ever reported of each part,
/// under whichever session it was seen first; feeding the same events again changes nothing.
/// A settlement replaces its session's sum part by part where it is higher. What stood before the launch (a resumed
/// session's past) is told by note_past() first and never counts. The run's count is the highest source by fresh tokens (ties: the better source), so nothing that was spent hides.
class Meter {
 public:
  using IndexFactory = std::function<std::unique_ptr<ResponseIndex>(Source)>;
  explicit Meter(IndexFactory factory = [](Source) { return make_memory_index(); });
  Meter(const Meter&) = delete;
  Meter& operator=(const Meter&) = delete;
  Meter(Meter&&) = default;
  Meter& operator=(Meter&&) = default;

  MeterChange add(Source source, const UsageEvent& event);
  void settle(Source source, const SettlementEvent& event);

  /// The response had these counts before the launch: only what it grows beyond them counts.
  void note_past(Source source, const UsageEvent& event);
  /// The session had been settled at this before the launch: later settlements count only above it.
  void note_past(Source source, const SettlementEvent& event);

  /// Absent: that source never reported anything.
  [[nodiscard]] std::optional<Totals> of(Source source) const;
  /// The source that rules now. Absent: no source has reported.
  [[nodiscard]] std::optional<Source> ruling() const;
  /// Totals of the ruling source; zero if none has reported (see ruling()).
  [[nodiscard]] Totals totals() const;
  /// Per model ("" where not said), of one source.
  [[nodiscard]] const std::map<std::string, Totals, std::less<>>& models(Source source) const;

 private:
  struct PerSource;
  PerSource& source(Source source);
  std::array<std::shared_ptr<PerSource>, kSourceCount> sources_;
  IndexFactory factory_;
};

}  // namespace ts
