#pragma once

#include <string>
#include <string_view>

#include "accounting/usage/api.hpp"

namespace ts::gateway {

/// An error as the provider of that API would word it. Source: the providers' error pages; all five agents end at once on a 400.
[[nodiscard]] std::string error_body(ApiShape shape, int status, std::string_view message);

/// The same for a stream that has begun already: one event.
[[nodiscard]] std::string error_event(ApiShape shape, std::string_view message);

/// What keeps a stream alive while nothing is said.
[[nodiscard]] std::string_view keep_alive(ApiShape shape);

/// One more message of the user, with one block of text, as the conversation of that API takes it.
[[nodiscard]] std::string user_message(ApiShape shape, std::string_view text);

}  // namespace ts::gateway
