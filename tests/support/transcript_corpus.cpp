#include "tests/support/transcript_corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

namespace ts::test {
namespace {

/// splitmix64: the same numbers everywhere.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// In [0, n).
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n)); }
  bool one_in(std::int64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

std::string uuid(Dice& dice) {
  const std::uint64_t a = dice.next();
  const std::uint64_t b = dice.next();
  return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff, (b >> 48) & 0xfff,
                     b & 0xffffffffffff);
}

/// JSON-escaped text that looks like what tools print.
class Filler {
 public:
  Filler() {
    constexpr std::string_view kLines[] = {
        R"(\n    const auto value = parse(line, \"usage\");  // see docs)",
        R"(\n   12\t  return {\"usage\":{\"input_tokens\":99999,\"output_tokens\":99999}};)",
        R"(\n[ 42%] Building CXX object CMakeFiles/core.dir/src/meter.cpp.o)",
        R"(\n/home/dev/project/src/module/handler.py:214: error: expected 'str', got 'None')",
        R"(\n- the budget of this task is 40,000 new tokens; the estimate was 10K — see “plan”)",
        R"(\n\u001b[32m✓\u001b[0m renders the table (14 ms) \\ C:\\path\\to\\file)",
        R"(\ndiff --git a/include/a.h b/include/a.h\n@@ -1,4 +1,9 @@ namespace {\n+#include <vector>)",
        R"(\n        "id" is not quoted here: {id: 7, model: x, requestId: none})"};
    for (std::size_t i = 0; text_.size() < (1U << 20); ++i) {
      std::string line(kLines[(i * 7 + i / 5) % std::size(kLines)]);
      line = replace_bare_quotes(line);
      starts_.push_back(text_.size());
      text_ += line;
    }
  }

  /// About `size` bytes, cut between lines so that no escape is torn.
  [[nodiscard]] std::string_view take(Dice& dice, std::int64_t size) const {
    const auto wanted = static_cast<std::size_t>(std::clamp<std::int64_t>(size, 0, 500'000));
    const auto first = static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(starts_.size() / 2)));
    const auto last = std::lower_bound(starts_.begin(), starts_.end(), starts_[first] + wanted);
    return std::string_view(text_).substr(starts_[first], *last - starts_[first]);
  }

 private:
  static std::string replace_bare_quotes(const std::string& line) {
    std::string out;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '"' && (i == 0 || line[i - 1] != '\\')) out += '\\';
      out += line[i];
    }
    return out;
  }

  std::string text_;
  std::vector<std::size_t> starts_;
};

struct Response {
  std::string id;
  std::string request;     // empty: the line has none
  std::string_view model;
  TokenCounts counts;
  int blocks = 1;
  bool growing = false;    // the first blocks still have the placeholder output
};

struct Session {
  std::string id;
  std::string cwd;
  std::string agent;       // of a sub-agent's file; empty: the main session
  std::filesystem::path path;
};

constexpr std::string_view kModels[] = {"claude-sonnet-4-5-20250929", "claude-opus-4-1-20250805",
                                        "claude-haiku-4-5-20251001", "claude-opus-4-5-20251101"};

class Corpus {
 public:
  Corpus(std::filesystem::path root, const CorpusSpec& spec) : root_(std::move(root)), spec_(spec), dice_(spec.seed) {}

  Result<CorpusTruth> write() {
    Session main;
    for (int file = 0; file < spec_.files; ++file) {
      const bool sub_agent = file % 3 != 0 && !main.id.empty();
      const Session session = sub_agent ? sub_session(main) : main_session();
      if (!sub_agent) main = session;
      const int responses = spec_.responses / spec_.files + (file < spec_.responses % spec_.files ? 1 : 0);
      const bool resumed = !sub_agent && file % 9 == 3;
      const std::string text = file_text(session, responses, resumed);
      if (!sub_agent) past_ = body_;
      if (!sub_agent) past_id_ = session.id;
      TS_CHECK(save(session.path, text));
      truth_.bytes += static_cast<std::int64_t>(text.size());
      ++truth_.files;
      truth_.sessions += sub_agent ? 0 : 1;
    }
    return truth_;
  }

 private:
  Session main_session() {
    const std::int64_t project = dice_.below(12);
    Session session{uuid(dice_), fmt::format("/home/dev/project-{}", project), "", {}};
    session.path = root_ / "projects" / fmt::format("-home-dev-project-{}", project) / (session.id + ".jsonl");
    return session;
  }

