#include "spawner/session/issue_key.hpp"

#include <algorithm>

#include "accounting/base/ascii.hpp"

namespace ts::session {
namespace {

/// A number as issues have one. Empty: it is none.
std::string number_of(std::string_view digits) {
  if (digits.empty() || digits.size() > 18 || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return {};
  const auto first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string{} : std::string(digits.substr(first));
}

/// "owner/repo" and nothing else.
bool is_repository(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && slash > 0 && slash + 1 < text.size() && text.find_first_of("/ :", slash + 1) == std::string_view::npos;
}

std::string key_of_url(std::string_view url) {
  const auto host_at = url.find("://") + 3;
  url = url.substr(0, url.find_first_of("?#"));
  while (url.size() > host_at && url.ends_with('/')) url.remove_suffix(1);
  const auto path_at = std::min(url.find('/', host_at), url.size());
  const std::string host = ascii_lower(url.substr(host_at, path_at - host_at));
  const std::string_view path = path_at < url.size() ? url.substr(path_at + 1) : std::string_view{};
  if (host == "github.com" || host == "www.github.com") {
    for (const std::string_view part : {"/issues/", "/pull/"}) {
      const auto at = path.find(part);
      if (at == std::string_view::npos || !is_repository(path.substr(0, at))) continue;
      const std::string_view rest = path.substr(at + part.size());
      if (const std::string number = number_of(rest.substr(0, rest.find('/'))); !number.empty()) return ascii_lower(path.substr(0, at)) + "#" + number;
    }
  }
  return ascii_lower(url.substr(0, path_at)) + std::string(url.substr(path_at));
}

}  // namespace

std::string issue_key(std::string_view word) {
  if (word.find("://") != std::string_view::npos) return key_of_url(word);
  const auto hash = word.find('#');
  if (hash == std::string_view::npos) return std::string(word);
  const std::string number = number_of(word.substr(hash + 1));
  if (number.empty()) return std::string(word);
  const std::string_view before = word.substr(0, hash);
  return (is_repository(before) ? ascii_lower(before) : std::string(before)) + "#" + number;
}

}  // namespace ts::session
