#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounting/usage/api.hpp"

namespace ts::gateway {

/// A question to the provider how many tokens a request's prompt has.
struct CountQuestion {
  std::string target;   ///< path and query
  std::string body;
};

/// Made from a request that is there as a whole: what its prompt consists of, and nothing else (providers refuse unknown members).
/// Absent: this API can't be asked, or the body can't be read. Source: the providers' references of count_tokens, input_tokens, countTokens.
[[nodiscard]] std::optional<CountQuestion> count_question(ApiShape shape, std::string_view target, std::string_view body);

/// The number in the provider's answer. Absent: it holds none.
[[nodiscard]] std::optional<Tokens> counted(ApiShape shape, std::string_view answer);

}  // namespace ts::gateway