  Session sub_session(const Session& main) {
    Session session = main;
    session.agent = fmt::format("a{:016x}", dice_.next());
    session.path.replace_extension();
    session.path = session.path / "subagents" / fmt::format("agent-{}.jsonl", session.agent);
    return session;
  }

  std::string file_text(const Session& session, int responses, bool resumed) {
    std::string text = session.agent.empty() ? fmt::format(R"({{"type":"queue-operation","operation":"enqueue","timestamp":"{}","sessionId":"{}","content":"do the task"}})"
                                                           "\n", stamp(), session.id)
                                             : std::string();
    if (resumed) text += with_session(past_, session.id);
    const std::size_t before = text.size();
    text += user_line(session, R"("content":"do the task")");
    const std::int64_t target = truth_.bytes + (spec_.bytes - truth_.bytes) / (spec_.files - truth_.files);
    for (int i = 0; i < responses; ++i) {
      const auto written = truth_.bytes + static_cast<std::int64_t>(text.size());
      append_turn(text, session, std::max<std::int64_t>((target - written) / (responses - i), 0));
    }
    // A resume copies the last piece of the past only; a whole chain of them would grow without bound.
    const std::size_t keep = std::min<std::size_t>(text.size() - before, 200'000);
    const std::size_t start = text.find('\n', text.size() - keep - 1) + 1;
    body_ = text.substr(std::min(start, text.size()));
    return text;
  }

  std::string with_session(std::string_view past, const std::string& id) {
    std::string text;
    for (std::size_t at = 0; at < past.size();) {
      const std::size_t hit = past_id_.empty() ? std::string_view::npos : past.find(past_id_, at);
      text += past.substr(at, hit == std::string_view::npos ? past.size() - at : hit - at);
      if (hit == std::string_view::npos) break;
      text += id;
      at = hit + past_id_.size();
    }
    return text;
  }

  /// One response with its blocks and the result of its tool, `size` bytes in all if that is possible.
  void append_turn(std::string& text, const Session& session, std::int64_t size) {
    Response response = next_response();
    // Lines without requestId: only where tools that need it to tell repeats agree with those that don't.
    if (!session.agent.empty() && dice_.one_in(50)) {
      response.request.clear();
      response.blocks = 1;
    }
    constexpr std::int64_t kEnvelope = 1000;
    const std::int64_t free = std::max<std::int64_t>(size * 2 * dice_.below(1000) / 1000 - (response.blocks + 1) * kEnvelope, 40);
    for (int block = 0; block < response.blocks; ++block)
      append_block(text, session, response, {block, free / (3 * response.blocks)});
    truth_.totals.counts = truth_.totals.counts + response.counts;
    ++truth_.totals.requests;
    if (dice_.one_in(200)) text += synthetic_line(session);
    text += tool_result(session, free * 2 / 3);
  }

  Response next_response() {
    Response r;
    ++number_;
    r.id = fmt::format("msg_01{:020x}", number_ * 0x9e3779b1ULL);
    r.request = fmt::format("req_011C{:018x}", number_ * 0x85ebca77ULL);
    r.model = kModels[dice_.below(std::size(kModels))];
    r.counts.input = dice_.below(40) + 1;
    (dice_.one_in(10) ? r.counts.cache_write_1h : r.counts.cache_write_5m) = dice_.below(6000);
    r.counts.cache_read = dice_.below(180'000);
    r.counts.output = dice_.below(3000) + 2;
    r.blocks = static_cast<int>(dice_.below(4)) + 1;
    r.growing = dice_.one_in(7);
    return r;
  }

  struct Block {
    int number;
    std::int64_t size;
  };

  void append_block(std::string& text, const Session& session, const Response& r, Block block) {
    const bool last = block.number + 1 == r.blocks;
    const Tokens output = r.growing && !last ? 1 : r.counts.output;
    const std::string_view filler = filler_.take(dice_, block.size);
    const std::string content =
        block.number == 0   ? fmt::format(R"({{"type":"thinking","thinking":"{}","signature":"EqQB{:x}"}})", filler, dice_.next())
        : !last             ? fmt::format(R"({{"type":"text","text":"{}"}})", filler)
        : dice_.one_in(20)  ? fmt::format(R"({{"type":"tool_use","id":"toolu_{:x}","name":"mcp__log","input":{{"usage":{{"input_tokens":5,"output_tokens":7}},"note":"{}"}}}})", dice_.next(), filler)
                            : fmt::format(R"({{"type":"tool_use","id":"toolu_{:x}","name":"Bash","input":{{"command":"{}"}}}})", dice_.next(), filler);
    text += fmt::format(
        R"({{"parentUuid":"{}","isSidechain":{},{}"message":{{"id":"{}","type":"message","role":"assistant","model":"{}","content":[{}],"stop_reason":"tool_use","stop_sequence":null,"usage":{{"input_tokens":{},"cache_creation_input_tokens":{},"cache_read_input_tokens":{},"output_tokens":{},"server_tool_use":{{"web_search_requests":0,"web_fetch_requests":0}},"service_tier":"standard","cache_creation":{{"ephemeral_1h_input_tokens":{},"ephemeral_5m_input_tokens":{}}},"inference_geo":"","iterations":[],"speed":"standard"}},"stop_details":null}},{}"type":"assistant",{}}})"
        "\n",
        uuid(dice_), session.agent.empty() ? "false" : "true", agent_member(session), r.id, r.model, content,
        r.counts.input, r.counts.cache_write(), r.counts.cache_read, output, r.counts.cache_write_1h,
        r.counts.cache_write_5m, r.request.empty() ? "" : fmt::format(R"("requestId":"{}",)", r.request), tail(session));
    TokenCounts line = r.counts;
    line.output = output;
    truth_.per_line.counts = truth_.per_line.counts + line;
    ++truth_.per_line.requests;
  }

  std::string tool_result(const Session& session, std::int64_t size) {
    const std::string_view filler = filler_.take(dice_, size / 2);
    return user_line(session, fmt::format(R"("content":[{{"tool_use_id":"toolu_{:x}","type":"tool_result","content":"{}","is_error":false}}])",
                                          dice_.next(), filler),
                     dice_.one_in(30)
                         ? fmt::format(R"("toolUseResult":{{"status":"completed","content":"{}","totalTokens":7,"usage":{{"input_tokens":3,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"output_tokens":11}}}},)", filler)
                         : fmt::format(R"("toolUseResult":{{"stdout":"{}","stderr":"","interrupted":false,"isImage":false}},)", filler));
  }

  std::string user_line(const Session& session, std::string_view content, std::string_view result = "") {
    return fmt::format(R"({{"parentUuid":"{}","isSidechain":{},{}"type":"user","message":{{"role":"user",{}}},{}{}}})"
                       "\n",
                       uuid(dice_), session.agent.empty() ? "false" : "true", agent_member(session), content, result,
                       tail(session));
  }

  std::string synthetic_line(const Session& session) {
    return fmt::format(
        R"({{"parentUuid":"{}","isSidechain":false,{}"message":{{"id":"{}","container":null,"model":"<synthetic>","role":"assistant","stop_reason":"stop_sequence","stop_sequence":"","type":"message","usage":{{"input_tokens":0,"output_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"server_tool_use":{{"web_search_requests":0,"web_fetch_requests":0}},"service_tier":null,"cache_creation":{{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0}}}},"content":[{{"type":"text","text":"API Error: Overloaded"}}]}},"type":"assistant",{},"isApiErrorMessage":true}})"
        "\n",
        uuid(dice_), agent_member(session), uuid(dice_), tail(session));
  }

  static std::string agent_member(const Session& session) {
    return session.agent.empty() ? std::string() : fmt::format(R"("agentId":"{}",)", session.agent);
  }

  std::string tail(const Session& session) {
    return fmt::format(R"("uuid":"{}","timestamp":"{}","userType":"external","entrypoint":"cli","cwd":"{}","sessionId":"{}","version":"2.1.197","gitBranch":"main")",
                       uuid(dice_), stamp(), session.cwd, session.id);
  }

  std::string stamp() {
    ++tick_;
    const std::int64_t seconds = tick_ * 2;
    return fmt::format("2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", 3 + seconds / 86'400 / 28, seconds / 86'400 % 28 + 1,
                       seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, tick_ % 1000);
  }

  static Result<void> save(const std::filesystem::path& path, const std::string& text) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    std::ofstream out(path, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (error || !out.flush()) return Error{Errc::io, fmt::format("corpus: {}: can't write", path.string())};
    return boost::system::in_place_value;
  }

  std::filesystem::path root_;
  CorpusSpec spec_;
  Dice dice_;
  Filler filler_;
  CorpusTruth truth_;
  std::string past_;
  std::string past_id_;
  std::string body_;
  std::uint64_t number_ = 0;
  std::int64_t tick_ = 0;
};

}  // namespace

Result<CorpusTruth> write_claude_corpus(const std::filesystem::path& root, const CorpusSpec& spec) {
  return Corpus(root, spec).write();
}

}  // namespace ts::test
