#pragma once

#include <string>
#include <string_view>

#include "accounting/usage/api.hpp"

namespace ts::gateway {

/// What a request that the cap can't pay for is answered with: all five agents end at once on it. Only this one names the cap.
inline constexpr int kCapStatus = 400;

/// An error as the provider of that API would word it. Source: the providers' error pages.
[[nodiscard]] std::string error_body(ApiShape shape, int status, std::string_view message);

/// The same for a stream that has begun already: one event.
[[nodiscard]] std::string error_event(ApiShape shape, int status, std::string_view message);

/// What keeps a stream alive while nothing is said.
[[nodiscard]] std::string_view keep_alive(ApiShape shape);

/// One more message of the user, with one block of text, as the conversation of that API takes it.
[[nodiscard]] std::string user_message(ApiShape shape, std::string_view text);

}  // namespace ts::gateway
