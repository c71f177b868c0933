#pragma once

#include <memory>

#include "accounting/usage/event.hpp"

namespace ts {

/// `opencode run --format json`: a `step_finish` per request, its counts already split. (The request that names the session
/// and child sessions are not on stdout.)
[[nodiscard]] std::unique_ptr<Dialect> make_opencode_stream();

}  // namespace ts
