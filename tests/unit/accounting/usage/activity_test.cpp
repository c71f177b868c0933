#include "accounting/usage/activity.hpp"

#include <gtest/gtest.h>

#include "accounting/base/text.hpp"
#include "accounting/usage/dialects.hpp"

namespace ts {
namespace {

Activity activity_of(const std::string& dialect, const std::vector<std::string>& lines, Source source = Source::stream) {
  ActivityReader reader(std::nullopt);
  reader.begin(source == Source::stream ? make_stream_dialect(dialect) : make_transcript_dialect(dialect));
  if (dialect == "qwen" && source == Source::transcript) reader.usage_comes_first();
  for (const std::string& line : lines) reader.line(line);
  return reader.take();
}

/// "call Bash 1 (make) 18 of m1": one line an act, without responses.
std::string told(const Activity& activity) {
  constexpr std::string_view kNames[] = {"prompt", "text", "call", "result", "response"};
  std::string text;
  for (const Act& act : activity.acts) {
    if (act.kind == Act::Kind::response) continue;
    text += std::string(kNames[static_cast<int>(act.kind)]) + (act.tool.empty() ? "" : " " + act.tool) + (act.about.empty() ? "" : " (" + act.about + ")") + " " +
            std::to_string(act.bytes) + (act.response.empty() ? "" : " of " + act.response) + (act.worker.empty() ? "" : " by " + act.worker) + "\n";
  }
  return text;
}

const std::string kUsage = R"("usage":{"input_tokens":4,"cache_creation_input_tokens":100,"cache_read_input_tokens":0,"output_tokens":50})";

std::string assistant(const std::string& id, const std::string& content, const std::string& rest = "") {
  return R"({"type":"assistant","message":{"id":")" + id + R"(","role":"assistant","model":"m","content":[)" + content + "]," + kUsage + R"(},"session_id":"s")" + rest + "}";
}

TEST(Json, UnescapedSizes) {
  struct Case {
    const char* inside;
    const char* text;
  };
  for (const Case& c : {Case{"", ""}, Case{"abc", "abc"}, Case{R"(a\nb\t\"\\\/)", "a\nb\t\"\\/"}, Case{R"(\u00e9)", "é"}, Case{R"(\ud83d\ude00)", "😀"},
                        Case{R"(\ud83d)", "\xEF\xBF\xBD"}, Case{R"(\ud83dx)", "\xEF\xBF\xBDx"}, Case{"é", "é"}, Case{R"(\u20ac)", "€"}}) {
    EXPECT_EQ(unescaped(c.inside, 1000), c.text) << c.inside;
    EXPECT_EQ(unescaped_size(c.inside), std::string_view(c.text).size()) << c.inside;
  }
  EXPECT_EQ(unescaped("abcdef", 3), "abc");
  (void)unescaped_size("\\");
  (void)unescaped_size("\\u12");
}

TEST(Activity, ClaudeStream) {
  const auto activity = activity_of("claude", {R"({"type":"system","subtype":"init","session_id":"s"})",
                                               R"({"type":"user","message":{"role":"user","content":"[do it]"},"session_id":"s"})",
                                               assistant("m1", R"({"type":"text","text":"I\nwill"})"),
                                               assistant("m1", R"({"type":"tool_use","id":"t1","name":"Bash","input":{"command":"make all"}})"),
                                               R"({"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"o\u00e9"}]},"session_id":"s"})",
                                               R"({"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"abc"},{"type":"text","text":"d"}]}]}})",
                                               assistant("m2", R"({"type":"text","text":"done"})")});
  EXPECT_EQ(told(activity), "prompt 7\ntext 6 of m1\ncall Bash (make all) 22 of m1\nresult Bash 3\nresult unnamed tool 4\ntext 4 of m2\n");
  EXPECT_EQ(activity.calls, 1U);
}

TEST(Activity, WhatIsToldTwiceCountsOnce) {
  const std::string call = assistant("m1", R"({"type":"tool_use","id":"t1","name":"Bash","input":{}})");
  const std::string result = R"({"type":"user","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"x"}]}})";
  EXPECT_EQ(told(activity_of("claude", {call, call, result, result})), "call Bash 2 of m1\nresult Bash 1\n");
}

