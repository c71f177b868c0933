#include "spawner/gateway/exchange.hpp"

#include <fmt/format.h>

#include <boost/beast/http/error.hpp>

#include "accounting/base/ascii.hpp"

namespace ts::gateway {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kConnectTime{30};
constexpr std::size_t kEnough = 64 * 1024;  ///< bytes of a request in one write

/// A run's id, or nothing if it can't be one.
std::string run_named(std::string_view text) {
  const bool good = text.size() <= 32 && std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  return good ? std::string(text) : std::string{};
}

}  // namespace

Exchange::Exchange(Session& session, Route route)
    : session_(session), gateway_(session.gateway()), route_(std::move(route)), begun_(Clock::now()), last_sign_(begun_) {
  line_.at = gateway_.setup.now ? gateway_.setup.now() : UtcTime{};
  if (route_.shape) line_.api = name_of(*route_.shape);
  if (gateway_.setup.nested) line_.run = run_named(session_.request().header.get(kRunHeader));
  given_id_ = fmt::format("gateway-{}", gateway_.next_request++);
}

Exchange::~Exchange() = default;

asio::awaitable<void> Exchange::run() {
  ++(route_.shape ? gateway_.stats.requests : gateway_.stats.others);
  if (gateway_.setup.on_activity) gateway_.setup.on_activity();
  co_await read_request();
  if (session_.failed()) {
    session_.keep_open(false);
    line_.outcome = Outcome::client_gone;
    co_return;
  }
  if (session_.body_done())
    session_.watch_client([this] {
      if (timer_ != nullptr) timer_->cancel();
      if (link_) link_->close();
    });
  co_await attempt();
  while (line_.outcome == Outcome::repeated) {
    begin_again();
    co_await attempt();
  }
  session_.end_watch();
  settle();
}

/// To the provider and back.
asio::awaitable<void> Exchange::attempt() {
  // One co_await a statement: g++ 12 destroys what it has not made where a condition has one that may be skipped.
  bool admitted = true;
  if (route_.shape) admitted = co_await admit();
  if (!admitted) co_return;
  line_.latency = duration_cast<microseconds>(Clock::now() - begun_) - line_.held;
  const bool answered = co_await send_request();
  if (answered) co_await relay();
}

/// A connection to the upstream: the one that is there, a kept one, a new one. The error is words for people.
asio::awaitable<std::optional<std::string>> Exchange::open_link() {
  if (!link_) link_ = gateway_.idle_link(route_.upstream);
  if (link_) co_return std::nullopt;
  const Upstream& upstream = gateway_.setup.upstreams[route_.upstream];
  link_ = std::make_unique<Link>(gateway_.io);
  session_.limit(kConnectTime);
  asio::ssl::context* const tls = upstream.base.tls ? gateway_.tls() : nullptr;
  auto failed = co_await link_->open(upstream, tls);
  session_.no_limit();
  if (failed) link_.reset();
  co_return failed;
}

asio::awaitable<bool> Exchange::connect() {
  const auto failed = co_await open_link();
  if (!failed) co_return true;
  line_.outcome = session_.client_gone() ? Outcome::client_gone : Outcome::upstream_failed;
  std::string text = "tracked-spawn: the provider can't be reached: " + *failed;
  co_await fail(502, std::move(text));
  co_return false;
}

/// Sends it and reads the head of the answer. False: there is no answer, and the client knows.
asio::awaitable<bool> Exchange::send_request() {
  for (int attempt = 0;; ++attempt) {
    if (!co_await connect()) co_return false;
    const bool reused = link_->used;
    if (co_await send_once()) co_return true;
    if (session_.client_gone()) line_.outcome = Outcome::client_gone;
    if (line_.outcome == Outcome::refused || session_.client_gone()) co_return false;
    // A kept connection that the provider had closed meanwhile: it has not seen the request.
    const bool again = reused && attempt == 0 && !response_->got_some() && session_.body_done() && !streamed_;
    if (again) {
      link_.reset();
      continue;
    }
    line_.outcome = Outcome::upstream_failed;
    session_.keep_open(false);
    co_return false;
  }
}

asio::awaitable<bool> Exchange::send_once() {
  sent_whole_ = false;
  const auto& request = session_.request();
  const bool has_body = request.chunked() || request.content_length().value_or(0) > 0;
  if (route_.shape) pass_ = std::make_unique<BodyPass>(*route_.shape, edit_);
  std::string piece;
  if (route_.shape && edit_.any()) {
    pass_->push(buffered_, &piece);
  } else {
    if (route_.shape) pass_->push(buffered_, nullptr);
    piece = buffered_;
  }
  response_ = std::make_unique<Response>();
  if (session_.body_done()) {
    std::optional<std::uint64_t> length;
    if (has_body || request.method != "GET") length = piece.size();
    const std::string head = request_head(request.method, route_.target) + (length ? fmt::format("content-length: {}\r\n\r\n", *length) : "\r\n");
    error_code error;
    const std::vector<asio::const_buffer> both = {asio::buffer(head), asio::buffer(piece)};
    co_await link_->write(both, error);
    sent_whole_ = !error;
  } else {
    streamed_ = true;
    if (!co_await send_pieces(std::move(piece))) co_return false;
  }
  // A provider that refuses early may have said why although it did not read everything.
  co_return co_await read_answer_head();
}

