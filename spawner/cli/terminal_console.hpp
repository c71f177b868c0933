#pragma once

#include <string>
#include <vector>

#include "spawner/session/console.hpp"

namespace ts::cli {

enum class Verbosity { quiet, normal, verbose };

/// Our words on stderr. On a terminal the last line is live: it is redrawn in place and never mixes with what the agent prints.
class TerminalConsole final : public session::Console {
 public:
  explicit TerminalConsole(Verbosity verbosity);
  ~TerminalConsole() override;

  void say(std::string_view line) override;
  void error(std::string_view line) override;
  void detail(std::string_view line) override;
  void live(std::string_view line) override;
  void clear_live() override;
  void hold_back() override;
  void let_go() override;

  void set_verbosity(Verbosity verbosity) { verbosity_ = verbosity; }

 private:
  void put(std::string_view line);

  Verbosity verbosity_;
  bool terminal_;
  bool live_shown_ = false;
  bool held_ = false;
  std::string live_text_;
  std::vector<std::string> waiting_;
};

}  // namespace ts::cli
