#include "spawner/gateway/wiring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace ts::gateway {
namespace {

using agents::GatewayWire;
using Json = nlohmann::ordered_json;

/// Source: the providers' API references.
std::string default_base(std::string_view api, std::string_view suffix) {
  std::string base = "https://api.openai.com";
  if (api == "anthropic") base = "https://api.anthropic.com";
  if (api == "google") base = "https://generativelanguage.googleapis.com";
  return base.append(suffix);
}

/// opencode's providers that need no configuration, with the addresses that their packages use.
const std::map<std::string, std::string>& opencode_defaults() {
  static const std::map<std::string, std::string> kBases = {{"anthropic", "https://api.anthropic.com/v1"},
                                                            {"openai", "https://api.openai.com/v1"},
                                                            {"google", "https://generativelanguage.googleapis.com/v1beta"}};
  return kBases;
}

Result<void> add_slot(Wiring& wiring, Slot slot, std::string_view base, const agents::Environment& env) {
  auto url = parse_base_url(base);
  if (url.has_error()) return with_context(slot.name, url.error());
  // The agent keeps the path that it is used to; the upstream gets the rest.
  if (!slot.suffix.empty() && url->path.ends_with(slot.suffix)) {
    url->path.resize(url->path.size() - slot.suffix.size());
  } else {
    slot.suffix.clear();
  }
  auto proxy = proxy_for(*url, env);
  if (proxy.has_error()) return with_context(slot.name, proxy.error());
  wiring.upstreams.push_back({std::move(*url), std::move(*proxy)});
  wiring.slots.push_back(std::move(slot));
  return {};
}

std::string value_or(const agents::Environment& env, const std::string& name, const std::string& fallback) {
  const auto found = env.find(name);
  return found != env.end() && !found->second.empty() ? found->second : fallback;
}

/// Where in argv the value of `-c KEY=…` stands, `KEY=` included. Absent: nowhere.
std::optional<std::size_t> config_word(std::span<const std::string> argv, const std::string& key) {
  for (std::size_t i = argv.size(); i-- > 1;)
    if (argv[i].starts_with(key + "=") && (argv[i - 1] == "-c" || argv[i - 1] == "--config")) return i;
  return std::nullopt;
}

std::string unquoted(std::string text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) return text.substr(1, text.size() - 2);
  return text;
}

struct Config {  // Json itself converts from everything, which Result can't bear
  Json json;
};

Result<Config> opencode_config(const agents::Environment& env, const std::string& name) {
  const std::string text = value_or(env, name, "{}");
  Json config = Json::parse(text, nullptr, false, true);
  if (!config.is_object()) return Error{Errc::invalid_argument, name + ": it is not a JSON object"};
  return Config{std::move(config)};
}

/// `provider.NAME.options.baseURL` of the configuration. Empty: not there.
std::string opencode_base(const Json& config, const std::string& provider) {
  const Json::json_pointer at("/provider/" + provider + "/options/baseURL");
  return config.contains(at) && config.at(at).is_string() ? config.at(at).get<std::string>() : std::string{};
}

Result<void> plan_opencode(Wiring& wiring, const agents::GatewayWiring& how, const agents::Environment& env) {
  TS_TRY(const Config found, opencode_config(env, std::string(how.env_name)));
  const Json& config = found.json;
  std::map<std::string, std::string> bases = opencode_defaults();
  if (const auto providers = config.find("provider"); providers != config.end() && providers->is_object())
    for (const auto& [name, ignored] : providers->items())
      if (name.find_first_of("/~") == std::string::npos)
        if (std::string base = opencode_base(config, name); !base.empty()) bases[name] = std::move(base);
  for (const auto& [name, base] : bases) TS_CHECK(add_slot(wiring, {Slot::Kind::opencode, name, ""}, base, env));
  return {};
}

Result<void> put_opencode(Command& command, const std::string& provider, const std::string& url) {
  const std::string name = "OPENCODE_CONFIG_CONTENT";
  TS_TRY(Config found, opencode_config(command.env, name));
  Json& config = found.json;
  Json* at = &config;
  for (const std::string& key : {std::string("provider"), provider, std::string("options")}) {
    at = &(*at)[key];
    if (!at->is_object() && !at->is_null()) return Error{Errc::invalid_argument, name + ": provider." + provider + ": it is not an object"};
    if (at->is_null()) *at = Json::object();
  }
  (*at)["baseURL"] = url;
  command.env[name] = config.dump();
  return {};
}

}  // namespace

