#include <fmt/format.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "spawner/gateway/exchange.hpp"
#include "spawner/gateway/refusal.hpp"

namespace ts::gateway {
namespace {

/// A body up to here is read before anything is decided; what follows passes through in pieces.
constexpr std::size_t kReadAhead = std::size_t{1} << 20;
/// Source: Anthropic's page on extended thinking (budget_tokens is at least 1024 and below max_tokens).
constexpr Tokens kLeastThinking = 1025;
constexpr Tokens kLeastOutput = 512;  ///< a tool call that is cut in the middle is of no use to anybody: rather say no

}  // namespace

asio::awaitable<void> Exchange::read_request() {
  while (!session_.body_done() && !session_.failed() && buffered_.size() < kReadAhead) buffered_ += co_await session_.next_body();
  if (!route_.shape) co_return;
  pass_ = std::make_unique<BodyPass>(*route_.shape);
  pass_->push(buffered_, nullptr);
  if (session_.body_done()) pass_->finish();
  facts_ = pass_->facts();
  if (!route_.model.empty()) facts_.model = route_.model;
  facts_.stream = facts_.stream || route_.streams;
  line_.model = facts_.model;
  line_.agent = gateway_.agent_of(facts_);
}

/// Whether the words for the agent leave with this request.
bool Exchange::takes_message() const { return !gateway_.message.empty() && message_.empty() && facts_.has_tools && facts_.whole && !facts_.broken && facts_.ends_with_user; }

Tokens Exchange::choices() const { return std::clamp<Tokens>(facts_.choices, 1, 1'000'000); }

/// With so much output no answer to it is cut.
Tokens Exchange::whole_answer() const { return std::clamp<Tokens>(facts_.max_output.value_or(kLongestAnswer), 1, kLongestAnswer) * choices(); }

Tokens Exchange::least_output() const {
  if (gateway_.setup.when_full == WhenFull::refuse) return (facts_.thinking_budget ? kLeastThinking : kLeastOutput) * choices();
  // Where a person is to decide, an answer must not be cut because of us: what can't be asked for again waits for all that it may need.
  if (!session_.body_done()) return whole_answer();
  return too_little_ > 0 ? std::min(whole_answer(), 2 * too_little_) : kComfortable * choices();
}

Ask Exchange::ask() {
  RequestFacts facts = facts_;
  if (takes_message()) facts.weight += gateway_.message.size() + 64;
  prediction_ = gateway_.predictor.predict(*route_.shape, facts, std::chrono::steady_clock::now());
  if (exact_) prediction_ = with_exact(*route_.shape, prediction_, *exact_ + static_cast<Tokens>(facts.weight - facts_.weight));
  Ask out;
  out.input_cost = gateway_.cost(facts_.model, prediction_.counts);
  out.million_output_cost = gateway_.million_output(facts_.model);
  if (facts_.max_output) out.wanted_output = *facts_.max_output > kMaxTokens / choices() ? kMaxTokens : *facts_.max_output * choices();
  out.least_output = std::min(least_output(), std::max<Tokens>(out.wanted_output, 1));
  return out;
}

void Exchange::plan_edit(Tokens granted) {
  granted_ = granted;
  edit_.max_output.reset();
  edit_.limit_name = {};
  if (granted < kMaxTokens) {
    const Tokens each = std::max<Tokens>(granted / std::max<Tokens>(facts_.choices, 1), 1);
    if (!facts_.whole || !facts_.max_output || *facts_.max_output > each) {
      edit_.max_output = each;
      edit_.limit_name = limit_name(*route_.shape, gateway_.setup.upstreams[route_.upstream].base.host);
      line_.clamped = each;
    }
  }
  if (takes_message()) {
    message_ = user_message(*route_.shape, std::exchange(gateway_.message, {}));
    edit_.message = message_;
    facts_.weight += message_.size();
    if (gateway_.setup.on_told) gateway_.setup.on_told(line_.agent);
  }
  edit_.include_usage = *route_.shape == ApiShape::openai_chat && facts_.stream && !facts_.include_usage;
}

/// It may leave.
Exchange::Step Exchange::take(const Admit& admitted) {
  // All that is left, and too little for a whole answer: whoever can give more is asked first.
  const bool scarce = admitted.last && admitted.output < std::min(ask_.wanted_output, kComfortable);
  if (scarce && gateway_.setup.more && !std::exchange(begged_, true)) {
    TokenCounts whole;
    whole.output = std::min(ask_.wanted_output, kComfortable);
    gateway_.balance.settle(admitted.ticket, 0);
    (void)gateway_.setup.more(saturating_add(ask_.input_cost, gateway_.cost(facts_.model, whole)));
    return Step::again;
  }
  ticket_ = admitted.ticket;
  line_.reserved = admitted.reserved;
  last_ = admitted.last;
  plan_edit(admitted.output);
  keep_ = may_fall_short();
  return Step::go;
}

/// Puts it on the balance. `shortage`: why it is refused, if it is.
Exchange::Step Exchange::weigh(Shortage& shortage) {
  line_.predicted = prediction_.counts;
  const Verdict verdict = gateway_.balance.weigh(ask_, gateway_.left());
  if (const auto* admitted = std::get_if<Admit>(&verdict)) return take(*admitted);
  const auto* no = std::get_if<Refuse>(&verdict);
  if (no == nullptr) return Step::wait;
  shortage = {no->needed, no->left};
  if (gateway_.setup.on_full && told_ != gateway_.changes) {
    if (gateway_.setup.on_full(shortage)) return Step::again;
    told_ = gateway_.changes;
  }
  return gateway_.setup.when_full == WhenFull::refuse ? Step::refuse : Step::wait;
}

/// Waits for its turn. False: the request was answered without the provider, or nobody waits for an answer any more.
asio::awaitable<bool> Exchange::admit() {
  std::string refusal;
  if (facts_.broken && gateway_.left()) refusal = "tracked-spawn: the request's body is not a JSON object that can be metered, so it can't be held to the cap";
  while (refusal.empty()) {
    if (session_.client_gone() || gateway_.stopped) {
      line_.outcome = Outcome::client_gone;
      co_return false;
    }
    if (gateway_.refusing) {
      refusal = *gateway_.refusing;
      break;
    }
    Step step = Step::wait;
    if (!gateway_.holding) {
      ask_ = ask();
      if (wants_exact()) {
        co_await ask_provider();
        continue;
      }
      Shortage shortage;
      step = weigh(shortage);
      if (step == Step::refuse) refusal = refusal_text(shortage);
    }
    if (step == Step::go) co_return true;
    if (step == Step::wait) co_await wait_for_balance();
  }
  co_await refuse(std::move(refusal));
  co_return false;
}

/// Until something may have changed; a stream's client gets a sign of life from time to time.
asio::awaitable<void> Exchange::wait_for_balance() {
  const auto begin = std::chrono::steady_clock::now();
  asio::steady_timer timer(gateway_.io, gateway_.setup.keep_alive);
  const auto place = gateway_.waiting.insert(gateway_.waiting.end(), &timer);
  timer_ = &timer;
  error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  timer_ = nullptr;
  gateway_.waiting.erase(place);
  line_.held += std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  if (!error) co_await show_sign();
}

/// If the client can take one: of a stream that we may begin.
asio::awaitable<void> Exchange::show_sign() {
  last_sign_ = std::chrono::steady_clock::now();
  if (session_.client_gone() || !facts_.stream || !session_.body_done() || session_.request().version < 11) co_return;
  if (*route_.shape == ApiShape::gemini && route_.target.find("alt=sse") == std::string::npos) co_return;
  std::string bytes;
  if (!std::exchange(committed_, true)) {
    line_.status = 200;
    bytes = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
  }
  const std::string_view ping = keep_alive(*route_.shape);
  bytes += fmt::format("{:x}\r\n{}\r\n", ping.size(), ping);
  const std::vector<asio::const_buffer> one = {asio::buffer(bytes)};
  if (!co_await session_.write(one)) session_.close();
}

std::string Exchange::refusal_text(const Shortage& shortage) const {
  if (gateway_.setup.refusal_text) return gateway_.setup.refusal_text(shortage);
  return fmt::format("tracked-spawn: the token cap is reached: this request needs {}, {} are left", shortage.needed, shortage.left);
}

asio::awaitable<void> Exchange::refuse(std::string text) {
  ++gateway_.stats.refused;
  line_.outcome = Outcome::refused;
  co_await fail(kCapStatus, std::move(text));
}

asio::awaitable<void> Exchange::fail(int status, std::string text) {
  session_.end_watch();
  if (session_.client_gone()) co_return;
  if (committed_) {
    const std::string event = error_event(*route_.shape, status, text);
    const std::string bytes = fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", event.size(), event);
    const std::vector<asio::const_buffer> one = {asio::buffer(bytes)};
    if (!co_await session_.write(one)) session_.keep_open(false);
    co_return;
  }
  line_.status = status;
  co_await session_.discard_body();
  std::string body = error_body(route_.shape.value_or(ApiShape::openai_chat), status, text);
  co_await session_.answer(status, "application/json", std::move(body));
}

/// More of the body has come than was known when it was admitted. False: it can't be paid for.
bool Exchange::grow_input() {
  facts_.weight = pass_->facts().weight;
  facts_.broken = pass_->facts().broken;
  if (!gateway_.left()) return true;
  if (facts_.broken || pass_->facts().choices > std::max<Tokens>(facts_.choices, 1)) return false;
  const Ask now = ask();
  const std::int64_t more = now.input_cost - ask_.input_cost;
  if (more <= 0) return true;
  if (!gateway_.balance.grow(ticket_, more, gateway_.left())) return false;
  ask_.input_cost = now.input_cost;
  line_.predicted = prediction_.counts;
  line_.reserved += more;
  return true;
}

}  // namespace ts::gateway
