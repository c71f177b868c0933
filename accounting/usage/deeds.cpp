#include "accounting/usage/deeds.hpp"

#include <string>
#include <string_view>

#include "accounting/usage/json_reader.hpp"

namespace ts {
namespace {

using json::member;

/// The arguments that say best what a call works on, best first.
constexpr std::string_view kAbout[] = {"file_path", "filePath", "path", "absolute_path", "notebook_path", "command", "cmd", "pattern", "query", "url",
                                       "description", "prompt"};

/// The elements of an array's text, or of the object that stands in its place.
template <class Use>
void for_each_element(std::string_view array, const Use& use) {
  json::Reader reader(array);
  if (!reader.enter_array()) {
    if (array.starts_with('{')) use(array);
    return;
  }
  while (reader.next_element()) {
    std::string_view element;
    if (!reader.raw(element)) return;
    use(element);
  }
}

/// The value of `key` as it stands, a string with its quotes. Empty: there is none.
std::string_view raw_member(std::string_view object, std::string_view key) {
  json::Reader reader(object);
  std::string_view name;
  std::string_view value;
  if (!reader.enter_object()) return {};
  while (reader.next_key(name)) {
    if (name == key) return reader.raw(value) ? value : std::string_view();
    reader.skip();
  }
  return {};
}

/// Bytes of all texts within a value: strings by what they say, objects and arrays of blocks by their `text`, else as they stand.
std::uint64_t text_size(std::string_view object, std::string_view key) {
  const std::string_view value = raw_member(object, key);
  if (value.starts_with('"')) return unescaped_size(value.substr(1, value.size() - 2));
  if (!value.starts_with('[')) return value.size();
  std::uint64_t size = 0;
  for_each_element(value, [&](std::string_view block) {
    const std::string_view text = member(block, {"text"});
    size += text.empty() ? block.size() : unescaped_size(text);
  });
  return size;
}

std::string_view about_of(std::string_view arguments) {
  if (!arguments.starts_with('{')) return {};
  for (const std::string_view key : kAbout)
    if (const std::string_view value = member(arguments, {key}); !value.empty()) return value;
  return {};
}

/// The deeds of one line: what they share, and who gets them.
class Line {
 public:
  Line(std::string_view line, DeedSink& sink) : line_(line), sink_(sink) {
    common_.at = member(line, {"timestamp"});
    if (common_.at.find_first_not_of("0123456789") == std::string_view::npos) common_.at = {};  // opencode counts milliseconds
  }
  Line(const Deed& common, DeedSink& sink) : sink_(sink), common_(common) {}

  void claude(DeedKind words) {
    common_.worker = member(line_, {"parent_tool_use_id"});
    if (common_.worker.empty() || common_.worker == "null") common_.worker = member(line_, {"isSidechain"}) == "true" ? member(line_, {"agentId"}) : "";
    const std::string_view message = member(line_, {"message"});
    if (words == DeedKind::text) common_.response = member(message, {"id"});
    const std::string_view content = raw_member(message, "content");
    if (content.starts_with('"')) return say(words, content.substr(1, content.size() - 2));
    for_each_element(content, [&](std::string_view block) { claude_block(block, words); });
    for_each_element(member(message, {"parts"}), [&](std::string_view part) { google_part(part, words); });
  }

  void codex_item() {
    const std::string_view item = member(line_, {"item"});
    const std::string_view type = member(item, {"type"});
    common_.call = member(item, {"id"});
    if (type == "agent_message" || type == "reasoning") return say(DeedKind::text, member(item, {"text"}));
    if (type == "command_execution") {
      const std::string_view command = member(item, {"command"});
      call("command_execution", command, command);
      return result(text_size(item, "aggregated_output"));
    }
    if (type == "mcp_tool_call") {
      call(member(item, {"tool"}), member(item, {"arguments"}), {});
      return result(text_size(item, "result"));
    }
    if (type == "web_search") return call(type, member(item, {"query"}), member(item, {"query"}));
    if (type == "file_change" || type == "collab_tool_call" || type == "todo_list") call(type, item, {});
  }

  void codex_response_item() {
    const std::string_view payload = member(line_, {"payload"});
    const std::string_view type = member(payload, {"type"});
    common_.call = member(payload, {"call_id"});
    if (type == "message") {
      const DeedKind kind = member(payload, {"role"}) == "assistant" ? DeedKind::text : DeedKind::prompt;
      for_each_element(member(payload, {"content"}), [&](std::string_view part) { say(kind, member(part, {"text"})); });
    } else if (type == "function_call") {
      const std::string_view arguments = member(payload, {"arguments"});
      call(member(payload, {"name"}), arguments, arguments);
    } else if (type == "custom_tool_call") {
      call(member(payload, {"name"}), member(payload, {"input"}), {});
    } else if (type == "local_shell_call" || type == "web_search_call") {
      call(type, member(payload, {"action"}), {});
    } else if (type.ends_with("_output")) {
      result(text_size(payload, "output"));
    } else if (type == "reasoning") {
      for_each_element(member(payload, {"summary"}), [&](std::string_view part) { say(DeedKind::text, member(part, {"text"})); });
    }
  }

