#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accounting/usage/api.hpp"

namespace ts::gateway {

/// Looks at the events of a stream as they pass: how much was said, and the chunk that the client did not ask for.
/// Events leave as soon as they are complete; without hiding, every byte leaves at once. Memory: one event, at most 1 MiB.
class EventTap {
 public:
  enum class Hide { nothing, chat_usage };
  EventTap(ApiShape shape, Hide hide) : shape_(shape), hide_(hide) {}
  /// The bytes that may leave now. Lifetime: until the next call, and of `chunk`.
  [[nodiscard]] std::string_view push(std::string_view chunk);
  /// What is left when the stream ends.
  [[nodiscard]] std::string_view finish();
  /// Bytes of text, reasoning and tool arguments that the model has said up to now.
  [[nodiscard]] std::uint64_t said() const { return said_; }
  /// Output tokens that these may be, at most for mostly Latin text.
  [[nodiscard]] Tokens estimated_output() const { return static_cast<Tokens>(said_ / 3 + (said_ > 0 ? 1 : 0)); }

 private:
  void event(std::string_view raw);
  bool data(std::string_view json);

  ApiShape shape_;
  Hide hide_;
  std::string pending_;
  std::string out_;
  std::uint64_t said_ = 0;
  bool blank_line_ = false;   ///< the last byte ended a line
  bool skip_event_ = false;   ///< an event that is too long to look at
};

}  // namespace ts::gateway
