#pragma once

#include "spawner/gateway/route.hpp"
#include "spawner/gateway/session.hpp"
#include "spawner/gateway/sse.hpp"

namespace ts::gateway {

/// One request and its answer. Only for the .cpp files of this folder. Its files: exchange.cpp (the course of it), admission.cpp and
/// counting.cpp (before it leaves), answer.cpp (the way back).
class Exchange {
 public:
  Exchange(Session& session, Route route);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  asio::awaitable<void> run();

 private:
  using Response = Message<false>;
  class CountingSink;

  // admission.cpp, counting.cpp
  asio::awaitable<void> read_request();
  asio::awaitable<bool> admit();
  asio::awaitable<void> wait_for_balance();
  [[nodiscard]] std::string refusal_text(const Shortage& shortage) const;
  asio::awaitable<void> refuse(std::string text);
  asio::awaitable<void> fail(int status, std::string text);
  asio::awaitable<void> ask_provider();
  [[nodiscard]] bool wants_exact();
  [[nodiscard]] bool takes_message() const;
  [[nodiscard]] Ask ask();
  void plan_edit(Tokens granted);
  [[nodiscard]] bool grow_input();

  // exchange.cpp
  asio::awaitable<std::optional<std::string>> open_link();
  asio::awaitable<bool> connect();
  asio::awaitable<bool> send_request();
  asio::awaitable<bool> send_once();
  asio::awaitable<bool> send_pieces(std::string piece);
  [[nodiscard]] std::string request_head(std::string_view method, std::string_view target) const;
  void settle();

  // answer.cpp
  asio::awaitable<bool> fill();
  asio::awaitable<bool> read_answer_head();
  asio::awaitable<void> relay();
  asio::awaitable<bool> relay_body();
  asio::awaitable<bool> forward();
  asio::awaitable<bool> take_answer_in_stream();
  [[nodiscard]] std::string answer_head();
  void begin_metering();
  void meter(std::string_view bytes);
  void note_usage(const UsageEvent& event);
  [[nodiscard]] bool overruns();

  Session& session_;
  Gateway::Impl& gateway_;
  Route route_;
  RequestLine line_;
  MonoTime begun_;
  std::string buffered_;                 ///< the first part of the body (all of it, mostly)
  RequestFacts facts_;
  std::unique_ptr<BodyPass> pass_;       ///< the edit
  BodyEdit edit_;
  std::string message_;                  ///< what edit_ puts behind the conversation
  Prediction prediction_;
  Ask ask_;
  std::optional<Tokens> exact_;          ///< the prompt's size by the provider's own word
  bool asked_ = false;                   ///< the provider was asked for it
  std::uint64_t ticket_ = 0;             ///< 0: none
  Tokens granted_ = kMaxTokens;
  bool last_ = false;                    ///< granted_ is all that was left
  std::int64_t nested_cost_ = 0;         ///< told to setup.nested
  bool committed_ = false;               ///< we have begun the answer ourselves, to keep the client
  bool sent_whole_ = false;
  bool streamed_ = false;                ///< the body was passed through in pieces: it can't be sent again
  bool cut_ = false;
  bool starved_ = false;                 ///< the parser needs more than what is pending
  int upstream_status_ = 0;
  asio::steady_timer* timer_ = nullptr;  ///< while it waits
  std::unique_ptr<Link> link_;
  std::unique_ptr<Response> response_;
  std::unique_ptr<ApiUsage> usage_;
  std::unique_ptr<UsageSink> sink_;
  std::unique_ptr<Decoder> decoder_;
  std::optional<EventTap> tap_;
  std::string out_;                      ///< the bytes of one write
  std::size_t room_ = 16 * 1024;         ///< of one read
  bool chunked_ = false;                 ///< how the answer leaves
  bool filtered_ = false;
  std::string response_id_;
  std::string given_id_;
};

}  // namespace ts::gateway
