#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/budget/money.hpp"
#include "accounting/budget/zone.hpp"
#include "accounting/usage/counts.hpp"

namespace ts::ledger {

/// What usage can be broken down by and filtered by.
enum class Dimension {
  project,
  sprint,
  task,  ///< its id, else its file
  category,
  agent,
  model,
  role,
  host,
  outcome,
  day,   ///< on the wall clock of a zone
  hour,  ///< the same; an hour that a clock repeats is two
};
[[nodiscard]] std::string_view name_of(Dimension dimension);
/// Absent: no dimension has that name.
[[nodiscard]] std::optional<Dimension> dimension_named(std::string_view name);
[[nodiscard]] const std::vector<Dimension>& all_dimensions();

/// Only usage whose `dimension` is `value`; "" is what isn't said. Not for day and hour.
struct UsageFilter {
  Dimension dimension = Dimension::model;
  std::string value;
};

/// Which usage, and how it is summed up.
struct UsageQuery {
  std::vector<Dimension> by = {};        ///< each at most once; empty: one row
  std::optional<UtcTime> since = {};     ///< first moment, to the quarter of an hour below
  std::optional<UtcTime> until = {};     ///< first moment no more, the same
  Zone zone = {};                        ///< of days and hours
  std::vector<UsageFilter> only = {};    ///< of one dimension any, of several dimensions all must fit
};

/// What usage comes to. Of a correction in one hour of what another hour counted, parts may be negative.
struct UsageSum {
  TokenCounts counts;
  std::int64_t requests = 0;
  ExactUsd cost;         ///< of what has a price
  Tokens unpriced = 0;   ///< all tokens of responses without a price: their cost is not in `cost`
  std::int64_t runs = 0; ///< that started then; 0 in a breakdown by model or with a filter by it

  UsageSum& operator+=(const UsageSum& other);
  friend bool operator==(const UsageSum&, const UsageSum&) = default;
};

/// Cache reads of all that was read, in hundredths of a percent. Absent: nothing was read.
[[nodiscard]] std::optional<int> cache_hit_share(const TokenCounts& counts);

/// One line of a breakdown.
struct UsageRow {
  std::vector<std::string> keys;   ///< as in UsageQuery::by; a day is "2026-11-21", an hour "2026-11-21 18:00"
  std::optional<UtcTime> start;    ///< of the hour, else the day, if asked for
  UsageSum all;                    ///< waste included
  UsageSum failed;                 ///< of `all`: by runs that ended, but not well
  UsageSum duplicate;              ///< of `all`: by engineers' runs of a task that an earlier run had completed
};

/// Sums over everything that was ever recorded. Each token that counts is in exactly one row of any breakdown. Thread: one
/// object per thread.
class Reports {
 public:
  virtual ~Reports() = default;

  /// By keys, in their order. A key that has no usage and no run has no row. Errors: invalid_argument.
  [[nodiscard]] virtual Result<std::vector<UsageRow>> usage(const UsageQuery& query) = 0;

  /// The first and the last quarter of an hour with usage that counts. Absent: there is none.
  struct Span {
    UtcTime first, last;
  };
  [[nodiscard]] virtual Result<std::optional<Span>> span() = 0;

  /// Compares the sums that are kept with what they are sums of; each difference in words. Empty: all fit.
  [[nodiscard]] virtual Result<std::vector<std::string>> verify() = 0;
  /// Adds them up anew.
  [[nodiscard]] virtual Result<void> rebuild() = 0;
};

}  // namespace ts::ledger
