// An answer that may be cut because of us (WhenFull::hold): kept back until it is known to be whole, else thrown away and asked for again.
#include <fmt/format.h>

#include "spawner/gateway/exchange.hpp"

namespace ts::gateway {
namespace {

constexpr std::size_t kAnswersKept = 4;  ///< of the greatest length, at the same time
/// Limits double, so four times are enough; a provider whose bills can't be foreseen may cut it more often.
constexpr int kMostRepeats = 8;

}  // namespace

bool Exchange::may_fall_short() {
  const auto left = gateway_.left();
  if (gateway_.setup.when_full != WhenFull::hold || !left || !session_.body_done()) return false;
  if (granted_ < whole_answer()) return true;
  // It has its own limit. But what its input is billed beyond the prediction must be taken from somewhere, or the answer pays for it.
  TokenCounts spare;
  spare.output = kComfortable;
  return *gateway_.balance.available(left) < gateway_.cost(facts_.model, spare);
}

void Exchange::begin_keeping() {
  if (!keep_ || !usage_) return;
  if (!committed_) kept_head_ = answer_head();
  kept_ = std::make_unique<KeptAnswer>(*route_.shape, tap_ ? ApiBody::sse : ApiBody::json, gateway_.kept);
}

/// Takes what has come of it. The provider's own pace is the client's: signs of life go out where something came in.
asio::awaitable<bool> Exchange::keep() {
  kept_->add(out_);
  gateway_.show_life();
  const std::size_t most = gateway_.setup.most_kept;
  if (kept_->bytes().size() > most || gateway_.kept > kAnswersKept * most) {
    keep_ = false;
    co_return co_await release();
  }
  const bool due = std::chrono::steady_clock::now() - last_sign_ >= gateway_.setup.keep_alive;
  if (due && tap_ && !decoder_ && upstream_status_ == 200) co_await show_sign();
  co_return !session_.client_gone();
}

/// It leaves after all. False: the client has left.
asio::awaitable<bool> Exchange::release() {
  const auto kept = std::move(kept_);
  const std::string& bytes = kept->bytes();
  const bool framed = (chunked_ || committed_) && !bytes.empty();
  line_.status = upstream_status_;
  line_.sent_bytes += bytes.size();
  std::string head = committed_ ? std::string{} : std::move(kept_head_);
  if (framed) head += fmt::format("{:x}\r\n", bytes.size());
  const std::string_view end = framed ? "\r\n" : "";
  const std::vector<asio::const_buffer> parts = {asio::buffer(head), asio::buffer(bytes), asio::buffer(end)};
  co_return co_await session_.write(parts);
}

/// Whether the answer, which nobody has seen, ended where it did because of us.
bool Exchange::fell_short(bool whole) {
  const Ending ending = kept_->finish();
  if (repeats_ >= kMostRepeats) return false;
  if (cut_) return true;
  if (!whole || !line_.clamped || granted_ >= whole_answer()) return false;
  const auto counts = usage_ ? usage_->counts() : std::nullopt;
  return cut_by({*line_.clamped, granted_}, ending, counts ? std::optional(counts->output) : std::nullopt);
}

void Exchange::throw_away(bool whole) {
  line_.outcome = Outcome::repeated;
  ++gateway_.stats.repeated;
  kept_.reset();
  give_link_back(whole);
  link_.reset();
}

/// The books of that attempt are closed (it was billed), and the request waits for its turn like a new one.
void Exchange::begin_again() {
  settle();
  too_little_ = granted_;
  ++repeats_;
  RequestLine next;
  next.at = gateway_.setup.now ? gateway_.setup.now() : UtcTime{};
  next.api = line_.api;
  next.run = line_.run;
  next.agent = line_.agent;
  next.model = facts_.model;
  next.status = committed_ ? 200 : 0;
  line_ = std::move(next);
  begun_ = std::chrono::steady_clock::now();
  ticket_ = 0;
  told_.reset();
  nested_cost_ = 0;
  cut_ = starved_ = chunked_ = filtered_ = false;
  response_.reset();
  usage_.reset();
  sink_.reset();
  decoder_.reset();
  tap_.reset();
  upstream_status_ = 0;
  response_id_.clear();
  given_id_ = fmt::format("gateway-{}", gateway_.next_request++);
}

}  // namespace ts::gateway
