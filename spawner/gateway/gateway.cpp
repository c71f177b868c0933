#include "spawner/gateway/gateway.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "spawner/gateway/route.hpp"
#include "spawner/gateway/session.hpp"

namespace ts::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostConnections = 512;
constexpr std::size_t kMostIdleLinks = 32;
constexpr auto kLinkLife = 50s;  ///< providers close idle connections after a minute or more
constexpr Tokens kMillion = 1'000'000;
constexpr std::size_t kMostAgents = 10'000;

}  // namespace

std::string_view name_of(Outcome outcome) {
  constexpr std::string_view names[] = {"passed", "refused", "cut", "client_gone", "upstream_failed", "repeated"};
  return names[static_cast<int>(outcome)];
}

Gateway::Impl::Impl(asio::io_context& io_context, GatewaySetup gateway_setup)
    : io(io_context), setup(std::move(gateway_setup)), acceptor_(io), idle_(setup.upstreams.size()) {}

Result<void> Gateway::Impl::listen() {
  std::array<unsigned char, 16> secret{};
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1) return Error{Errc::io, "gateway: no random bytes for its secret"};
  token.clear();
  for (const unsigned char byte : secret) token += fmt::format("{:02x}", byte);
  error_code error;
  const tcp::endpoint local(asio::ip::address_v4::loopback(), 0);
  acceptor_.open(local.protocol(), error);
  if (!error) acceptor_.bind(local, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return Error{Errc::io, fmt::format("gateway: listening on 127.0.0.1: {}", error.message())};
  port = acceptor_.local_endpoint().port();
  asio::co_spawn(io, [self = shared_from_this()] { return self->accept_loop(); }, asio::detached);
  return {};
}

asio::awaitable<void> Gateway::Impl::accept_loop() {
  const auto self = shared_from_this();
  while (!stopped) {
    error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (stopped || error == asio::error::operation_aborted) break;
    if (error) {
      // No descriptors left, most likely: others will be closed.
      make_room();
      asio::steady_timer pause(io, 50ms);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    ++stats.connections;
    if (sessions_.size() >= kMostConnections) make_room();
    const auto session = std::make_shared<Session>(self, std::move(socket));
    sessions_.push_back(session);
    asio::co_spawn(io, [session] { return session->serve(); }, asio::detached);
  }
}

/// Closes the oldest connection on which nothing is asked.
void Gateway::Impl::make_room() {
  for (auto& known : sessions_)
    if (const auto session = known.lock(); session && session->spare()) return session->close();
}

void Gateway::Impl::leave(Session& session) {
  sessions_.remove_if([&](const std::weak_ptr<Session>& known) {
    const auto other = known.lock();
    return !other || other.get() == &session;
  });
}

void Gateway::Impl::stop() {
  stopped = true;
  error_code ignored;
  acceptor_.close(ignored);
  const auto sessions = sessions_;
  for (const auto& known : sessions)
    if (const auto session = known.lock()) session->close();
  for (auto& links : idle_) links.clear();
  wake();
}

void Gateway::Impl::wake() {
  for (asio::steady_timer* timer : waiting) timer->cancel();
}

void Gateway::Impl::show_life() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_life_ < 1s || !setup.on_activity) return;
  last_life_ = now;
  setup.on_activity();
}

std::int64_t Gateway::Impl::cost(std::string_view model, const TokenCounts& counts) const {
  return setup.cost ? setup.cost(model, counts) : by_formula(counts, Formula::fresh);
}

std::int64_t Gateway::Impl::million_output(std::string_view model) const {
  TokenCounts counts;
  counts.output = kMillion;
  return cost(model, counts);
}

asio::ssl::context* Gateway::Impl::tls() {
  if (!tls_) tls_ = make_tls(setup.ca_file);
  return tls_.get();
}

std::unique_ptr<Link> Gateway::Impl::idle_link(std::size_t upstream) {
  auto& links = idle_[upstream];
  const auto now = std::chrono::steady_clock::now();
  while (!links.empty()) {
    auto link = std::move(links.back());
    links.pop_back();
    if (now - link->idle_since < kLinkLife && link->quiet()) return link;
  }
  return nullptr;
}

void Gateway::Impl::keep_link(std::size_t upstream, std::unique_ptr<Link> link) {
  auto& links = idle_[upstream];
  if (stopped) return;
  if (links.size() >= kMostIdleLinks) links.erase(links.begin());
  link->used = true;
  link->pending = {};
  link->idle_since = std::chrono::steady_clock::now();
  links.push_back(std::move(link));
}

bool Gateway::Impl::first_use(std::string_view response_id) { return ids_.insert(std::hash<std::string_view>{}(response_id)).second; }

std::string Gateway::Impl::agent_of(const RequestFacts& facts) {
  auto known = agents_.find(facts.thread);
  if (known == agents_.end()) {
    if (!facts.has_tools) return "aside";
    if (agents_.size() >= kMostAgents) return "others";
    known = agents_.emplace(facts.thread, agents_.size()).first;
  }
  return known->second == 0 ? "main" : fmt::format("sub-{}", known->second);
}

Gateway::Gateway(asio::io_context& io, GatewaySetup setup) : impl_(std::make_shared<Impl>(io, std::move(setup))) {}
Gateway::~Gateway() { impl_->stop(); }
Result<void> Gateway::listen() { return impl_->listen(); }

std::string Gateway::url(std::size_t upstream) const {
  return fmt::format("http://127.0.0.1:{}{}", impl_->port, route_prefix(impl_->token, upstream));
}

std::string Gateway::prefix() const { return fmt::format("http://127.0.0.1:{}/{}/", impl_->port, impl_->token); }

std::vector<std::string> Gateway::urls() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < impl_->setup.upstreams.size(); ++i) all.push_back(url(i));
  return all;
}

void Gateway::refuse_all(std::string text) {
  impl_->refusing = std::move(text);
  impl_->wake();
}

void Gateway::hold() { impl_->holding = true; }

void Gateway::resume() {
  impl_->holding = false;
  impl_->wake();
}

void Gateway::tell_agent(std::string text) { impl_->message = std::move(text); }

void Gateway::left_changed() {
  ++impl_->changes;
  impl_->wake();
}

void Gateway::stop() { impl_->stop(); }

GatewayStats Gateway::stats() const {
  GatewayStats stats = impl_->stats;
  stats.under_way = impl_->balance.under_way();
  stats.waiting = impl_->waiting.size();
  stats.reserved = impl_->balance.reserved();
  stats.unconfirmed = impl_->balance.unconfirmed();
  stats.error = impl_->predictor.error();
  return stats;
}

}  // namespace ts::gateway
