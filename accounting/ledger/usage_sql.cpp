#include "accounting/ledger/usage_sql.hpp"

#include <algorithm>
#include <charconv>

#include "accounting/budget/period.hpp"
#include "accounting/ledger/rollup.hpp"
#include "accounting/ledger/zone_sql.hpp"

namespace ts::ledger {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

/// How exact sums are. SQLite has no sum of integers that stops at the end of their range.
enum class Summing {
  exact,       ///< fails where a sum doesn't fit 63 bits
  saturating,  ///< in floating point, as far as that is exact (2⁵³)
};

/// Where usage is read from.
struct Base {
  std::string from, where;
  std::string at;
  std::string facet;  ///< prefix of what a run says; empty: not there
  std::string waste;
  std::string sums;   ///< prefix of the counts; empty: only runs are counted
  bool counts_runs;
};

/// usage_sums of one level.
Base sums_at(SumLevel level) {
  const std::string where = "u.level = " + std::to_string(static_cast<int>(level));
  if (level == SumLevel::day_by_facet || level == SumLevel::hour_by_facet)
    return {"usage_sums u JOIN facets f ON f.n = u.part", where, "u.start", "f.", "f.waste", "u.", true};
  return {"usage_sums u", where, "u.start", "", "CASE u.part WHEN 1 THEN 'failed' WHEN 2 THEN 'duplicate' ELSE '' END", "u.", true};
}
/// The same runs by the quarter of an hour, and their number.
const std::vector<Base>& rows_of_rolled_up() {
  static const std::vector<Base> both = {
      {"usage u JOIN runs r ON r.n = u.run JOIN facets f ON f.n = r.facet", "true", "u.slot", "f.", "f.waste", "u.", false},
      {"runs r JOIN facets f ON f.n = r.facet", "true", "r.started", "f.", "f.waste", "", true}};
  return both;
}
/// The runs that are not in the sums, and their number.
const std::vector<Base>& rows_of_others() {
  static const std::vector<Base> both = {
      {"runs r INDEXED BY runs_no_facet CROSS JOIN usage u ON u.run = r.n", "r.facet IS NULL", "u.slot", "r.", kWasteOfRun, "u.", false},
      {"runs r INDEXED BY runs_no_facet", "r.facet IS NULL", "r.started", "r.", kWasteOfRun, "", true}};
  return both;
}

bool is_time(Dimension dimension) { return dimension == Dimension::day || dimension == Dimension::hour; }

bool names(const UsageQuery& query, Dimension dimension) {
  const auto fits = [&](const UsageFilter& filter) { return filter.dimension == dimension; };
  return std::ranges::find(query.by, dimension) != query.by.end() || std::ranges::any_of(query.only, fits);
}

std::string number(long long value) { return std::to_string(value); }

std::string column_of(const Base& base, Dimension dimension) {
  if (dimension == Dimension::model) return base.sums.empty() ? "''" : "u.model";
  if (dimension == Dimension::task && base.facet == "r.") return kTaskOfRun;
  return base.facet + std::string(name_of(dimension));
}

struct Statement {
  std::string text;
  std::vector<std::string> parameters;
};

std::string sums_of(const Base& base, const UsageQuery& query, Summing summing) {
  const auto sum = [&](const std::string& what) {
    return summing == Summing::exact ? "coalesce(sum(" + what + "), 0)"
                                     : "CAST(max(min(coalesce(total(" + what + "), 0), 4e18), -4e18) AS INTEGER)";
  };
  std::string text;
  for (const char* name : {"input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "reasoning", "requests", "unpriced",
                           "cost_pico / 1000000", "cost_pico % 1000000"})
    text += ", " + (base.sums.empty() ? std::string("0") : sum(base.sums + name));
  if (!base.counts_runs || names(query, Dimension::model)) return text + ", 0";
  return text + (base.sums.empty() ? ", count(*)" : ", " + sum(base.sums + "runs"));
}

Statement statement_of(const Base& base, const UsageQuery& query, const std::vector<ZoneOffset>& offsets, Summing summing) {
  Statement made;
  std::string keys, group;
  for (const Dimension dimension : query.by)
    keys += (is_time(dimension) ? time_expression(dimension, offsets, base.at) : column_of(base, dimension)) + ", ";
  for (std::size_t i = 1; i <= query.by.size() + 1; ++i) group += (i == 1 ? "" : ", ") + std::to_string(i);
  made.text = "SELECT " + keys + base.waste + sums_of(base, query, summing) + " FROM " + base.from + " WHERE " + base.where;
  const auto slot = [](UtcTime time) { return number(micros(slot_of(time))); };
  if (query.since) made.text += " AND " + base.at + " >= " + slot(*query.since);
  if (query.until) made.text += " AND " + base.at + " < " + slot(*query.until);
  std::map<Dimension, std::vector<std::string>> only;
  for (const UsageFilter& filter : query.only) only[filter.dimension].push_back(filter.value);
  for (const auto& [dimension, allowed] : only) {
    std::string marks;
    for (const std::string& value : allowed) {
      marks += marks.empty() ? "?" : ", ?";
      made.parameters.push_back(value);
    }
    made.text += " AND " + column_of(base, dimension) + " IN (" + marks + ")";
  }
  made.text += " GROUP BY " + group;
  return made;
}

/// A number as text of one width, so that texts sort as numbers do. Days and hours only.
std::string sortable(long long value) {
  std::string digits = number(value + 4'000'000'000'000'000'000);
  return std::string(19 - std::min<std::size_t>(digits.size(), 19), '0') + digits;
}

enum class Sign { plus, minus };
/// What the rows of a statement mean.
struct Meaning {
  const UsageQuery& query;
  Sign sign = Sign::plus;
};

UsageSum negative(const UsageSum& sum) {
  UsageSum made{{}, -sum.requests, {-sum.cost.pico}, -sum.unpriced, -sum.runs};
  for (const auto part : kTokenParts) made.counts.*part = -(sum.counts.*part);
  return made;
}

void add_groups(Sql& sql, const Statement& statement, const Meaning& meaning, UsageGroups& groups) {
  const UsageQuery& query = meaning.query;
  std::vector<std::string> texts(query.by.size());
  std::vector<long long> times(query.by.size());
  std::string waste;
  UsageSum sum;
  long long micro = 0, rest = 0;
  const auto columns = [&](auto&& visit) {
    for (std::size_t i = 0; i < query.by.size(); ++i)
      is_time(query.by[i]) ? visit("", times[i]) : visit("", texts[i]);
    visit("waste", waste);
    for (const auto part : kTokenParts) visit("", sum.counts.*part);
    visit("requests", sum.requests);
    visit("unpriced", sum.unpriced);
    visit("micro", micro);
    visit("rest", rest);
    visit("runs", sum.runs);
  };
  const auto parameters = [&](auto&& visit) {
    for (const std::string& each : statement.parameters) visit("", each);
  };
  for_each_row(sql, Select{statement.text, parameters, columns}, [&] {
    sum.cost.pico = Int128{micro} * 1'000'000 + rest;
    if (sum == UsageSum{}) return;
    if (meaning.sign == Sign::minus) sum = negative(sum);
    std::vector<std::string> keys = texts;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (is_time(query.by[i])) keys[i] = sortable(times[i]);
    UsageRow& row = groups[keys];
    row.all += sum;
    if (waste == "failed") row.failed += sum;
    if (waste == "duplicate") row.duplicate += sum;
  });
}

bool on_the_hour(std::optional<UtcTime> time) { return !time || std::chrono::floor<hours>(*time) == slot_of(*time); }

/// A part of a query's time, and what its usage is read from.
enum class Made { of_whole_days, of_anything };
struct Piece {
  std::optional<UtcTime> since, until;
  Made made = Made::of_anything;
};

/// Whole days of UTC, if there are any and hours aren't asked for, and what is before and after them.
std::vector<Piece> pieces_of(const UsageQuery& query) {
  std::optional<UtcTime> first, last;
  if (query.since) first = std::chrono::ceil<days>(slot_of(*query.since));
  if (query.until) last = std::chrono::floor<days>(slot_of(*query.until));
  const bool hours_wanted = std::ranges::find(query.by, Dimension::hour) != query.by.end();
  if (hours_wanted || (first && last && *first >= *last)) return {{query.since, query.until}};
  std::vector<Piece> pieces = {{first, last, Made::of_whole_days}};
  if (first && slot_of(*query.since) < *first) pieces.push_back({query.since, first});
  if (last && *last < slot_of(*query.until)) pieces.push_back({last, query.until});
  return pieces;
}

/// Reads the pieces of one query.
class Reader {
 public:
  Reader(Sql& sql, const UsageQuery& query, const std::vector<ZoneOffset>& offsets, Summing summing)
      : sql_(sql), query_(query), offsets_(offsets), summing_(summing) {
    const auto of_runs = [](Dimension dimension) { return !is_time(dimension) && dimension != Dimension::model; };
    facets_ = std::ranges::any_of(query.by, of_runs) ||
              std::ranges::any_of(query.only, [&](const UsageFilter& filter) { return of_runs(filter.dimension); });
  }

