#include "accounting/usage/dialects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/usage_files.hpp"

namespace ts {
namespace {

struct Case {
  std::string_view what;
  std::string_view dialect;
  std::string_view text;      ///< '\n' between lines
  TokenCounts expected;
  std::int64_t requests = 0;
  std::uint64_t malformed = 0;
};

constexpr TokenCounts counts(Tokens input, Tokens write, Tokens read, Tokens output, Tokens reasoning = 0) {
  return {.input = input, .cache_write_5m = write, .cache_write_1h = 0, .cache_read = read, .output = output, .reasoning = reasoning};
}

constexpr Case kStreams[] = {
    {"empty", "claude", "", {}, 0},
    {"an assistant line twice, growing, then lower", "claude",
     R"({"type":"assistant","message":{"id":"m1","model":"x","usage":{"input_tokens":3,"output_tokens":1}},"session_id":"s"}
{"type":"assistant","message":{"id":"m1","model":"x","usage":{"input_tokens":3,"output_tokens":9}},"session_id":"s"}
{"type":"assistant","message":{"id":"m1","model":"x","usage":{"input_tokens":3,"output_tokens":2}},"session_id":"s"})",
     counts(3, 0, 0, 9), 1},
    {"two ids that interleave", "claude",
     R"({"type":"assistant","message":{"id":"a","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}
{"type":"assistant","message":{"id":"b","content":[],"usage":{"input_tokens":2,"output_tokens":1}}}
{"type":"assistant","message":{"id":"a","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}
{"type":"assistant","message":{"id":"b","content":[],"usage":{"input_tokens":2,"output_tokens":5}}})",
     counts(3, 0, 0, 6), 2},
    {"usage within a string and within a tool's input does not count", "claude",
     R"({"type":"assistant","message":{"id":"a","content":[{"type":"text","text":"\"usage\":{\"input_tokens\":900}"},{"type":"tool_use","input":{"usage":{"input_tokens":800}}}],"usage":{"input_tokens":1,"output_tokens":2}}})",
     counts(1, 0, 0, 2), 1},
    {"usage before the content, and a decoy behind it", "claude",
     R"({"type":"assistant","message":{"id":"a","usage":{"input_tokens":1,"output_tokens":2},"content":[{"input":{"usage":{"input_tokens":800}}}]}})",
     counts(1, 0, 0, 2), 1},
    {"the usual line, with a decoy in its content, behind its message, and a line torn into another", "claude",
     R"({"type":"assistant","message":{"id":"a","model":"x","content":[{"input":{"usage":{"input_tokens":800}}}],"usage":{"input_tokens":1,"output_tokens":2},"context_management":null},"session_id":"s"}
{"type":"assistant","message":{"id":"b","model":"x","content":[{"input":{"usage":{"input_tokens":800}}}],"stop":null},"session_id":"s"}
{"type":"assistant","message":{"id":"c","model":"x","content":[],"usage":{"input_tokens":10,"output_tokens":2}},"more":{"usage":{"input_tokens":800}},"session_id":"s"}
{"type":"assistant","message":{"id":"d","model":"x","content":[{"text":"cut{"type":"assistant","message":{"id":"e","model":"x","content":[],"usage":{"input_tokens":700,"output_tokens":2}},"session_id":"s"})",
     counts(11, 0, 0, 4), 2, 1},
    {"a user line with a sub-agent's usage", "claude",
     R"({"type":"user","message":{"role":"user","content":[]},"tool_use_result":{"usage":{"input_tokens":500,"output_tokens":5}}})", {}, 0},
    {"cache writes of both kinds", "claude",
     R"({"type":"assistant","message":{"id":"a","usage":{"input_tokens":1,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20},"cache_read_input_tokens":7,"output_tokens":2}}})",
     {.input = 1, .cache_write_5m = 10, .cache_write_1h = 20, .cache_read = 7, .output = 2, .reasoning = 0}, 1},
    {"partial messages give the true output", "claude",
     R"({"type":"stream_event","event":{"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":5,"output_tokens":1}}},"session_id":"s","parent_tool_use_id":null}
{"type":"stream_event","event":{"type":"content_block_delta","delta":{"text":"\"usage\""}},"session_id":"s"}
{"type":"assistant","message":{"id":"m","model":"x","usage":{"input_tokens":5,"output_tokens":1}},"session_id":"s"}
{"type":"stream_event","event":{"type":"message_delta","delta":{},"usage":{"output_tokens":44}},"session_id":"s","parent_tool_use_id":null})",
     counts(5, 0, 0, 44), 1},
    {"modelUsage settles, result.usage does not add", "claude",
     R"({"type":"system","subtype":"init","session_id":"s","model":"x"}
{"type":"assistant","message":{"id":"m","model":"x","usage":{"input_tokens":5,"output_tokens":1}},"session_id":"s"}
{"type":"result","session_id":"s","usage":{"input_tokens":5,"output_tokens":40},"modelUsage":{"x":{"inputTokens":50,"outputTokens":400,"cacheReadInputTokens":6,"cacheCreationInputTokens":7,"costUSD":0.1},"y[1m]":{"inputTokens":1,"outputTokens":1}}})",
     counts(51, 7, 6, 401), 1},
    {"result.usage where there is no modelUsage", "claude", R"({"type":"result","session_id":"s","usage":{"input_tokens":5,"output_tokens":40}})",
     counts(5, 0, 0, 40), 0},
    {"two processes of one session settle twice", "claude",
     R"({"type":"result","session_id":"s","modelUsage":{"x":{"inputTokens":50,"outputTokens":400}}}
{"type":"result","session_id":"s","modelUsage":{"x":{"inputTokens":10,"outputTokens":40}}})",
     counts(60, 0, 0, 440), 0},
    {"one process settles turn by turn, upwards", "claude",
     R"({"type":"result","session_id":"s","modelUsage":{"x":{"inputTokens":10,"outputTokens":40}}}
{"type":"result","session_id":"s","modelUsage":{"x":{"inputTokens":50,"outputTokens":400}}})",
     counts(50, 0, 0, 400), 0},
    {"json: one array", "claude",
     R"([{"type":"system","subtype":"init","session_id":"s"},{"type":"assistant","message":{"id":"m","usage":{"input_tokens":5,"output_tokens":1}},"session_id":"s"},{"type":"result","session_id":"s","modelUsage":{"x":{"inputTokens":5,"outputTokens":9}}}])",
     counts(5, 0, 0, 9), 1},
    {"json: an array torn in its second event", "claude",
     R"([{"type":"assistant","message":{"id":"m","usage":{"input_tokens":5,"output_tokens":1}},"session_id":"s"},{"type":"assistant","message":{"id":"n","usage":{"input_tokens":6,"output_tokens":1}},"sess)",
     counts(11, 0, 0, 2), 2, 1},
    {"torn behind its usage: counts, and is malformed", "claude",
     R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":5,"output_tokens":1}},"ses)", counts(5, 0, 0, 1), 1, 1},
    {"torn within its usage: does not count", "claude", R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":5,"output_tok)", {}, 0, 1},
    {"torn within a number", "claude", R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":5)", {}, 0, 1},
    {"negative", "claude", R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":-5,"output_tokens":1}}})", {}, 0, 1},
    {"past 2^63", "claude", R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":9223372036854775808}}})", {}, 0, 1},
    {"a fraction", "claude", R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":5.5}}})", {}, 0, 1},
    {"counts as strings", "claude", R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":"5","output_tokens":"x"}}})", {}, 0, 1},
    {"clean numbers as strings", "claude", R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":"5","output_tokens":"6"}}})", counts(5, 0, 0, 6), 1},
    {"null counts and null usage", "claude",
     R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":5,"output_tokens":null}}}
{"type":"assistant","message":{"id":"n","usage":null}})", counts(5, 0, 0, 0), 1},
    {"a message that no provider sent", "claude", R"({"type":"assistant","message":{"id":"m","model":"<synthetic>","usage":{"input_tokens":0,"output_tokens":0}}})", {}, 0},
    {"no message id: each line its own", "claude",
     R"({"type":"assistant","message":{"usage":{"input_tokens":5}},"uuid":"1"}
{"type":"assistant","message":{"usage":{"input_tokens":5}},"uuid":"2"})", counts(10, 0, 0, 0), 2},
    {"progress of a sub-agent is no usage", "claude", R"({"type":"system","subtype":"task_progress","usage":{"total_tokens":1206,"tool_uses":1}})", {}, 0},
    {"spaces and another order of keys", "claude",
     R"({ "session_id" : "s", "message" : { "usage" : { "output_tokens" : 2 , "input_tokens" : 1 } , "id" : "m" } , "type" : "assistant" })", counts(1, 0, 0, 2), 1},
    {"brackets in text", "claude", "[INFO] \"usage\" of the day\n[\"usage\"]\n{not json \"usage\"", {}, 0, 1},

    {"codex: a turn", "codex",
     R"({"type":"thread.started","thread_id":"t"}
{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":80,"output_tokens":9,"reasoning_output_tokens":4}})", counts(20, 0, 80, 9, 4), 0},
    {"codex: a turn's usage is the whole thread's so far", "codex",
     R"({"type":"thread.started","thread_id":"t"}
{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":80,"output_tokens":9}}
{"type":"turn.completed","usage":{"input_tokens":150,"cached_input_tokens":90,"output_tokens":12}})", counts(60, 0, 90, 12), 0},
    {"codex: two threads add up", "codex",
     R"({"type":"thread.started","thread_id":"t"}
{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":80,"output_tokens":9}}
{"type":"thread.started","thread_id":"u"}
{"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":0,"output_tokens":1}})", counts(21, 0, 80, 10), 0},
    {"codex: more cached than input hides nothing", "codex", R"({"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":80,"output_tokens":9}})",
     counts(10, 0, 80, 9), 0},
    {"codex: an item that speaks of usage", "codex", R"({"type":"item.completed","item":{"text":"x"},"usage":{"input_tokens":10}})", {}, 0},

    {"gemini: per model, thoughts are the rest of the total", "gemini",
     R"({"type":"init","session_id":"s","model":"g"}
{"type":"result","status":"success","stats":{"total_tokens":130,"input_tokens":100,"output_tokens":20,"cached":60,"models":{"g":{"total_tokens":130,"input_tokens":100,"output_tokens":20,"cached":60}}}})",
     counts(40, 0, 60, 30, 10), 0},
    {"gemini: without models", "gemini", R"({"type":"result","stats":{"total_tokens":120,"input_tokens":100,"output_tokens":20,"cached":60}})", counts(40, 0, 60, 20), 0},
    {"gemini: json over many lines", "gemini",
     "{\n  \"session_id\": \"s\",\n  \"response\": \"{ \\\"stats\\\" }\",\n  \"stats\": {\n    \"models\": {\n      \"g\": {\n        \"tokens\": {\n"
     "          \"prompt\": 100,\n          \"candidates\": 20,\n          \"total\": 130,\n          \"cached\": 60,\n          \"thoughts\": 10,\n"
     "          \"tool\": 0\n        }\n      }\n    }\n  }\n}",
     counts(40, 0, 60, 30, 10), 0},

    {"qwen: zeros, then usage that includes cache reads; the result agrees", "qwen",
     R"({"type":"assistant","session_id":"s","message":{"id":"1","model":"q","usage":{"input_tokens":0,"output_tokens":0}}}
{"type":"assistant","session_id":"s","message":{"id":"2","model":"q","usage":{"input_tokens":100,"output_tokens":9,"cache_read_input_tokens":70,"total_tokens":109}}}
{"type":"result","session_id":"s","usage":{"input_tokens":100,"output_tokens":9,"cache_read_input_tokens":70,"total_tokens":109}})",
     counts(30, 0, 70, 9), 1},

    {"opencode: already split", "opencode",
     R"({"type":"step_finish","timestamp":1700000000000,"sessionID":"s","part":{"id":"p1","tokens":{"total":100,"input":10,"output":5,"reasoning":3,"cache":{"write":2,"read":80}}}}
{"type":"step_finish","timestamp":1700000000000,"sessionID":"s","part":{"id":"p1","tokens":{"total":100,"input":10,"output":5,"reasoning":3,"cache":{"write":2,"read":80}}}})",
     counts(10, 2, 80, 8, 3), 1},

    {"text: a running total", "text", "at 1,200 new tokens\nat 1.5k new tokens so far\nat 1,500 new tokens", counts(1500, 0, 0, 0), 0},
    {"text: increments", "text", "Agent a progress: 3 new tools used, 500 new tokens\nAgent a progress: 1 new tool used, 900 new tokens", counts(1400, 0, 0, 0), 0},
    {"text: a fall shows increments", "text", "500 new tokens\n900 new tokens\n100 new tokens", counts(1500, 0, 0, 0), 0},
    {"text: odd numbers", "text",
     "-5 new tokens\nabc5 new tokens\n1,23 new tokens\n9999999999999999999 new tokens\nsome new tokens\n1.2.3 new tokens\n99999999999M new tokens", {}, 0, 5},
    {"text: one token, two phrases on a line", "text", "1 new token\r2M new tokens", counts(2000000, 0, 0, 0), 0},

    {"generic: chat chunks with one id", "generic",
     R"(data: {"id":"c","model":"m","choices":[],"usage":null}
data: {"id":"c","model":"m","usage":{"prompt_tokens":100,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":60}}}
data: {"id":"c","model":"m","usage":{"prompt_tokens":100,"completion_tokens":9,"prompt_tokens_details":{"cached_tokens":60}}}
data: [DONE])", counts(40, 0, 60, 9), 1},
    {"generic: gemini with thoughts", "generic",
     R"({"responseId":"r","usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":3,"totalTokenCount":18}})", counts(10, 0, 0, 8, 3), 1},
    {"generic: responses, wrapped", "generic",
     R"({"type":"response.completed","response":{"id":"r","usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":2}}}})",
     counts(6, 0, 4, 5, 2), 1},
    {"generic: lines without ids add up", "generic", "{\"usage\":{\"input_tokens\":1}}\nplain 20 new tokens\n{\"usage\":{\"input_tokens\":1}}", counts(22, 0, 0, 0), 2},
    {"generic: knows an agent by its first line", "generic",
     R"({"type":"thread.started","thread_id":"t"}
{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":80,"output_tokens":9}})", counts(20, 0, 80, 9), 0},
};

constexpr Case kTranscripts[] = {
    {"claude: a block per line, one response", "claude",
     R"({"type":"queue-operation","sessionId":"s"}
{"parentUuid":null,"message":{"id":"m","model":"x","content":[1],"usage":{"input_tokens":2,"output_tokens":30}},"requestId":"r","type":"assistant","uuid":"1","timestamp":"2026-01-02T03:04:05.678Z","cwd":"/w","sessionId":"s"}
{"parentUuid":"1","message":{"id":"m","model":"x","content":[2],"usage":{"input_tokens":2,"output_tokens":30}},"type":"assistant","uuid":"2","cwd":"/w","sessionId":"s"}
{"parentUuid":"2","message":{"id":"m","model":"x","content":[3],"usage":{"input_tokens":2,"output_tokens":31}},"type":"assistant","uuid":"3","cwd":"/w","sessionId":"other"})",
     counts(2, 0, 0, 31), 1},
    {"claude: a sub-agent's usage in a user line", "claude",
     R"({"type":"user","message":{"role":"user"},"toolUseResult":{"usage":{"input_tokens":2,"output_tokens":30}},"cwd":"/w","sessionId":"s"})", {}, 0},
    {"codex: records, and counts that repeat them", "codex",
     R"({"type":"session_meta","payload":{"id":"t","cwd":"/w"}}
{"type":"turn_context","payload":{"turn_id":"1","model":"g"}}
{"type":"token_usage_record","payload":{"thread_id":"t","response_id":"r1","usage":{"input_tokens":10,"output_tokens":1},"thread_token_usage":{"input_tokens":10,"output_tokens":1}}}
{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":10,"output_tokens":1},"last_token_usage":{"input_tokens":10,"output_tokens":1}}}}
{"type":"event_msg","payload":{"type":"token_count","info":null}}
{"type":"token_usage_record","payload":{"thread_id":"t","response_id":"r2","usage":{"input_tokens":20,"cached_input_tokens":5,"output_tokens":2},"thread_token_usage":{"input_tokens":30,"cached_input_tokens":5,"output_tokens":3}}})",
     counts(25, 0, 5, 3), 2},
    {"codex: counts alone, repeated, with a gap, and reset", "codex",
     R"({"type":"session_meta","payload":{"id":"t"}}
{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":10,"output_tokens":1},"last_token_usage":{"input_tokens":10,"output_tokens":1}}}}
{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":10,"output_tokens":1},"last_token_usage":{"input_tokens":10,"output_tokens":1}}}}
{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":40,"output_tokens":4},"last_token_usage":{"input_tokens":20,"output_tokens":2}}}}
{"type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":5,"output_tokens":1},"last_token_usage":{"input_tokens":5,"output_tokens":1}}}})",
     counts(45, 0, 0, 5), 3},
    {"codex: a fork replays its parent, told by the turns' times", "codex",
     R"({"timestamp":"2026-05-01T10:00:00Z","type":"session_meta","payload":{"id":"01a20000-0000-7000-8000-000000000001","forked_from_id":"01a10000-0000-7000-8000-000000000001","timestamp":"2026-05-01T10:00:00Z"}}
{"timestamp":"2026-05-01T10:00:00Z","type":"session_meta","payload":{"id":"01a10000-0000-7000-8000-000000000001"}}
{"timestamp":"2026-05-01T10:00:09Z","type":"turn_context","payload":{"turn_id":"01a10000-0005-7000-8000-000000000002","model":"g"}}
{"timestamp":"2026-05-01T10:00:09Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"output_tokens":90},"last_token_usage":{"input_tokens":900,"output_tokens":90}}}}
{"timestamp":"2026-05-01T10:00:09Z","type":"token_usage_record","payload":{"thread_id":"01a10000-0000-7000-8000-000000000001","response_id":"old","usage":{"input_tokens":900,"output_tokens":90}}}
{"timestamp":"2026-05-01T10:00:09Z","type":"event_msg","payload":{"type":"task_started","turn_id":"01a20000-0007-7000-8000-000000000003"}}
{"timestamp":"2026-05-01T10:00:09Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":907,"output_tokens":93},"last_token_usage":{"input_tokens":7,"output_tokens":3}}}})",
     counts(7, 0, 0, 3), 1},
    {"codex: a spawned thread without turn ids, told by its creation", "codex",
     R"({"timestamp":"2026-05-01T10:00:00Z","type":"session_meta","payload":{"id":"child","source":{"subagent":{"thread_spawn":{"parent_thread_id":"parent"}}},"timestamp":"2026-05-01T10:00:00Z"}}
{"timestamp":"2026-05-01T10:00:00.100Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":900,"output_tokens":90},"last_token_usage":{"input_tokens":900,"output_tokens":90}}}}
{"timestamp":"2026-05-01T10:00:05Z","type":"event_msg","payload":{"type":"token_count","info":{"total_token_usage":{"input_tokens":7,"output_tokens":3},"last_token_usage":{"input_tokens":7,"output_tokens":3}}}})",
     counts(7, 0, 0, 3), 1},
    {"gemini: a message as it grows, and within $set", "gemini",
     R"({"sessionId":"s","projectHash":"h"}
{"id":"m","type":"gemini","tokens":{"input":100,"output":5,"cached":60,"thoughts":2,"tool":0,"total":107},"model":"g"}
{"id":"m","type":"gemini","tokens":{"input":100,"output":8,"cached":60,"thoughts":2,"tool":0,"total":110},"model":"g","toolCalls":[{"tokens":{"input":7}}]}
{"$set":{"messages":[{"id":"m","tokens":{"input":100,"output":8,"cached":60,"thoughts":2,"tool":0,"total":110}},{"id":"n","tokens":{"input":1,"output":1,"cached":0,"thoughts":0,"tool":0,"total":2}}]}})",
     counts(41, 0, 60, 11, 2), 2},
    {"qwen: telemetry and message are one response; each alone counts too", "qwen",
     R"({"uuid":"1","sessionId":"s","type":"system","systemPayload":{"uiEvent":{"event.name":"qwen-code.api_response","response_id":"c1","model":"q","input_token_count":100,"output_token_count":9,"cached_content_token_count":60,"thoughts_token_count":2,"total_token_count":109}}}
{"uuid":"2","sessionId":"s","type":"assistant","model":"q","usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":9,"thoughtsTokenCount":2,"totalTokenCount":109,"cachedContentTokenCount":60}}
{"uuid":"3","sessionId":"s","type":"assistant","model":"q","usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2}}
{"uuid":"4","sessionId":"s","type":"system","systemPayload":{"uiEvent":{"event.name":"qwen-code.api_response","response_id":"c2","input_token_count":2,"output_token_count":2,"total_token_count":4}}}
{"uuid":"5","sessionId":"s","type":"system","systemPayload":{"uiEvent":{"event.name":"qwen-code.tool_call","response_id":"c2","input_token_count":2}}})",
     counts(43, 0, 60, 12, 2), 3},
};

