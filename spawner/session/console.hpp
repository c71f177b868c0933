#pragma once

#include <string_view>

namespace ts::session {

/// Our own words, apart from the agent's output: they go to stderr, each line with `tracked-spawn: ` before it.
class Console {
 public:
  virtual ~Console() = default;
  /// Lines that everybody gets (contract, warnings, receipt); not with -q.
  virtual void say(std::string_view line) = 0;
  /// What went wrong and what to do; always.
  virtual void error(std::string_view line) = 0;
  /// Only with -v.
  virtual void detail(std::string_view line) = 0;
  /// Replaces the live line at the bottom of a terminal; nothing elsewhere.
  virtual void live(std::string_view line) = 0;
  /// Takes the live line away before somebody else writes.
  virtual void clear_live() = 0;
  /// While the agent has the terminal to itself (pty), our lines wait.
  virtual void hold_back() = 0;
  virtual void let_go() = 0;
};

}  // namespace ts::session
