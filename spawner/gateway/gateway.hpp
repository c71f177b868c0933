#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/usage/event.hpp"
#include "spawner/gateway/modes.hpp"
#include "spawner/gateway/predict.hpp"
#include "spawner/gateway/upstream.hpp"

namespace ts::gateway {

/// What became of a request. Stored by name.
enum class Outcome {
  passed,          ///< answered by the provider, to the end
  refused,         ///< it never left: the cap, or we were told to refuse
  cut,             ///< its answer was ended by us: it would have passed its reservation
  client_gone,     ///< the agent left first
  upstream_failed, ///< the provider could not be reached, or broke off
  repeated,        ///< answered, but cut because of us, and thrown away unseen: the next line is the same request with a higher limit
};
[[nodiscard]] std::string_view name_of(Outcome outcome);

/// One request, when it is over. Costs are in the cap's unit. Nothing secret is in it.
struct RequestLine {
  UtcTime at;                          ///< when its head had come in
  std::string api;
  std::string model;
  std::string run;                     ///< a run within this one that it belongs to; empty: this one
  std::string agent;                   ///< whose it is: "main", "sub-1" …; "aside": it offers no tools (the naming of a session)
  int status = 0;                      ///< sent to the agent; 0: none was sent
  Outcome outcome = Outcome::passed;
  TokenCounts predicted;               ///< input
  std::int64_t reserved = 0;
  TokenCounts counts;                  ///< that the provider told
  std::int64_t billed = 0;             ///< the cost of `counts`
  std::int64_t unconfirmed = 0;        ///< may have been billed beyond that
  std::optional<Tokens> clamped;       ///< the output limit that we set; absent: the request's own stood
  std::chrono::microseconds held{0};   ///< waited for the balance or an operator
  std::chrono::microseconds latency{0};///< that we added: from the head to the upstream's connection being ready to write, without `held` and the connect
  std::uint64_t sent_bytes = 0;        ///< of the answer's body
};

/// Why a request can't be paid for. Units: the cap's.
struct Shortage {
  std::int64_t needed = 0;
  std::int64_t left = 0;
};

/// A gateway in front of this one names its run in it. It never leaves for the provider.
inline constexpr std::string_view kRunHeader = "x-tracked-spawn-run";

/// What happens to a request that what is left can't pay for.
enum class WhenFull {
  refuse,  ///< it is answered with an error; an answer may be cut where the cap ends
  /// It waits, and the agent gets whole answers alone. Holding each request whose own limit is higher than what is left would hold the
  /// first of a small run already (agents ask for 32,000 tokens and take some hundreds): it leaves with what can be given, 8,192 tokens
  /// at least, and its answer is kept back from the client until it is known to have ended by itself. If it was cut because of us, it is
  /// thrown away (it was billed, and is counted) and the request waits until twice as much can be given: rarely more than once, and
  /// never more than four times. A body that is not kept, because it is too long, waits until its answer can't be cut.
  hold,
};

struct GatewaySetup {
  std::vector<Upstream> upstreams;                          ///< see Wiring
  std::string ca_file;                                      ///< PEM of more roots to trust; empty: the system's alone
  std::function<std::optional<std::int64_t>()> left;        ///< of the cap, by what was counted; absent: no cap
  std::function<std::int64_t()> leased;                     ///< of what is left: promised to runs within this one
  std::function<std::int64_t(std::string_view model, const TokenCounts& counts)> cost;  ///< by the cap's formula
  /// A run within this one is billed so much more: its requests say whose they are (kRunHeader).
  std::function<void(std::string_view run, std::int64_t cost)> nested;
  UsageSink* usage = nullptr;                               ///< gets the events of Source::gateway; never null
  std::function<std::string(const Shortage&)> refusal_text; ///< what the agent's user will read
  std::function<void(const RequestLine&)> on_request;
  /// A request is about to be refused, or held, because of the cap; said again when it is still held after left_changed().
  /// True: there is more now, it may be weighed again.
  std::function<bool(const Shortage&)> on_full;
  /// So much would be needed for an answer that is not cut. True: there is more now. Null: nobody can give more.
  std::function<bool(std::int64_t needed)> more;
  std::function<void(std::string_view agent)> on_told;      ///< what tell_agent() was given left with a request of that agent
  std::function<void()> on_activity;                        ///< a request came in, or counts moved
  std::function<UtcTime()> now;
  WhenFull when_full = WhenFull::refuse;
  CountMode count = CountMode::automatic;
  std::chrono::milliseconds keep_alive{5000};               ///< between signs of life to a held request
  std::size_t most_kept = std::size_t{64} << 20;            ///< bytes of one answer that is kept back, four times as much of all: beyond that it passes as it comes
  std::chrono::milliseconds head_time{20'000};              ///< from a request's first byte to the end of its head: a slow loris gets no longer
};

struct GatewayStats {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;         ///< to a model
  std::uint64_t others = 0;           ///< model lists, token counts
  std::uint64_t counts_asked = 0;     ///< questions of our own for a prompt's size
  std::uint64_t strangers = 0;        ///< without our token
  std::uint64_t refused = 0;
  std::uint64_t cut = 0;
  std::uint64_t repeated = 0;         ///< answers that were thrown away unseen and asked for again
  std::size_t under_way = 0;
  std::size_t waiting = 0;
  std::int64_t reserved = 0;
  std::int64_t unconfirmed = 0;
  PredictionError error;
};

/// The loopback gateway of one run: admits, clamps, meters, holds and refuses what the agent asks of its provider.
/// Thread: all on the io_context's own. Lifetime: what `setup` points at, and the io_context, must outlive it; its
/// coroutines end when it is stopped or the context is destroyed.
class Gateway {
 public:
  Gateway(boost::asio::io_context& io, GatewaySetup setup);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Listens on 127.0.0.1, at a port of the kernel's choosing. Errors: io.
  [[nodiscard]] Result<void> listen();
  /// "http://127.0.0.1:PORT/<token>/<upstream>": the base that stands for upstreams[upstream]. A secret of the run.
  [[nodiscard]] std::string url(std::size_t upstream) const;
  [[nodiscard]] std::vector<std::string> urls() const;
  /// "http://127.0.0.1:PORT/<token>/": what every url() begins with.
  [[nodiscard]] std::string prefix() const;

  /// From now on no request leaves; those that wait are refused too. `text` is what the agent's user reads.
  void refuse_all(std::string text);
  /// From now on every request waits, with signs of life, until resume().
  void hold();
  void resume();
  /// The next request that offers tools carries these words as one more message of the user, once.
  void tell_agent(std::string text);
  /// What is left has changed: those that wait are weighed again. (Settled requests do this by themselves.)
  void left_changed();
  /// Closes everything.
  void stop();

  [[nodiscard]] GatewayStats stats() const;

  class Impl;  ///< of this folder

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace ts::gateway
