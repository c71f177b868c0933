#pragma once

#include <memory>

#include "accounting/usage/event.hpp"

namespace ts {

/// Gemini CLI's stdout: `--output-format stream-json` and `json`. Usage stands only in the final stats, per model: it is
/// delivered as a settlement.
[[nodiscard]] std::unique_ptr<Dialect> make_gemini_stream();

/// Gemini CLI's chat files: `tokens` per message id; the line is repeated as the message grows.
[[nodiscard]] std::unique_ptr<Dialect> make_gemini_transcript();

}  // namespace ts
