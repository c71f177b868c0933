#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ts {

/// What an agent's output or transcript tells of its doings, apart from usage.
enum class DeedKind {
  prompt,  ///< what the agent was told
  text,    ///< what it said or thought
  call,    ///< a tool that it called
  result,  ///< what came back
};

/// One of them. Ids and names as they stand in the line.
/// Lifetime: the views are valid during the call that delivers the deed.
struct Deed {
  DeedKind kind = DeedKind::text;
  std::string_view response;  ///< text, call: the response that it is part of, as in UsageEvent; empty: the line doesn't say
  std::string_view worker;    ///< a sub-agent's: the call that started it, or its own id; empty: not said
  std::string_view call;      ///< call, result: the call's id; empty: not said
  std::string_view tool;      ///< call: its name; result: empty where only the id is said
  std::string_view about;     ///< call: what it works on (a file, a command), a JSON string's inside; may be empty
  std::string_view starts;    ///< call of a sub-agent: what that is told, a JSON string's inside
  std::string_view child;     ///< call of a sub-agent: that one's own id; empty: not said
  std::string_view text;      ///< prompt, text: a JSON string's inside
  std::uint64_t bytes = 0;    ///< prompt, text, result: of the text with JSON's escapes undone; call: of the arguments as they stand
  std::string_view at;        ///< RFC 3339; empty: not said
};

class DeedSink {
 public:
  virtual ~DeedSink() = default;
  virtual void on_deed(const Deed& deed) = 0;
};

/// Reads the deeds out of one line of any known agent's stream or transcript, told apart by their shape. Lines of other kinds, and
/// what is broken, give none. A call or a result may be told twice (by its id). Time: linear in the line.
void read_deeds(std::string_view line, DeedSink& sink);

/// Reads the deeds out of one part of a message, as opencode's database holds it. `of` has what the part itself doesn't say: whose words its
/// texts are (kind: prompt or text), the response, the worker, the time.
void read_opencode_part(std::string_view part, const Deed& of, DeedSink& sink);

/// Bytes of a JSON string's inside once its escapes are undone, as UTF-8.
[[nodiscard]] std::uint64_t unescaped_size(std::string_view inside);

/// The inside of a JSON string with its escapes undone, cut at `limit` bytes.
[[nodiscard]] std::string unescaped(std::string_view inside, std::size_t limit);

}  // namespace ts
