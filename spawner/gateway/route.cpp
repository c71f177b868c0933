#include "spawner/gateway/route.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "accounting/base/ascii.hpp"

namespace ts::gateway {
namespace {

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] != b[i]);
  return difference == 0;
}

/// `…/models/MODEL:generateContent`, with or without stream.
bool gemini_route(std::string_view path, Route& route) {
  const auto colon = path.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view verb = path.substr(colon + 1);
  if (verb != "generateContent" && verb != "streamGenerateContent") return false;
  const auto slash = path.rfind('/', colon);
  route.model = path.substr(slash + 1, colon - slash - 1);
  route.streams = verb.starts_with("stream");
  route.shape = ApiShape::gemini;
  return true;
}

void find_shape(std::string_view path, Route& route) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with("/messages")) {
    route.shape = ApiShape::anthropic_messages;
  } else if (path.ends_with("/responses")) {
    route.shape = ApiShape::openai_responses;
  } else if (path.ends_with("/chat/completions")) {
    route.shape = ApiShape::openai_chat;
  } else {
    gemini_route(path, route);
  }
}

}  // namespace

std::optional<Route> route(std::string_view method, std::string_view target, std::string_view token, std::size_t upstreams) {
  if (token.empty() || target.size() < token.size() + 2 || target.front() != '/') return std::nullopt;
  if (!same_secret(target.substr(1, token.size()), token)) return std::nullopt;
  std::string_view rest = target.substr(1 + token.size());
  if (rest.front() != '/') return std::nullopt;
  rest.remove_prefix(1);
  Route found;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), found.upstream);
  if (error != std::errc{} || found.upstream >= upstreams) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (!rest.empty() && rest.front() != '/' && rest.front() != '?') return std::nullopt;
  found.target = rest;
  if (method == "POST") find_shape(rest.substr(0, rest.find('?')), found);
  return found;
}

std::string route_prefix(std::string_view token, std::size_t upstream) {
  return std::string("/").append(token).append("/").append(std::to_string(upstream));
}

bool hop_by_hop(std::string_view name, std::string_view connection) {
  constexpr std::array<std::string_view, 9> kNames = {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
                                                      "te",         "trailer",    "transfer-encoding",  "upgrade"};
  if (std::ranges::any_of(kNames, [&](std::string_view known) { return equal_ignoring_case(name, known); })) return true;
  while (!connection.empty()) {
    const auto comma = connection.find(',');
    if (equal_ignoring_case(without_blanks_around(connection.substr(0, comma)), name)) return true;
    connection = comma == std::string_view::npos ? std::string_view{} : connection.substr(comma + 1);
  }
  return false;
}

}  // namespace ts::gateway
