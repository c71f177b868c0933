#pragma once

#include <optional>
#include <string>
#include <vector>

#include "taskfile/plan.hpp"

namespace ts::taskfile {

/// The ledger of a token log, kept by hand: `| Timestamp | Phase | Input | Output | Total | Cumulative |`.

/// One row of it. Absent numbers can't be read.
struct TokenLedgerRow {
  int line = 0;
  std::string phase;
  std::optional<Tokens> input;
  std::optional<Tokens> output;
  std::optional<Tokens> total;
  std::optional<Tokens> cumulative;
  bool about = false;  ///< a number of it is written with "~"
};

struct TokenLedger {
  int head = 0;   ///< line of the table's head
  int last = 0;   ///< its last line
  std::vector<TokenLedgerRow> rows;
  Tokens sum = 0;       ///< of the totals, each as it stands, else input + output
  bool about = false;   ///< one of them is an estimate
  std::vector<std::string> defects;  ///< "line 11: cumulative 257,653 is not 182,953 + 57,000 = 239,953"
};

/// The last such table of a document that is not inside a fence or a comment. Absent: there is none.
[[nodiscard]] std::optional<TokenLedger> find_token_ledger(const Document& document);

/// A phase of a run as it goes into the ledger. Invariant: total = input + output.
struct LedgerPhase {
  UtcTime began;
  std::string name;
  Tokens input = 0;    ///< fresh input and cache writes
  Tokens output = 0;
};

/// Plans a row for each phase of a run behind the ledger's last row, or a ledger of its own at the document's end where there is none. No
/// old byte changes. Cumulative is the sum of all totals above and this one; where old rows don't add up, the notes name them. The run's
/// id stands in the rows; a document that has it gives an empty plan. Errors: conflict (unresolved merge; a fence that is open where a new ledger would begin), invalid_argument
/// (no phases).
[[nodiscard]] Result<EditPlan> plan_token_ledger(const Document& document, const RunId& run, const std::vector<LedgerPhase>& phases);

/// What a new ledger begins with.
[[nodiscard]] std::string token_ledger_title(std::string_view task);

}  // namespace ts::taskfile
