#pragma once

#include <map>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"

namespace ts::tail {

/// Who has a session.
enum class ClaimedBy { nobody, this_run, other_weakly, other_strongly };
enum class ClaimStrength { weak, strong };

/// Which live run counts which agent session: a file per session below `<state home>/tracked-spawn/sessions`, held under a lock for as
/// long as the run lives, so that a dead run's claim is none. Runs in the same folder use it to leave each other's sessions alone.
/// Every failure (no state folder, read-only) reads as "nobody".
class SessionClaims {
 public:
  SessionClaims(const std::string& state_home, std::string_view agent, RunId run);
  ~SessionClaims();
  SessionClaims(const SessionClaims&) = delete;
  SessionClaims& operator=(const SessionClaims&) = delete;

  /// Takes or strengthens a claim. The answer says who has it now: another run's claim is not taken away.
  ClaimedBy claim(std::string_view session, ClaimStrength strength);
  [[nodiscard]] ClaimedBy owner(std::string_view session) const;

 private:
  struct Held {
    int fd = -1;
    ClaimStrength strength = ClaimStrength::weak;
  };
  [[nodiscard]] std::string path_of(std::string_view session) const;

  std::string folder_;
  std::string agent_;
  RunId run_;
  std::map<std::string, Held, std::less<>> held_;
};

}  // namespace ts::tail
