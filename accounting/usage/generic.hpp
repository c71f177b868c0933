#pragma once

#include <memory>

#include "accounting/usage/event.hpp"

namespace ts {

/// Output of a program that is not known. If its first JSON line is of a known agent, that agent's dialect reads on.
/// Otherwise any JSON line (bare, or behind an SSE "data: ") with a usage object of one of the four API shapes counts:
/// at the root, or in `message`, `response`, `data` or `event`. With an id the same response counts once; without one each
/// line is a response of its own. A line of type `result` gives a settlement. Other text: the phrase "N new tokens".
[[nodiscard]] std::unique_ptr<Dialect> make_generic_stream();

}  // namespace ts
