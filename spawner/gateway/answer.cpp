#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>

#include "accounting/base/ascii.hpp"
#include "spawner/gateway/exchange.hpp"
#include "spawner/gateway/refusal.hpp"

namespace ts::gateway {
namespace {

constexpr std::size_t kMostRead = 64 * 1024;
constexpr std::size_t kFrame = 8;   ///< a chunk's head: six digits and a line end
constexpr std::uint32_t kHeadLimit = 1024 * 1024;

}  // namespace

/// Passes usage on, with an id that is the response's own within the run.
class Exchange::CountingSink final : public UsageSink {
 public:
  explicit CountingSink(Exchange& exchange) : exchange_(exchange) {}
  void on_usage(const UsageEvent& event) override { exchange_.note_usage(event); }
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent&) override {}

 private:
  Exchange& exchange_;
};

asio::awaitable<bool> Exchange::fill() {
  const std::size_t before = link_->pending.size();
  link_->pending.resize(before + room_);
  error_code error;
  const std::size_t got = co_await link_->read_some(asio::buffer(link_->pending.data() + before, room_), error);
  link_->pending.resize(before + got);
  if (got == room_) room_ = kMostRead;  // there is more where this came from
  co_return got > 0;
}

asio::awaitable<bool> Exchange::read_answer_head() {
  for (;;) {
    response_->header_limit(kHeadLimit);
    response_->eager(false);
    response_->skip(session_.request().method == "HEAD");
    while (!response_->is_header_done()) {
      if (link_->pending.empty() && !co_await fill()) co_return false;
      error_code error;
      const std::size_t used = response_->put(asio::buffer(link_->pending), error);
      link_->pending.erase(0, used);
      if (response_->is_header_done()) break;
      if (error && error != boost::beast::http::error::need_more) co_return false;
      if (!co_await fill()) co_return false;
    }
    upstream_status_ = response_->status;
    if (upstream_status_ / 100 != 1) co_return true;
    response_ = std::make_unique<Response>();  // "100 Continue", "103 Early Hints": the answer is still to come
  }
}

std::string Exchange::answer_head() {
  const bool no_body = response_->is_done();
  const bool known_length = response_->content_length().has_value() && !filtered_;
  const bool old_client = session_.request().version < 11;
  chunked_ = !no_body && !known_length && !old_client;
  if (!no_body && !known_length && old_client) session_.keep_open(false);
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response_->status, response_->reason);
  const std::string_view connection = response_->header.get("connection");
  for (const auto& [name, value] : response_->header.lines) {
    if (hop_by_hop(name, connection) || (filtered_ && equal_ignoring_case(name, "content-length"))) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (chunked_) head += "transfer-encoding: chunked\r\n";
  if (!session_.keeps_open()) head += "connection: close\r\n";
  return head + "\r\n";
}

void Exchange::begin_metering() {
  if (!route_.shape || upstream_status_ / 100 != 2) return;
  const bool sse = response_->header.get("content-type").starts_with("text/event-stream");
  const std::string_view encoding = response_->header.get("content-encoding");
  usage_ = make_api_usage({*route_.shape, sse ? ApiBody::sse : ApiBody::json, given_id_, facts_.model});
  sink_ = std::make_unique<CountingSink>(*this);
  if (!is_identity(encoding)) decoder_ = make_decoder(encoding);
  if (!is_identity(encoding) && !decoder_) usage_.reset();
  if (!sse || !usage_) return;
  filtered_ = edit_.include_usage && is_identity(encoding);
  tap_.emplace(*route_.shape, filtered_ ? EventTap::Hide::chat_usage : EventTap::Hide::nothing);
}

void Exchange::note_usage(const UsageEvent& event) {
  if (response_id_.empty()) {
    response_id_ = event.response_id;
    // Some servers give every response the same id: it is still another response.
    if (!gateway_.first_use(response_id_)) response_id_ += "/" + given_id_;
  }
  UsageEvent own = event;
  own.response_id = response_id_;
  line_.counts = event.counts;
  if (!event.model.empty()) line_.model = event.model;
  const std::int64_t cost = gateway_.cost(line_.model, event.counts);
  if (line_.run.empty()) {
    gateway_.setup.usage->on_usage(own);
  } else {
    gateway_.setup.nested(line_.run, std::max<std::int64_t>(cost - nested_cost_, 0));
    nested_cost_ = std::max(nested_cost_, cost);
  }
  gateway_.balance.counted(ticket_, cost);
  if (gateway_.setup.on_activity) gateway_.setup.on_activity();
}

/// Bytes of the answer as the provider meant them.
void Exchange::meter(std::string_view bytes) {
  if (!usage_) return;
  if (!decoder_) {
    if (kept_) kept_->read(bytes);
    return usage_->push(bytes, *sink_);
  }
  std::string plain;
  if (!decoder_->push(bytes, plain)) decoder_ = nullptr, usage_->finish(*sink_);
  usage_->push(plain, *sink_);
  if (kept_) kept_->read(plain);
  if (tap_) (void)tap_->push(plain);
}

/// The answer is about to take more than was reserved for it, and there is nothing to add: the prediction was short.
bool Exchange::overruns() {
  if (!usage_ || !gateway_.left() || ticket_ == 0 || granted_ >= kMaxTokens) return false;
  const auto counts = usage_->counts();
  if (!counts) return false;
  TokenCounts input = *counts;
  input.output = input.reasoning = 0;
  TokenCounts spoken;
  spoken.output = std::max(counts->output, tap_ ? tap_->estimated_output() : 0);
  TokenCounts granted;
  granted.output = granted_;
  const std::int64_t input_cost = gateway_.cost(facts_.model, input);
  const std::int64_t needed = input_cost + gateway_.cost(facts_.model, granted);
  if (needed <= line_.reserved) return false;
  if (gateway_.balance.grow(ticket_, needed - line_.reserved, gateway_.left())) {
    line_.reserved = needed;
    return false;
  }
  return input_cost + gateway_.cost(facts_.model, spoken) >= line_.reserved;
}

