#pragma once

#include <memory>

#include "accounting/usage/event.hpp"

namespace ts {

/// Qwen Code's chat files. A response stands there twice, as a telemetry event with the response's id and as an assistant
/// line with usageMetadata: the two are paired by their figures and count once. Telemetry alone (requests beside the
/// conversation) and assistant lines alone (telemetry switched off) count too.
[[nodiscard]] std::unique_ptr<Dialect> make_qwen_transcript();

}  // namespace ts