TEST(Activity, SubAgentsAreNamedByWhatTheyWereStartedFor) {
  const auto activity =
      activity_of("claude", {assistant("m1", R"({"type":"tool_use","id":"t1","name":"Agent","input":{"description":"worker 0","prompt":"do part 0"}})"),
                             R"({"type":"user","message":{"role":"user","content":[{"type":"text","text":"do part 0"}]},"parent_tool_use_id":"t1"})",
                             assistant("m2", R"({"type":"text","text":"ok"})", R"(,"parent_tool_use_id":"t1")")});
  EXPECT_EQ(activity.workers.at("t1"), "worker 0");
  EXPECT_EQ(told(activity), "call Agent (worker 0) 47 of m1\nprompt 9 by t1\ntext 2 of m2 by t1\n");
  const auto transcripts = activity_of("claude", {assistant("m1", R"({"type":"tool_use","id":"t1","name":"Agent","input":{"description":"worker 0","prompt":"do part 0"}})"),
                                                  R"({"type":"user","isSidechain":true,"agentId":"a27","message":{"role":"user","content":"do part 0"}})"}, Source::transcript);
  EXPECT_EQ(transcripts.workers.at("a27"), "worker 0");
}

TEST(Activity, OtherAgentsStreams) {
  EXPECT_EQ(told(activity_of("codex", {R"({"type":"thread.started","thread_id":"t"})",
                                       R"({"type":"item.started","item":{"id":"i1","type":"command_execution","command":"ls","aggregated_output":""}})",
                                       R"({"type":"item.completed","item":{"id":"i1","type":"command_execution","command":"ls","aggregated_output":"a\n","exit_code":0}})",
                                       R"({"type":"item.completed","item":{"id":"i2","type":"agent_message","text":"Done."}})"})),
            "call command_execution (ls) 2\nresult command_execution 2\ntext 5\n");
  EXPECT_EQ(told(activity_of("gemini", {R"({"type":"message","role":"user","content":"go"})", R"({"type":"message","role":"assistant","content":"Step","delta":true})",
                                        R"({"type":"tool_use","tool_name":"run_shell_command","tool_id":"c1","parameters":{"command":"ls"}})",
                                        R"({"type":"tool_result","tool_id":"c1","status":"success","output":"abc"})"})),
            "prompt 2\ntext 4\ncall run_shell_command (ls) 16\nresult run_shell_command 3\n");
  EXPECT_EQ(told(activity_of("opencode", {R"({"type":"text","timestamp":1795286878731,"sessionID":"ses","part":{"type":"text","text":"Step"}})",
                                          R"({"type":"tool_use","timestamp":1795286878876,"sessionID":"ses","part":{"type":"tool","tool":"bash","callID":"c","state":{"input":{"command":"ls"},"output":"ab\n"}}})"})),
            "text 4\ncall bash (ls) 16\nresult bash 3\n");
}

TEST(Activity, OtherAgentsTranscripts) {
  EXPECT_EQ(told(activity_of("codex", {R"({"type":"response_item","payload":{"type":"message","role":"user","content":[{"type":"input_text","text":"go"}]}})",
                                       R"({"type":"response_item","payload":{"type":"function_call","name":"exec_command","arguments":"{\"cmd\": \"ls\"}","call_id":"c1"}})",
                                       R"({"type":"response_item","payload":{"type":"function_call_output","call_id":"c1","output":"abc"}})"}, Source::transcript)),
            "prompt 2\ncall exec_command ({\"cmd\": \"ls\"}) 17\nresult exec_command 3\n");
  EXPECT_EQ(told(activity_of("gemini", {R"({"id":"g1","type":"gemini","content":"Step"})",
                                        R"({"id":"g1","type":"gemini","content":"Step","toolCalls":[{"id":"c1","name":"sh","args":{"command":"ls"},"result":[{"functionResponse":{"id":"c1","name":"sh","response":{"output":"abc"}}}]}]})",
                                        R"({"id":"u2","type":"user","content":[{"functionResponse":{"id":"c1","name":"sh","response":{"output":"abc"}}}]})"}, Source::transcript)),
            "text 4 of g1\ncall sh (ls) 16 of g1\nresult sh 3\n");
  EXPECT_EQ(told(activity_of("qwen", {R"({"uuid":"a","type":"assistant","message":{"role":"model","parts":[{"text":"Step"},{"functionCall":{"id":"c1","name":"sh","args":{"command":"ls"}}}]},"sessionId":"s","usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2,"totalTokenCount":12}})",
                                      R"({"uuid":"b","type":"tool_result","message":{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"sh","response":{"output":"abc"}}}]},"sessionId":"s"})"}, Source::transcript)),
            "text 4 of a\ncall sh (ls) 16 of a\nresult sh 3\n");
}