void check(const Case& c, Source source) {
  SCOPED_TRACE(c.what);
  const auto make = [&] { return source == Source::stream ? make_stream_dialect(c.dialect) : make_transcript_dialect(c.dialect); };
  for (std::size_t step = 0; step < 4; ++step) {
    Meter meter;
    ParseStats stats;
    test::feed(meter, source, make(), c.text, step, &stats);
    EXPECT_EQ(meter.totals().counts, c.expected) << "pieces of " << step;
    EXPECT_EQ(meter.totals().requests, c.requests) << "pieces of " << step;
    EXPECT_EQ(stats.malformed, c.malformed) << "pieces of " << step;
    EXPECT_EQ(stats.lines, stats.events + stats.ignored + stats.malformed);
  }
  // The same again changes nothing but for responses that have no name: those are told apart by their line.
  Meter once;
  test::feed(once, source, make(), c.text);
  const Totals before = once.totals();
  test::feed(once, source, make(), c.text);
  EXPECT_EQ(once.totals(), before) << "fed twice";
}

TEST(StreamDialects, OddInputs) {
  for (const Case& c : kStreams) check(c, Source::stream);
}

TEST(TranscriptDialects, OddInputs) {
  for (const Case& c : kTranscripts) check(c, Source::transcript);
}

TEST(Dialects, EveryNameMakesOneAndNoOtherDoes) {
  for (const std::string_view name : stream_dialect_names()) EXPECT_NE(make_stream_dialect(name), nullptr) << name;
  for (const std::string_view name : transcript_dialect_names()) EXPECT_NE(make_transcript_dialect(name), nullptr) << name;
  EXPECT_EQ(make_stream_dialect("cluade"), nullptr);
  EXPECT_EQ(make_transcript_dialect("opencode"), nullptr);
}