  UsageGroups all() {
    for (const Base& base : rows_of_others()) add(base, query_, {offsets_});
    for (const Piece& piece : pieces_of(query_)) {
      UsageQuery part = query_;
      part.since = piece.since;
      part.until = piece.until;
      if (piece.made == Made::of_whole_days)
        add_days(part);
      else
        for (const Base& base : finest_for(part)) add(base, part, {offsets_});
    }
    std::erase_if(groups_, [](const auto& entry) { return entry.second.all == UsageSum{}; });
    return std::move(groups_);
  }

 private:
  /// As the days of UTC have it, but what lies in another day of the zone goes there.
  void add_days(const UsageQuery& part) {
    static const std::vector<ZoneOffset> utc = {{UtcTime{}, seconds(0)}};
    const Base sums = sums_at(facets_ ? SumLevel::day_by_facet : SumLevel::day_by_waste);
    add(sums, part, {utc});
    if (are_utc(offsets_) || !names(query_, Dimension::day)) return;
    for (Base base : finest_for(part)) {
      base.where += " AND " + other_day(offsets_, base.at);
      add(base, part, {offsets_});
      add(base, part, {utc, Sign::minus});
    }
  }

  [[nodiscard]] std::vector<Base> finest_for(const UsageQuery& part) const {
    // Sums by the hour of UTC are no good where something begins within one.
    const bool hours_will_do = on_the_hour(part.since) && on_the_hour(part.until) && (std::ranges::none_of(part.by, is_time) || are_whole_hours(offsets_));
    if (!hours_will_do) return rows_of_rolled_up();
    return {sums_at(facets_ ? SumLevel::hour_by_facet : SumLevel::hour_by_waste)};
  }

