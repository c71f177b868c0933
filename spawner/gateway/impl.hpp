#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "spawner/gateway/balance.hpp"
#include "spawner/gateway/gateway.hpp"
#include "spawner/gateway/link.hpp"

namespace ts::gateway {

class Session;

/// What all connections of a gateway share. Only for the .cpp files of this folder.
class Gateway::Impl : public std::enable_shared_from_this<Gateway::Impl> {
 public:
  Impl(asio::io_context& io_context, GatewaySetup gateway_setup);
  Result<void> listen();
  void accept();
  void stop();
  void leave(Session& session);
  /// Those that wait look again.
  void wake();
  /// An answer is on its way: says so about once a second.
  void show_life();
  [[nodiscard]] std::optional<std::int64_t> left() {
    balance.promise(setup.leased ? setup.leased() : 0);
    return setup.left ? setup.left() : std::nullopt;
  }
  [[nodiscard]] std::int64_t cost(std::string_view model, const TokenCounts& counts) const;
  /// Price of a million output tokens of the model.
  [[nodiscard]] std::int64_t million_output(std::string_view model) const;
  [[nodiscard]] asio::ssl::context* tls();
  /// A connection that may be used again. Null: there is none.
  [[nodiscard]] std::unique_ptr<Link> idle_link(std::size_t upstream);
  void keep_link(std::size_t upstream, std::unique_ptr<Link> link);
  /// False: another response of the run had this id.
  [[nodiscard]] bool first_use(std::string_view response_id);
  /// Whose request it is (RequestLine::agent).
  [[nodiscard]] std::string agent_of(const RequestFacts& facts);

  asio::io_context& io;
  GatewaySetup setup;
  std::string token;
  std::uint16_t port = 0;
  Balance balance;
  Predictor predictor;
  GatewayStats stats;
  std::optional<std::string> refusing;   ///< why nothing leaves any more
  std::string message;                   ///< for the next request of an agent at work; empty: none
  bool holding = false;
  std::uint64_t changes = 0;             ///< how often what is left was changed from outside
  std::size_t kept = 0;                  ///< bytes of answers that are kept back
  bool stopped = false;
  std::uint64_t next_request = 1;
  std::list<asio::steady_timer*> waiting;

 private:
  asio::awaitable<void> accept_loop();
  void make_room();

  tcp::acceptor acceptor_;
  std::chrono::steady_clock::time_point last_life_;
  std::list<std::weak_ptr<Session>> sessions_;
  std::vector<std::vector<std::unique_ptr<Link>>> idle_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::unordered_set<std::size_t> ids_;
  std::unordered_map<std::uint64_t, std::size_t> agents_;   ///< thread → in which order they came
};

}  // namespace ts::gateway