/// Passes on what the parser gave of the body. False: the client has left.
asio::awaitable<bool> Exchange::forward() {
  const bool framed = !kept_ && (chunked_ || committed_);
  out_.assign(framed ? kFrame : 0, ' ');
  for (const std::string_view part : response_->body) {
    meter(part);
    const std::string_view shown = tap_ && !decoder_ ? tap_->push(part) : part;
    out_.append(filtered_ ? shown : part);
  }
  const std::size_t size = out_.size() - (framed ? kFrame : 0);
  if (size == 0) co_return true;
  if (kept_) co_return co_await keep();
  line_.sent_bytes += size;
  gateway_.show_life();
  if (framed) {
    fmt::format_to_n(out_.begin(), kFrame, "{:0{}x}\r\n", size, kFrame - 2);  // leading zeros are fine (RFC 9112 7.1)
    out_ += "\r\n";
  }
  co_return co_await session_.write(std::string_view{out_});
}

/// True: the answer came to its end as it was announced, and all of it was passed on.
asio::awaitable<bool> Exchange::relay_body() {
  response_->eager(true);
  bool ended = false;
  while (!response_->is_done()) {
    if (link_->pending.empty() || starved_) {
      starved_ = false;
      if (!co_await fill()) {
        error_code error;
        response_->put_eof(error);  // right where only the end of the connection tells the length
        ended = !error && response_->is_done();
        break;
      }
    }
    error_code error;
    response_->body.clear();
    const std::size_t used = response_->put(asio::buffer(link_->pending), error);
    if (!co_await forward()) {
      line_.outcome = Outcome::client_gone;
      co_return false;
    }
    link_->pending.erase(0, used);
    if (error && error != boost::beast::http::error::need_more) break;
    starved_ = used == 0;
    if (overruns()) {
      cut_ = true;
      co_return false;
    }
  }
  co_return ended || response_->is_done();
}

/// We have begun the answer already: only the events of a good stream can still be passed on. False: something else came.
asio::awaitable<bool> Exchange::take_answer_in_stream() {
  if (upstream_status_ == 200 && tap_) co_return true;
  std::string text;
  response_->eager(true);
  while (!response_->is_done() && text.size() < 4096) {
    error_code error;
    response_->body.clear();
    const std::size_t used = response_->put(asio::buffer(link_->pending), error);
    for (const std::string_view part : response_->body) text.append(part);
    link_->pending.erase(0, used);
    if ((error && error != boost::beast::http::error::need_more) || (!response_->is_done() && !co_await fill())) break;
  }
  std::string words = fmt::format("the provider answered {}: {}", upstream_status_, text.substr(0, 4096));
  co_await fail(upstream_status_, std::move(words));
  co_return false;
}

asio::awaitable<void> Exchange::relay() {
  begin_metering();
  if (committed_ && !co_await take_answer_in_stream()) co_return;
  begin_keeping();
  if (!kept_) line_.status = upstream_status_;
  if (!kept_ && !committed_) {
    const std::string head = answer_head();
    const std::vector<asio::const_buffer> one = {asio::buffer(head)};
    if (!co_await session_.write(one)) line_.outcome = Outcome::client_gone;
  }
  bool whole = line_.outcome == Outcome::passed && co_await relay_body();
  if (usage_ && sink_) usage_->finish(*sink_);
  if (session_.client_gone()) line_.outcome = Outcome::client_gone;
  if (kept_ && line_.outcome == Outcome::passed && fell_short(whole)) co_return throw_away(whole);
  bool there = line_.outcome != Outcome::client_gone;
  if (kept_ && there) {
    there = co_await release();
    if (!there) line_.outcome = Outcome::client_gone;
    whole = whole && there;
  }
  kept_.reset();
  co_await end_answer(whole);
}

/// What follows the last byte of the provider's.
asio::awaitable<void> Exchange::end_answer(bool whole) {
  if (cut_) {
    ++gateway_.stats.cut;
    line_.outcome = Outcome::cut;
    link_->close();
  }
  std::string end;
  if (whole && tap_ && filtered_) {
    const std::string_view rest = tap_->finish();
    if (!rest.empty()) end = fmt::format("{:x}\r\n{}\r\n", rest.size(), rest);
  }
  if (cut_ && tap_) {
    const std::string event = error_event(*route_.shape, kCapStatus, "tracked-spawn: the token cap is reached: this answer was cut");
    end = fmt::format("{:x}\r\n{}\r\n", event.size(), event);
  }
  if ((whole || (cut_ && tap_)) && (chunked_ || committed_)) {
    end += "0\r\n\r\n";
    const std::vector<asio::const_buffer> one = {asio::buffer(end)};
    if (!co_await session_.write(one)) session_.keep_open(false);
  } else if (!whole) {
    if (line_.outcome == Outcome::passed) line_.outcome = Outcome::upstream_failed;
    session_.keep_open(false);  // the client must see that it was not all
  }
  if (!session_.body_done()) session_.keep_open(false);
  give_link_back(whole);
}

void Exchange::give_link_back(bool whole) {
  if (whole && sent_whole_ && !response_->need_eof() && response_->keep_alive() && link_->pending.empty())
    gateway_.keep_link(route_.upstream, std::move(link_));
}

}  // namespace ts::gateway
