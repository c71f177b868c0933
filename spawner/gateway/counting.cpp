#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

#include "spawner/gateway/count.hpp"
#include "spawner/gateway/exchange.hpp"

namespace ts::gateway {
namespace {

constexpr std::chrono::seconds kCountTime{10};
constexpr std::size_t kLongestCount = 64 * 1024;

}  // namespace

bool Exchange::wants_exact() {
  const CountMode mode = gateway_.setup.count;
  const auto left = gateway_.left();
  if (asked_ || mode == CountMode::estimate || !left || !session_.body_done() || facts_.broken) return false;
  if (mode == CountMode::exact || prediction_.basis == Basis::bytes) return true;
  TokenCounts least;
  least.output = ask_.least_output;
  return saturating_add(ask_.input_cost, gateway_.cost(facts_.model, least)) > *gateway_.balance.available(left);
}

/// Asks the provider how large the prompt is. Whatever goes wrong: the estimate stays.
asio::awaitable<void> Exchange::ask_provider() {
  asked_ = true;
  const auto question = count_question(*route_.shape, route_.target, buffered_);
  if (!question) co_return;
  const auto failed = co_await open_link();
  if (failed) co_return;
  ++gateway_.stats.counts_asked;
  asio::steady_timer limit(gateway_.io, kCountTime);
  const auto asked = std::make_shared<Link*>(link_.get());  // null when the answer is there: the timer may have gone off already
  limit.async_wait([asked](error_code late) {
    if (!late && *asked != nullptr) (*asked)->close();
  });
  const std::string head = request_head("POST", question->target) + fmt::format("content-length: {}\r\n\r\n", question->body.size());
  error_code error;
  const std::vector<asio::const_buffer> both = {asio::buffer(head), asio::buffer(question->body)};
  co_await link_->write(both, error);
  response_ = std::make_unique<Response>();
  const bool answered = !error && co_await read_answer_head();
  std::string text;
  response_->eager(true);
  bool more = answered;
  while (more && !response_->is_done() && text.size() < kLongestCount) {
    if (link_->pending.empty() || starved_) more = co_await fill();
    if (!more) break;
    response_->body.clear();
    const std::size_t used = response_->put(asio::buffer(link_->pending), error);
    for (const std::string_view part : response_->body) text.append(part);
    link_->pending.erase(0, used);
    starved_ = used == 0;
    more = !error || error == boost::beast::http::error::need_more;
  }
  starved_ = false;
  limit.cancel();
  *asked = nullptr;
  const bool whole = answered && response_->is_done();
  if (whole && upstream_status_ == 200) exact_ = counted(*route_.shape, text);
  const bool kept = whole && !response_->need_eof() && response_->keep_alive() && link_->pending.empty();
  if (kept) {
    link_->used = true;
  } else {
    link_.reset();
  }
  response_.reset();
  upstream_status_ = 0;
}

}  // namespace ts::gateway