/// The body is longer than what was read ahead: it passes through. False: nothing more can come of it.
asio::awaitable<bool> Exchange::send_pieces(std::string piece) {
  const auto& request = session_.request();
  std::optional<std::uint64_t> length;
  if (const auto told = request.content_length(); told && !request.header.lines.empty() && is_identity(request.header.get("content-encoding")))
    length = *told + (edit_.any() ? edit_.growth() : 0);
  std::string out = request_head(request.method, route_.target) + (length ? fmt::format("content-length: {}\r\n\r\n", *length) : "transfer-encoding: chunked\r\n\r\n");
  error_code error;
  for (;;) {
    const bool last = session_.body_done();
    if (last && route_.shape) pass_->finish();
    if (last && length && edit_.any()) piece.append(edit_.growth() - std::min(pass_->grown(), edit_.growth()), ' ');
    bool paid = true;
    if (route_.shape) paid = co_await pay_for_more();
    if (!paid) co_return false;
    if (!length && !piece.empty()) {
      out += fmt::format("{:x}\r\n", piece.size());
      out.append(piece).append("\r\n");
    } else {
      out += piece;
    }
    if (last && !length) out += "0\r\n\r\n";
    const std::vector<asio::const_buffer> one = {asio::buffer(out)};
    co_await link_->write(one, error);
    if (error || last) break;
    out.clear();
    piece = co_await next_piece();
    if (session_.failed()) {
      line_.outcome = Outcome::client_gone;
      session_.close();
      co_return false;
    }
  }
  sent_whole_ = !error;
  co_return true;
}

/// What comes next of the body, with its edits.
asio::awaitable<std::string> Exchange::next_piece() {
  std::string piece;
  while (piece.size() < kEnough && !session_.body_done() && !session_.failed()) {
    const std::string more = co_await session_.next_body();
    const bool edited = route_.shape && edit_.any();
    if (route_.shape) pass_->push(more, edited ? &piece : nullptr);
    if (!edited) piece += more;
  }
  co_return piece;
}

/// More of the body has come than was reserved for. False: it was refused, half of it sent.
asio::awaitable<bool> Exchange::pay_for_more() {
  while (!grow_input()) {
    const Shortage shortage{ask().input_cost, gateway_.left().value_or(0)};
    const bool payable = !facts_.broken && pass_->facts().choices <= std::max<Tokens>(facts_.choices, 1);
    if (payable && gateway_.setup.on_full && told_ != gateway_.changes) {
      if (gateway_.setup.on_full(shortage)) continue;
      told_ = gateway_.changes;
    }
    if (payable && gateway_.setup.when_full == WhenFull::hold && !gateway_.refusing && !gateway_.stopped) {
      co_await wait_for_balance();
      continue;
    }
    link_->close();
    line_.outcome = Outcome::refused;
    std::string text = refusal_text(shortage);
    co_await refuse(std::move(text));
    co_return false;
  }
  co_return true;
}

/// Up to the lines that tell the body's length.
std::string Exchange::request_head(std::string_view method, std::string_view target) const {
  const auto& request = session_.request();
  const BaseUrl& base = gateway_.setup.upstreams[route_.upstream].base;
  std::string path = base.path + std::string(target);
  if (!path.starts_with('/')) path.insert(0, "/");
  std::string head = fmt::format("{} {} HTTP/1.1\r\nhost: {}\r\n", method, path, base.authority());
  const std::string_view connection = request.header.get("connection");
  const bool decoded = route_.shape && !is_identity(request.header.get("content-encoding"));
  for (const auto& [name, value] : request.header.lines) {
    if (hop_by_hop(name, connection) || equal_ignoring_case(name, "host") || equal_ignoring_case(name, "content-length") || equal_ignoring_case(name, "expect") || equal_ignoring_case(name, kRunHeader)) continue;
    if (route_.shape && equal_ignoring_case(name, "accept-encoding")) continue;
    if (decoded && equal_ignoring_case(name, "content-encoding")) continue;
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (route_.shape) head += "accept-encoding: identity\r\n";
  if (const std::string& run = gateway_.setup.upstreams[route_.upstream].run; !run.empty()) head.append(kRunHeader).append(": ").append(run).append("\r\n");
  return head;
}

/// The books: what was billed for sure, what may have been, what was learned.
void Exchange::settle() {
  if (!route_.shape) return;
  const TokenCounts& counts = line_.counts;
  const bool known = usage_ && usage_->counts().has_value();
  const bool whole = line_.outcome == Outcome::passed || (line_.outcome == Outcome::repeated && !cut_);
  const bool may_be_billed = sent_whole_ && (upstream_status_ == 0 || upstream_status_ / 100 == 2);
  if (ticket_ != 0) {
    const Tokens said = tap_ ? tap_->estimated_output() : 0;
    TokenCounts doubtful;
    if (may_be_billed && !known) doubtful = prediction_.counts;
    if (may_be_billed && (!known || !whole)) doubtful.output = std::max<Tokens>(said - counts.output, 0);
    line_.unconfirmed = gateway_.left() ? gateway_.cost(facts_.model, doubtful) : 0;
    line_.billed = gateway_.cost(line_.model, counts);
    gateway_.balance.settle(ticket_, line_.unconfirmed);
    if (known) gateway_.predictor.learn(facts_, prediction_, counts, Clock::now());
  }
  // An answer that filled the last grant was cut by the cap, even if the agent makes do with it.
  const bool filled = last_ && line_.clamped && counts.output >= granted_ && !keep_;
  if (filled && gateway_.setup.on_full) (void)gateway_.setup.on_full({line_.billed, gateway_.left().value_or(0)});
  gateway_.wake();
  if (gateway_.setup.on_request) gateway_.setup.on_request(line_);
}

}  // namespace ts::gateway
