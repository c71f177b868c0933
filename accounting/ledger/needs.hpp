#pragma once

#include "accounting/budget/exchange.hpp"
#include "accounting/ledger/gate.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {

/// What a run may need of budgets in any measure: for certain where its cap bounds the measure, else as its agent's past runs
/// suggest, unless these are too little to go by (a tenth of what is asked about). Within a transaction that the caller has begun.
class Needs {
 public:
  Needs(Sql& sql, Cap cap, std::string agent, Reserve certain)
      : sql_(sql), cap_(std::move(cap)), agent_(std::move(agent)), certain_(certain) {}

  /// What a run that reaches its cap takes. Absent: not known (no cap, or nothing like it was ever run).
  [[nodiscard]] std::optional<std::int64_t> by(Measure measure);
  /// The cap, in its own unit, that takes no more than `room` by `measure`. Absent: not known.
  [[nodiscard]] std::optional<std::int64_t> cap_within(std::int64_t room, Measure measure);
  /// How many past runs by() goes by. 0: it is certain.
  [[nodiscard]] int runs_behind(Measure measure);

 private:
  struct Past {
    int runs = 0;
    Spend spent;
  };
  const Past& past(Measure measure);
  [[nodiscard]] std::optional<Exchange> rate(Measure measure, Measure from, std::int64_t amount);
  [[nodiscard]] bool is_certain(Measure measure) const { return certain_[static_cast<std::size_t>(measure)].has_value(); }

  Sql& sql_;
  Cap cap_;
  std::string agent_;
  Reserve certain_;
  std::optional<Past> priced_, all_;
};

}  // namespace ts::ledger