Result<ExtraVariable> parse_extra_variable(std::string_view text) {
  const auto equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const std::string_view path = equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
  if (name.empty() || name.find_first_of(" \t\n/") != std::string_view::npos || (!path.empty() && path.front() != '/'))
    return Error{Errc::invalid_argument, fmt::format("--gateway-env {}: it must look like NAME or NAME=/path, such as OPENAI_BASE_URL=/v1", std::string(text))};
  return ExtraVariable{std::string(name), path == "/" ? std::string{} : std::string(path)};
}

Result<Wiring> plan_wiring(const agents::Detected& agent, const Command& command, std::span<const ExtraVariable> extra) {
  Wiring wiring;
  wiring.program = agent.program;
  const agents::GatewayWiring& how = agent.profile->gateway;
  const std::string suffix(how.suffix);
  switch (how.wire) {
    case GatewayWire::env_url: {
      const std::string name(how.env_name);
      TS_CHECK(add_slot(wiring, {Slot::Kind::variable, name, suffix}, value_or(command.env, name, default_base(how.api, suffix)), command.env));
      break;
    }
    case GatewayWire::config_argument: {
      const std::string key(how.argument);
      std::string base = default_base(how.api, suffix);
      if (const auto word = config_word(command.argv, key)) base = unquoted(command.argv[*word].substr(key.size() + 1));
      TS_CHECK(add_slot(wiring, {Slot::Kind::argument, key, suffix}, base, command.env));
      break;
    }
    case GatewayWire::opencode_config: TS_CHECK(plan_opencode(wiring, how, command.env)); break;
    case GatewayWire::none: break;
  }
  for (const ExtraVariable& variable : extra) {
    const std::string base = value_or(command.env, variable.name, "");
    if (base.empty())
      return Error{Errc::invalid_argument, fmt::format("--gateway-env {}: the variable is not set, so the gateway doesn't know where to send requests; "
                                                       "set it to the provider's base URL", variable.name)};
    TS_CHECK(add_slot(wiring, {Slot::Kind::variable, variable.name, variable.path}, base, command.env));
  }
  if (wiring.slots.empty())
    return Error{Errc::unsupported, fmt::format("gateway: {} is not known to take a base URL; name its variable with --gateway-env NAME=PATH", agent.profile->title)};
  return wiring;
}

Result<Command> wire(const Wiring& wiring, Command command, std::span<const std::string> urls) {
  for (std::size_t i = 0; i < wiring.slots.size(); ++i) {
    const Slot& slot = wiring.slots[i];
    const std::string url = urls[i] + slot.suffix;
    switch (slot.kind) {
      case Slot::Kind::variable: command.env[slot.name] = url; break;
      case Slot::Kind::opencode: TS_CHECK(put_opencode(command, slot.name, url)); break;
      case Slot::Kind::argument: {
        const std::string word = fmt::format("{}=\"{}\"", slot.name, url);
        if (const auto there = config_word(command.argv, slot.name)) {
          command.argv[*there] = word;
        } else {
          const auto at = command.argv.begin() + static_cast<std::ptrdiff_t>(std::min(wiring.program + 1, command.argv.size()));
          command.argv.insert(at, {"-c", word});
        }
        break;
      }
    }
  }
  // What speaks to us on loopback must not be sent through a proxy.
  for (const std::string name : {"NO_PROXY", "no_proxy"}) {
    const auto found = command.env.find(name);
    if (found != command.env.end() && found->second == "*") continue;
    if (found != command.env.end() && found->second.find("127.0.0.1") != std::string::npos) continue;
    const bool proxied = std::ranges::any_of(std::initializer_list<std::string_view>{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"},
                                             [&](std::string_view proxy) { return command.env.contains(proxy); });
    if (proxied) command.env[name] = (found == command.env.end() || found->second.empty() ? "" : found->second + ",") + "127.0.0.1";
  }
  return command;
}

}  // namespace ts::gateway