  void gemini_stream_tool() {
    common_.call = member(line_, {"tool_id"});
    const std::string_view name = member(line_, {"tool_name"});
    if (!name.empty()) call(name, member(line_, {"parameters"}), {});
    else result(text_size(line_, "output"));
  }

  void gemini_transcript(DeedKind words) {
    if (words == DeedKind::text) common_.response = member(line_, {"id"});
    const std::string_view content = raw_member(line_, "content");
    if (content.starts_with('"')) say(words, content.substr(1, content.size() - 2));
    else for_each_element(content, [&](std::string_view part) { google_part(part, words); });
    for_each_element(member(line_, {"toolCalls"}), [&](std::string_view tool) {
      common_.call = member(tool, {"id"});
      call(member(tool, {"name"}), member(tool, {"args"}), {});
      for_each_element(member(tool, {"result"}), [&](std::string_view part) { google_part(part, words); });
    });
  }

  /// `words`: whose the part's texts are.
  void opencode_part(std::string_view part, DeedKind words) {
    const std::string_view type = member(part, {"type"});
    if (type == "text" || type == "reasoning") return say(words, member(part, {"text"}));
    if (type != "tool") return;
    const std::string_view state = member(part, {"state"});
    name_opencode_call(member(part, {"callID"}), member(state, {"time", "start"}));
    common_.child = member(state, {"metadata", "sessionId"});
    call(member(part, {"tool"}), member(state, {"input"}), {});
    const std::string_view status = member(state, {"status"});
    if (status == "pending" || status == "running") return;
    result(text_size(state, status == "error" ? "error" : "output"));
  }

  void say(DeedKind kind, std::string_view text) {
    if (text.empty()) return;
    Deed deed = common_;
    deed.kind = kind;
    deed.text = text;
    deed.bytes = unescaped_size(text);
    sink_.on_deed(deed);
  }

 private:
  /// Some providers count their calls anew in each session or response: with the time of its start an id is the call's own, and a copy's too.
  void name_opencode_call(std::string_view id, std::string_view start) {
    call_id_ = id;
    if (!id.empty() && !start.empty()) call_id_.append("@").append(start);
    common_.call = call_id_;
  }

  void claude_block(std::string_view block, DeedKind words) {
    const std::string_view type = member(block, {"type"});
    if (type == "text") return say(words, member(block, {"text"}));
    if (type == "thinking") return say(words, member(block, {"thinking"}));
    if (type.ends_with("tool_use")) {
      common_.call = member(block, {"id"});
      return call(member(block, {"name"}), member(block, {"input"}), {});
    }
    if (!type.ends_with("tool_result")) return;
    common_.call = member(block, {"tool_use_id"});
    result(text_size(block, "content"));
  }

  void google_part(std::string_view part, DeedKind words) {
    if (const std::string_view text = member(part, {"text"}); !text.empty()) return say(words, text);
    if (const std::string_view called = member(part, {"functionCall"}); !called.empty()) {
      common_.call = member(called, {"id"});
      return call(member(called, {"name"}), member(called, {"args"}), {});
    }
    const std::string_view answer = member(part, {"functionResponse"});
    if (answer.empty()) return;
    common_.call = member(answer, {"id"});
    const std::string_view response = member(answer, {"response"});
    const std::uint64_t output = text_size(response, "output");
    result(output != 0 ? output : response.size());
  }

  void call(std::string_view tool, std::string_view arguments, std::string_view about) {
    Deed deed = common_;
    deed.kind = DeedKind::call;
    deed.tool = tool;
    deed.about = about.empty() ? about_of(arguments) : about;
    if (arguments.starts_with('{')) deed.starts = member(arguments, {"prompt"});
    deed.bytes = arguments.size();
    sink_.on_deed(deed);
  }

  void result(std::uint64_t bytes) {
    Deed deed = common_;
    deed.kind = DeedKind::result;
    deed.child = {};
    deed.bytes = bytes;
    sink_.on_deed(deed);
  }

  std::string_view line_;
  DeedSink& sink_;
  Deed common_;
  std::string call_id_;
};

}  // namespace

void read_deeds(std::string_view text, DeedSink& sink) {
  const std::string_view type = member(text, {"type"});
  if (type.empty()) return;
  Line line(text, sink);
  const bool messages = (type == "assistant" || type == "user" || type == "tool_result") && !member(text, {"message"}).empty();
  if (messages) line.claude(type == "assistant" ? DeedKind::text : DeedKind::prompt);
  else if (type == "item.completed") line.codex_item();
  else if (type == "response_item") line.codex_response_item();
  else if (type == "gemini" || type == "user") line.gemini_transcript(type == "gemini" ? DeedKind::text : DeedKind::prompt);
  else if (type == "message") line.say(member(text, {"role"}) == "assistant" ? DeedKind::text : DeedKind::prompt, member(text, {"content"}));
  else if ((type == "tool_use" || type == "text" || type == "reasoning") && !member(text, {"part"}).empty()) line.opencode_part(member(text, {"part"}), DeedKind::text);
  else if (type == "tool_use" || type == "tool_result") line.gemini_stream_tool();
}

void read_opencode_part(std::string_view part, const Deed& of, DeedSink& sink) { Line(of, sink).opencode_part(part, of.kind); }

}  // namespace ts
