#pragma once

#include <cstdint>
#include <string>

#include "accounting/ledger/recovery.hpp"

namespace ts::session {

/// What names a process for ever: a pid alone comes again.
struct ProcessIdentity {
  std::string host;
  std::string boot_id;             ///< empty: no /proc
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;   ///< 0: no /proc
};

[[nodiscard]] ProcessIdentity this_process();

/// What the ledger must know to tell whether an open run still lives.
[[nodiscard]] ledger::Here here();

}  // namespace ts::session
