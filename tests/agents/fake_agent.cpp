// fake_agent: a small agent that looks like `claude -p … --output-format stream-json --verbose` from outside.
// What it doesn't know (Claude Code's own options) it ignores, so it can stand in for `claude` with the same command line.
//   --turns N (4)           responses; every one but the last uses a tool
//   --delay MS (50)         before each response
//   --input N (4) --cache-write N (1200) --cache-read N (15000) --output N (150)   tokens of each response
//   --placeholder           1 as output on assistant lines, as the real one prints; the true output stands in the result and transcript
//   --transcript            also writes $CLAUDE_CONFIG_DIR (or ~/.claude)/projects/<cwd>/<session>.jsonl
//   --children N            forks N helpers that wait for ever, every second one in a session of its own
//   --stubborn              it and its helpers ignore SIGTERM, SIGINT, SIGHUP
//   --exit N (0)            how it ends; not 0: the result says is_error
//   --no-result             ends without a result line    --crash SIGNAL   ends by that signal after the last turn
//   --model NAME  --session ID  --stderr TEXT
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>
#include <map>
#include <set>
#include <string>

namespace {

using Options = std::map<std::string, std::string>;

Options read_options(int argc, char** argv) {
  const std::set<std::string> flags{"--placeholder", "--transcript", "--stubborn", "--no-result", "--verbose"};
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name.compare(0, 2, "--") != 0) continue;
    if (flags.count(name) != 0 || i + 1 == argc) options[name] = "1";
    else options[name] = argv[++i];
  }
  return options;
}

class Agent {
 public:
  explicit Agent(Options options) : options_(std::move(options)) {
    timespec start{};
    ::clock_gettime(CLOCK_REALTIME, &start);
    birth_ = padded(start.tv_sec % 10'000'000, 7) + padded(start.tv_nsec / 1000, 6) + padded(::getpid(), 7);  // two runs never share it
    session_ = text("--session", birth_.substr(0, 8) + "-0000-4000-8000-" + birth_.substr(8, 12));
    model_ = text("--model", "claude-sonnet-4-5-20250929");
    char folder[4096];
    cwd_ = ::getcwd(folder, sizeof folder) != nullptr ? folder : "/";
  }

  int run() {
    if (has("--stubborn"))
      for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::signal(number, SIG_IGN);
    start_children();
    if (has("--transcript")) open_transcript();
    print("{\"type\":\"system\",\"subtype\":\"init\",\"cwd\":\"" + cwd_ + "\",\"session_id\":\"" + session_ +
          "\",\"tools\":[\"Bash\"],\"mcp_servers\":[],\"model\":\"" + model_ +
          "\",\"permissionMode\":\"bypassPermissions\",\"claude_code_version\":\"2.1.197\"}");
    const long turns = number("--turns", 4);
    for (long turn = 1; turn <= turns; ++turn) take_turn(turn, turn == turns);
    if (has("--stderr")) std::fprintf(stderr, "%s\n", text("--stderr", "").c_str());
    if (has("--crash")) {
      ::signal(static_cast<int>(number("--crash", SIGKILL)), SIG_DFL);
      ::raise(static_cast<int>(number("--crash", SIGKILL)));
    }
    if (!has("--no-result")) print_result(turns);
    return static_cast<int>(number("--exit", 0));
  }

