#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/usage/api.hpp"

namespace ts::gateway {

/// What admission needs to know of a request.
struct RequestFacts {
  std::string model;                        ///< empty: not said
  bool stream = false;
  std::optional<Tokens> max_output;         ///< its own limit (the highest, if it has several names for it)
  std::optional<Tokens> thinking_budget;    ///< Anthropic's thinking.budget_tokens
  Tokens choices = 1;                       ///< answers asked for at once: each may take the whole limit
  bool include_usage = false;               ///< OpenAI Chat: stream_options.include_usage
  std::uint64_t weight = 0;                 ///< bytes of text in it; images and files count as what they are billed like
  std::uint64_t tools = 0;                  ///< hash of the tools and the model
  bool ends_with_user = false;              ///< the last message is the user's, or a tool's result
  bool has_tools = false;                   ///< it offers tools: an agent at work, not the naming of a session
  std::uint64_t thread = 0;                 ///< of whose conversation it is: hash of the key that names it, else of its beginning up to the user's first words; 0: unknown
  std::vector<std::uint64_t> turns;         ///< hash of the conversation up to each message; cache marks left out
  bool whole = false;                       ///< the body was one JSON object from its first byte to its last
  bool broken = false;                      ///< it isn't one, or it says in a strange way what must be found
};

/// What must be changed in a request. Everything else stays as it is, byte for byte.
struct BodyEdit {
  std::optional<Tokens> max_output;   ///< no limit in the body may be higher; absent: not touched
  std::string_view limit_name = {};   ///< a limit of that name is added where there is none; empty: it is not (see limit_name())
  bool include_usage = false;         ///< OpenAI Chat: usage in the stream is asked for
  std::string_view message = {};      ///< JSON of one more message at the end of the conversation; empty: none
  [[nodiscard]] bool any() const { return max_output.has_value() || include_usage || !message.empty(); }
  /// What the body may grow by, at most.
  [[nodiscard]] std::size_t growth() const { return kMostGrowth + (message.empty() ? 0 : message.size() + 1); }
  static constexpr std::size_t kMostGrowth = 128;
};

/// The name under which a provider takes an output limit that the request doesn't have; empty: the request must have one.
[[nodiscard]] std::string_view limit_name(ApiShape shape, std::string_view host);

/// One pass over a request's body, in pieces of any size: finds the facts and makes the edits. Values are replaced at their old
/// length (JSON allows blanks), additions are at most kMaxGrowth bytes, so that a length can be promised before the body is seen.
/// Memory: bounded by the number of messages. No I/O.
class BodyPass {
 public:
  static constexpr std::size_t kMaxGrowth = BodyEdit::kMostGrowth;   ///< without a message

  explicit BodyPass(ApiShape shape, BodyEdit edit = {});
  /// `out`: the edited bytes are appended; null: only the facts are wanted.
  void push(std::string_view chunk, std::string* out);
  /// The body ended.
  void finish();
  [[nodiscard]] const RequestFacts& facts() const { return facts_; }
  /// Bytes that were added up to now; the body must grow by BodyEdit::growth() in all if that was promised, with blanks behind it.
  [[nodiscard]] std::size_t grown() const { return grown_; }

 private:
  enum class State : std::uint8_t { value, first_key, key, colon, comma, string, key_string, scalar, done };
  static constexpr std::uint64_t kBasis = 0xcbf29ce484222325;  ///< of FNV-1a
  struct Level {
    bool object = false;
    bool members = false;
  };

  const char* string_part(const char* at, const char* end);
  void open(bool object);
  void close(std::string* out);
  void close_if_right(char c, std::string* out);
  void end_string();
  void end_key();
  void end_scalar(std::string* out);
  void end_value();
  void note_message();
  void note_string();
  void add_what_is_missing(std::string* out);
  bool structural(char c, std::string* out);
  void weigh(std::string_view bytes);
  void insert(std::string_view text, std::string* out);
  void number(std::string_view name, std::string* out);
  void word(std::string_view name, std::string* out);
  [[nodiscard]] bool watched() const;
  [[nodiscard]] std::string_view key_at(std::size_t depth) const { return depth < keys_.size() ? std::string_view{keys_[depth]} : std::string_view{}; }
  [[nodiscard]] bool in_config() const;
  void fail() { facts_.broken = true; state_ = State::done; }

  ApiShape shape_;
  BodyEdit edit_;
  RequestFacts facts_;
  State state_ = State::value;
  std::vector<Level> stack_;
  std::array<std::string, 3> keys_;   ///< the current key of the objects at depth 1 and 2 (by depth; 0 unused)
  std::string key_;                   ///< the current key at any depth, its first bytes
  std::string token_;                 ///< the scalar or watched string that is being read
  std::size_t string_size_ = 0;
  std::size_t cache_mark_ = 0;        ///< depth of a cache_control value; 0: not within one
  bool escaped_ = false;
  bool strange_ = false;              ///< the key has escapes
  std::string role_;                  ///< of the message that is being read
  bool limit_seen_ = false;
  bool config_seen_ = false;
  bool usage_option_seen_ = false;
  std::uint64_t tools_hash_ = kBasis;
  std::uint64_t cache_key_ = 0;       ///< OpenAI's prompt_cache_key: agents give each thread its own
  std::uint64_t turn_hash_ = kBasis;
  std::size_t grown_ = 0;
};

}  // namespace ts::gateway