  /// Whose days, and whether they are added or taken away.
  struct Way {
    const std::vector<ZoneOffset>& offsets;
    Sign sign = Sign::plus;
  };
  void add(const Base& base, const UsageQuery& part, const Way& way) {
    if (base.sums.empty() && names(query_, Dimension::model)) return;
    add_groups(sql_, statement_of(base, part, way.offsets, summing_), {query_, way.sign}, groups_);
  }

  Sql& sql_;
  const UsageQuery& query_;
  const std::vector<ZoneOffset>& offsets_;
  Summing summing_;
  bool facets_ = false;
  UsageGroups groups_;
};

bool is_overflow(const soci::soci_error& failure) { return std::string_view(failure.what()).find("integer overflow") != std::string_view::npos; }

}  // namespace

long long time_in(const std::string& key) {
  unsigned long long value = 0;
  std::from_chars(key.data(), key.data() + key.size(), value);
  return static_cast<long long>(value - 4'000'000'000'000'000'000ULL);
}

UsageGroups usage_groups(Sql& sql, const UsageQuery& query) {
  const std::vector<ZoneOffset> offsets = offsets_of(sql, query);
  try {
    return Reader(sql, query, offsets, Summing::exact).all();
  } catch (const soci::soci_error& failure) {
    if (!is_overflow(failure)) throw;
    return Reader(sql, query, offsets, Summing::saturating).all();
  }
}

}  // namespace ts::ledger