 private:
  [[nodiscard]] bool has(const std::string& name) const { return options_.count(name) != 0; }
  [[nodiscard]] std::string text(const std::string& name, const std::string& otherwise) const {
    const auto found = options_.find(name);
    return found == options_.end() ? otherwise : found->second;
  }
  [[nodiscard]] long number(const std::string& name, long otherwise) const {
    return has(name) ? std::strtol(text(name, "").c_str(), nullptr, 10) : otherwise;
  }
  static std::string padded(long value, int width) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%0*ld", width, value);
    return digits;
  }

  static void print(const std::string& line) {
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
  }

  void start_children() const {
    for (long i = 0; i < number("--children", 0); ++i) {
      if (::fork() != 0) continue;
      if (i % 2 == 1) ::setsid();
      for (;;) ::pause();
    }
  }

  void open_transcript() {
    const char* home = std::getenv("HOME");
    const char* configured = std::getenv("CLAUDE_CONFIG_DIR");
    std::string folder = configured != nullptr ? configured : std::string(home != nullptr ? home : "/tmp").append("/.claude");
    std::string project = cwd_;
    for (char& c : project)
      if (c == '/' || c == '.') c = '-';
    ::mkdir(folder.c_str(), 0700);
    ::mkdir((folder += "/projects").c_str(), 0700);
    ::mkdir(folder.append("/").append(project).c_str(), 0700);
    transcript_ = ::open(folder.append("/").append(session_).append(".jsonl").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }

  void record(const std::string& line) const {
    if (transcript_ >= 0 && ::write(transcript_, (line + "\n").c_str(), line.size() + 1) < 0) std::perror("transcript");
  }

  [[nodiscard]] std::string usage(long output) const {
    const auto written = std::to_string(number("--cache-write", 1200));
    return "{\"input_tokens\":" + std::to_string(number("--input", 4)) + ",\"cache_creation_input_tokens\":" + written +
           ",\"cache_read_input_tokens\":" + std::to_string(number("--cache-read", 15000)) +
           ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":" + written +
           ",\"ephemeral_1h_input_tokens\":0},\"output_tokens\":" + std::to_string(output) + ",\"service_tier\":\"standard\"}";
  }

  [[nodiscard]] std::string message(long turn, const std::string& block, long output) const {
    return "{\"id\":\"msg_" + birth_ + padded(turn, 5) + "\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"" + model_ +
           "\",\"content\":[" + block + "],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":" + usage(output) + "}";
  }

  /// One content block: a line on stdout and one in the transcript.
  void say(long turn, const std::string& block) const {
    const long output = number("--output", 150);
    const auto request = "req_" + birth_ + padded(turn, 5);
    print("{\"type\":\"assistant\",\"message\":" + message(turn, block, has("--placeholder") ? 1 : output) +
          ",\"parent_tool_use_id\":null,\"session_id\":\"" + session_ + "\",\"request_id\":\"" + request + "\"}");
    record("{\"isSidechain\":false,\"message\":" + message(turn, block, output) + ",\"requestId\":\"" + request +
           "\",\"type\":\"assistant\",\"timestamp\":\"" + now() + "\",\"cwd\":\"" + cwd_ + "\",\"sessionId\":\"" + session_ +
           "\",\"version\":\"2.1.197\"}");
  }

  void take_turn(long turn, bool last) const {
    ::usleep(static_cast<useconds_t>(number("--delay", 50) * 1000));
    say(turn, "{\"type\":\"text\",\"text\":\"" + (last ? std::string("All done.") : "Step " + std::to_string(turn) + ".") + "\"}");
    if (last) return;
    const auto tool = "toolu_" + padded(turn, 5);
    say(turn, "{\"type\":\"tool_use\",\"id\":\"" + tool + "\",\"name\":\"Bash\",\"input\":{\"command\":\"make\"}}");
    print("{\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":[{\"tool_use_id\":\"" + tool +
          "\",\"type\":\"tool_result\",\"content\":\"ok\",\"is_error\":false}]},\"parent_tool_use_id\":null,\"session_id\":\"" + session_ + "\"}");
  }

  void print_result(long turns) const {
    const auto times = [&](const char* name, long otherwise) { return std::to_string(turns * number(name, otherwise)); };
    const auto input = times("--input", 4), output = times("--output", 150);
    const auto written = times("--cache-write", 1200), read = times("--cache-read", 15000);
    const bool failed = number("--exit", 0) != 0;
    print(std::string("{\"type\":\"result\",\"subtype\":\"") + (failed ? "error_during_execution" : "success") +
          "\",\"is_error\":" + (failed ? "true" : "false") + ",\"num_turns\":" + std::to_string(turns) +
          ",\"result\":\"All done.\",\"session_id\":\"" + session_ + "\",\"usage\":{\"input_tokens\":" + input +
          ",\"cache_creation_input_tokens\":" + written + ",\"cache_read_input_tokens\":" + read + ",\"output_tokens\":" + output +
          "},\"modelUsage\":{\"" + model_ + "\":{\"inputTokens\":" + input + ",\"outputTokens\":" + output + ",\"cacheReadInputTokens\":" + read +
          ",\"cacheCreationInputTokens\":" + written + ",\"webSearchRequests\":0}},\"permission_denials\":[]}");
  }

  static std::string now() {
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    std::tm parts{};
    ::gmtime_r(&time.tv_sec, &parts);
    char date[32];
    std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.", &parts);
    return date + padded(time.tv_nsec / 1'000'000, 3) + "Z";
  }

  Options options_;
  std::string birth_, session_, model_, cwd_;
  int transcript_ = -1;
};

}  // namespace

int main(int argc, char** argv) { return Agent(read_options(argc, argv)).run(); }
