#pragma once

#include "spawner/gateway/keep_back.hpp"
#include "spawner/gateway/route.hpp"
#include "spawner/gateway/session.hpp"
#include "spawner/gateway/sse.hpp"

namespace ts::gateway {

/// One request and its answer. Only for the .cpp files of this folder. Its files: exchange.cpp (the course of it), admission.cpp and
/// counting.cpp (before it leaves), answer.cpp (the way back), repeat.cpp (an answer that is kept back, and asked for again).
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
  enum class Step { go, again, wait, refuse };

  // admission.cpp, counting.cpp
  asio::awaitable<void> read_request();
  asio::awaitable<bool> admit();
  [[nodiscard]] Step weigh(Shortage& shortage);
  [[nodiscard]] Step take(const Admit& admitted);
  asio::awaitable<void> wait_for_balance();
  asio::awaitable<void> show_sign();
  [[nodiscard]] std::string refusal_text(const Shortage& shortage) const;
  asio::awaitable<void> refuse(std::string text);
  asio::awaitable<void> fail(int status, std::string text);
  asio::awaitable<void> ask_provider();
  [[nodiscard]] bool wants_exact();
  [[nodiscard]] bool takes_message() const;
  [[nodiscard]] Ask ask();
  [[nodiscard]] Tokens choices() const;
  [[nodiscard]] Tokens whole_answer() const;
  [[nodiscard]] Tokens least_output() const;
  void plan_edit(Tokens granted);
  [[nodiscard]] bool grow_input();

  // exchange.cpp
  asio::awaitable<void> attempt();
  asio::awaitable<std::optional<std::string>> open_link();
  asio::awaitable<bool> connect();
  asio::awaitable<bool> send_request();
  asio::awaitable<bool> send_once();
  asio::awaitable<bool> send_pieces(std::string piece);
  asio::awaitable<std::string> next_piece();
  asio::awaitable<bool> pay_for_more();
  [[nodiscard]] std::string request_head(std::string_view method, std::string_view target) const;
  void settle();

  // answer.cpp
  asio::awaitable<bool> fill();
  asio::awaitable<bool> read_answer_head();
  asio::awaitable<void> relay();
  asio::awaitable<void> end_answer(bool whole);
  void give_link_back(bool whole);
  asio::awaitable<bool> relay_body();
  asio::awaitable<bool> forward();
  asio::awaitable<bool> take_answer_in_stream();
  [[nodiscard]] std::string answer_head();
  void begin_metering();
  void meter(std::string_view bytes);
  void note_usage(const UsageEvent& event);
  [[nodiscard]] bool overruns();

  // repeat.cpp
  [[nodiscard]] bool may_fall_short();
  void begin_keeping();
  asio::awaitable<bool> keep();
  asio::awaitable<bool> release();
  [[nodiscard]] bool fell_short(bool whole);
  void throw_away(bool whole);
  void begin_again();

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
  std::optional<std::uint64_t> told_;    ///< setup.on_full heard of it when Impl::changes stood there
  bool begged_ = false;                  ///< setup.more was asked
  std::int64_t nested_cost_ = 0;         ///< told to setup.nested
  bool committed_ = false;               ///< we have begun the answer ourselves, to keep the client
  MonoTime last_sign_;                   ///< of life, to the client
  bool keep_ = false;                    ///< its answer is kept back until it is known to be whole
  std::unique_ptr<KeptAnswer> kept_;
  std::string kept_head_;
  Tokens too_little_ = 0;                ///< with so much output its answer was cut by us, and it is asked again; 0: it was not
  int repeats_ = 0;
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