TEST(Activity, ThePastOfAResumedSessionIsLeftOut) {
  ActivityReader reader(parse_rfc3339("2026-11-21T18:00:00Z").value());
  reader.begin(make_transcript_dialect("claude"));
  for (const char* at : {"2026-11-21T17:00:00Z", "2026-11-21T19:00:00Z"})
    reader.line(assistant("m" + std::string(at), R"({"type":"text","text":"ok"})", R"(,"timestamp":")" + std::string(at) + '"'));
  EXPECT_EQ(told(reader.take()), "text 2 of m2026-11-21T19:00:00Z\n");
}

TEST(Activity, WhatAnotherRunWentOnWithIsLeftOut) {
  ActivityReader reader(std::nullopt, parse_rfc3339("2026-11-21T18:00:00Z").value());
  reader.begin(make_transcript_dialect("claude"));
  for (const char* at : {"2026-11-21T17:00:00Z", "2026-11-21T19:00:00Z"})
    reader.line(assistant("m" + std::string(at), R"({"type":"text","text":"ok"})", R"(,"timestamp":")" + std::string(at) + '"'));
  EXPECT_EQ(told(reader.take()), "text 2 of m2026-11-21T17:00:00Z\n");
}

TEST(Activity, OpencodesPrintedCalls) {
  const auto tool = [](const std::string& id, const std::string& state) {
    return R"({"type":"tool_use","sessionID":"ses","part":{"type":"tool","tool":"bash","callID":")" + id + R"(","state":)" + state + "}}";
  };
  const auto activity = activity_of("opencode", {tool("c", R"({"status":"error","input":{"command":"ls"},"error":"not allowed"})"),
                                                 tool("c", R"({"status":"error","input":{"command":"ls"},"error":"not allowed"})"),
                                                 tool("d", R"({"status":"completed","input":{"description":"part","prompt":"do it"},"output":"ok","metadata":{"sessionId":"kid"},"time":{"start":5}})"),
                                                 tool("d", R"({"status":"completed","input":{},"output":"ok","time":{"start":6}})")});
  EXPECT_EQ(told(activity), "call bash (ls) 16\nresult bash 11\ncall bash (part) 39\nresult bash 2\ncall bash 2\nresult bash 2\n") << "an id is a call's own with its start";
  EXPECT_EQ(activity.workers.at("kid"), "part");
}

TEST(Activity, PhasesAreAnnouncedByALineOfTheAgentsWords) {
  struct Case {
    const char* line;
    const char* phase;
  };
  for (const Case& c : {Case{"## Phase: elab-setup", "elab-setup"}, Case{"**Phase**: 1.5 (Autonomous Decisions)", "1.5 (Autonomous Decisions)"}, Case{"[phase: review]", "review"},
                        Case{"<!-- phase: build -->", "build"}, Case{"Phase: dev | fix", "dev / fix"}, Case{"PHASE:x", "x"}, Case{"- **Phase:** qa", "qa"}, Case{"Phase 2 is done", ""},
                        Case{"phases: a, b", ""}, Case{"the phase: x", ""}, Case{"Phase:", ""}, Case{"", ""}})
    EXPECT_EQ(phase_announced(c.line), c.phase) << c.line;
  const auto activity = activity_of("claude", {assistant("m1", R"({"type":"text","text":"I begin.\n## Phase: plan\nHm."})"), assistant("m2", R"({"type":"text","text":"Phase: build"})")});
  ASSERT_EQ(activity.marks.size(), 2U);
  EXPECT_EQ(activity.marks[0].name, "plan");
  EXPECT_EQ(activity.marks[0].response, "m1");
  EXPECT_EQ(activity.marks[1].response, "m2");
}

TEST(Activity, OddLinesGiveNothingAndBreakNothing) {
  EXPECT_EQ(told(activity_of("claude", {"", "x", "{", "{}", R"({"type":)", R"({"type":"assistant"})", R"({"type":"assistant","message":[]})", R"({"type":"assistant","message":{"content":{}}})",
                                        R"({"type":"user","message":{"content":[{"type":"tool_result"}]}})", R"({"type":"item.completed"})", R"({"type":"response_item","payload":7})"})),
            "result unnamed tool 0\n");
}

}  // namespace
}  // namespace ts
