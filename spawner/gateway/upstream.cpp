#include "spawner/gateway/upstream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "accounting/base/ascii.hpp"

namespace ts::gateway {
namespace {

/// Host and port of `host`, `host:port`, `[v6]`, `[v6]:port`. False: neither.
bool read_authority(std::string_view text, std::string& host, std::uint16_t& port) {
  std::string_view digits;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return false;
    host = ascii_lower(text.substr(1, close - 1));
    if (text.size() > close + 1) {
      if (text[close + 1] != ':') return false;
      digits = text.substr(close + 2);
    }
  } else {
    const auto colon = text.find(':');
    host = ascii_lower(text.substr(0, colon));
    if (colon != std::string_view::npos) digits = text.substr(colon + 1);
  }
  if (host.empty() || host.find_first_of(" \t\r\n\"<>\\^`{|}%") != std::string::npos) return false;
  if (digits.empty()) return text.back() != ':';
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return error == std::errc{} && end == digits.data() + digits.size() && port != 0;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string_view value_of(const agents::Environment& env, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (const auto found = env.find(name); found != env.end() && !found->second.empty()) return found->second;
  return {};
}

/// NO_PROXY as curl reads it: `*`, `host`, `.domain`, `host:port`, separated by commas.
bool exempt(const BaseUrl& upstream, std::string_view list) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view item = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item == "*") return true;
    std::string name = ascii_lower(item);
    if (const auto colon = name.rfind(':'); colon != std::string::npos && name.find(':') == colon) {
      if (name.substr(colon + 1) != std::to_string(upstream.port)) continue;
      name.resize(colon);
    }
    if (name.starts_with("*.")) name.erase(0, 1);
    const bool dotted = name.starts_with('.');
    const std::string domain = dotted ? name : "." + name;
    if (!name.empty() && (upstream.host == (dotted ? name.substr(1) : name) || upstream.host.ends_with(domain))) return true;
  }
  return false;
}

bool loopback(const std::string& host) { return host == "localhost" || host.starts_with("127.") || host == "::1"; }

}  // namespace

std::string BaseUrl::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

std::string BaseUrl::text() const { return fmt::format("http{}://{}{}", tls ? "s" : "", authority(), path); }

Result<BaseUrl> parse_base_url(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    // The text itself may hold a password: only its scheme and what is wrong are told.
    return Error{Errc::invalid_argument, fmt::format("base URL: {}: it must look like https://host[:port][/path]", why)};
  };
  BaseUrl url;
  const std::string scheme = ascii_lower(text.substr(0, 8));
  if (scheme == "https://") {
    text.remove_prefix(8);
  } else if (scheme.starts_with("http://")) {
    url.tls = false;
    url.port = 80;
    text.remove_prefix(7);
  } else {
    return bad("neither http:// nor https://");
  }
  const auto slash = text.find_first_of("/?#");
  const std::string_view authority = text.substr(0, slash);
  if (slash != std::string_view::npos) url.path = text.substr(slash);
  if (authority.find('@') != std::string_view::npos) return bad("credentials in it are not supported");
  if (url.path.find_first_of("?# \t\r\n") != std::string::npos) return bad("a query or a blank in it");
  if (authority.empty() || !read_authority(authority, url.host, url.port)) return bad("the host or the port can't be read");
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

Result<std::optional<Proxy>> proxy_for(const BaseUrl& upstream, const agents::Environment& env) {
  std::string_view text = upstream.tls ? value_of(env, {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"})
                                       : value_of(env, {"HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"});
  if (text.empty() || loopback(upstream.host) || exempt(upstream, value_of(env, {"NO_PROXY", "no_proxy"}))) return std::optional<Proxy>{};
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) {
    if (ascii_lower(text.substr(0, scheme)) != "http")
      return Error{Errc::unsupported, fmt::format("HTTPS_PROXY: a {}:// proxy is not supported by the gateway; use an http:// one, or --gateway off",
                                                  std::string(text.substr(0, scheme)))};
    text.remove_prefix(scheme + 3);
  }
  text = text.substr(0, text.find('/'));
  Proxy proxy;
  proxy.port = 80;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    proxy.credentials = percent_decoded(text.substr(0, at));
    text.remove_prefix(at + 1);
  }
  if (text.empty() || !read_authority(text, proxy.host, proxy.port)) return Error{Errc::invalid_argument, "HTTPS_PROXY: the host or the port can't be read"};
  return std::optional<Proxy>{std::move(proxy)};
}

}  // namespace ts::gateway
