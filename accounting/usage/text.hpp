#pragma once

#include <memory>

#include "accounting/usage/event.hpp"
#include "accounting/usage/line_dialect.hpp"

namespace ts {

/// The phrase "N new tokens" in progress text: "12,345 new tokens", "1.2k new tokens", "3 new tools used, 900 new tokens".
/// Some agents say with it what was spent since the last report, others what was spent so far. Beside "new tool(s)" (Claude
/// Code's reports of background agents) it is an increment. Otherwise figures that never fall are taken as one running
/// total and the highest counts; the first that falls shows them to be increments, and from then on their sum counts.
/// The kind of the tokens is not said: they are given as input, with requests 0, as one response that grows.
class NewTokens {
 public:
  LineOutcome read(std::string_view text, UsageSink& sink);

 private:
  Tokens sum_ = 0;
  Tokens last_ = 0;
  Tokens highest_ = 0;
  bool increments_ = false;
};

/// A number as people write it, at the end of `text`: "12,345", "1.2k", "3M". Absent: there is none.
/// A number that is negative or out of range gives -1.
[[nodiscard]] std::optional<Tokens> number_at_end(std::string_view text);

/// Any text with that phrase.
[[nodiscard]] std::unique_ptr<Dialect> make_text_stream();

}  // namespace ts