TEST(Dialects, SurviveCutsAtEveryByte) {
  for (const Case& c : kStreams)
    for (std::size_t length = 0; length < c.text.size(); ++length) {
      Meter meter;
      test::feed(meter, Source::stream, make_stream_dialect(c.dialect), c.text.substr(0, length));
      EXPECT_LE(by_formula(meter.totals().counts, Formula::total), 4000000) << c.what << " cut at " << length;
    }
}

TEST(ClaudeStream, ALineOfManyMegabytesStillCounts) {
  const std::string line = R"({"type":"assistant","message":{"id":"m","content":[{"text":")" + std::string(5 << 20, 'z') +
                           R"("}],"usage":{"input_tokens":3,"output_tokens":4}},"session_id":"s"})";
  Meter meter;
  test::feed(meter, Source::stream, make_stream_dialect("claude"), line, 65536);
  EXPECT_EQ(meter.totals().counts, counts(3, 0, 0, 4));
}

struct Sessions : UsageSink {
  std::vector<std::string> seen;
  void on_usage(const UsageEvent&) override {}
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent& e) override {
    seen.push_back(std::string(e.session) + "|" + std::string(e.model) + "|" + std::string(e.version) + "|" + std::string(e.cwd));
  }
};

TEST(Dialects, SayTheSession) {
  Sessions sink;
  auto stream = make_stream_dialect("claude");
  stream->line(R"({"type":"system","subtype":"init","cwd":"/w","session_id":"s","model":"x","claude_code_version":"2.1"})", sink);
  stream->line(R"({"type":"assistant","message":{"id":"m","usage":{"input_tokens":1}},"session_id":"s"})", sink);
  auto codex = make_transcript_dialect("codex");
  codex->line(R"({"type":"session_meta","payload":{"id":"t","cwd":"/v","cli_version":"0.1"}})", sink);
  EXPECT_EQ(sink.seen, (std::vector<std::string>{"s|x|2.1|/w", "t||0.1|/v"}));
}

struct Inherited final : UsageSink {
  void on_usage(const UsageEvent&) override {}
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent&) override {}
  void on_inherited(const SettlementEvent& event) override {
    EXPECT_EQ(event.session, "fork");
    told.push_back(event.counts);
  }
  std::vector<TokenCounts> told;
};

TEST(CodexTranscript, TellsOnceWhatAForksCounterBeganAt) {
  Inherited sink;
  const auto codex = make_transcript_dialect("codex");
  codex->line(R"({"type":"session_meta","payload":{"id":"fork","forked_from_id":"past"}})", sink);
  codex->line(R"({"type":"token_usage_record","payload":{"thread_id":"fork","response_id":"r1","usage":{"input_tokens":10,"output_tokens":1},"thread_token_usage":{"input_tokens":110,"output_tokens":8}}})", sink);
  codex->line(R"({"type":"token_usage_record","payload":{"thread_id":"fork","response_id":"r2","usage":{"input_tokens":20,"output_tokens":2},"thread_token_usage":{"input_tokens":130,"output_tokens":10}}})", sink);
  EXPECT_THAT(sink.told, testing::ElementsAre(counts(100, 0, 0, 7)));
}

}  // namespace
}  // namespace ts
