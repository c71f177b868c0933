#include "accounting/import/opencode_deeds.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "accounting/import/opencode_db.hpp"
#include "accounting/usage/activity.hpp"
#include "accounting/usage/dialects.hpp"
#include "tests/support/opencode_store.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;
using ts::testing::OpencodeStore;

/// "call bash (ls) 16 of b in s1": one line an act, the responses too.
std::string told(const Activity& activity) {
  constexpr std::string_view kNames[] = {"prompt", "text", "call", "result", "response"};
  std::string text;
  for (const Act& act : activity.acts)
    text += fmt::format("{}{}{} {}{} in {}{}\n", kNames[static_cast<int>(act.kind)], act.tool.empty() ? "" : " " + act.tool, act.about.empty() ? "" : " (" + act.about + ")",
                        act.bytes, act.response.empty() ? "" : " of " + act.response, act.session, act.worker.empty() ? "" : " by " + act.worker);
  return text;
}

UtcTime at_ms(std::int64_t ms) { return UtcTime(std::chrono::milliseconds(ms)); }

class OpencodeDeeds : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return dir_ / "opencode.db"; }
  Activity read(const std::set<std::string>& sessions, std::optional<UtcTime> since = {}, std::optional<UtcTime> until = {}) {
    ActivityReader reader(since, until);
    reader.begin(nullptr);
    const auto known = read_opencode_deeds(path(), sessions, {reader.usage(), reader.deeds()});
    EXPECT_TRUE(known.has_value() && *known) << (known.has_error() ? known.error().message : "");
    return reader.take();
  }
  ts::testing::TempDir dir_;
};

TEST_F(OpencodeDeeds, AMessagesDeedsBearTheIdThatItsUsageIsCountedBy) {
  OpencodeStore db(path());
  db.tables();
  db.session("s1", 1000);
  db.session("foreign", 1000);
  db.prompt("a", "s1", 1001, "do it");
  db.answer("b", "s1", 1002);
  db.part("b", R"({"type":"step-start"})");
  db.part("b", R"({"type":"reasoning","text":"hm"})");
  db.text("b", "I will");
  db.tool("b", "c1", "bash", R"({"command":"ls"})", "a\\nb", 1003);
  db.part("b", R"({"type":"tool","tool":"read","callID":"c2","state":{"status":"error","input":{"filePath":"/x"},"error":"no file"}})");
  db.part("b", R"({"type":"tool","tool":"bash","callID":"c3","state":{"status":"running","input":{"command":"sleep"},"time":{"start":1004}}})");
  db.part("b", R"({"type":"step-finish"})");
  db.part("b", "{torn");
  db.answer("z", "foreign", 1002);
  db.tool("z", "c9", "bash", "{}", "not ours", 1003);
  const Activity activity = read({"s1", "one that is not there"});
  EXPECT_EQ(told(activity), "prompt 5 in s1\ntext 2 of b in s1\ntext 6 of b in s1\ncall bash (ls) 16 of b in s1\nresult bash 3 in s1\n"
                            "call read (/x) 17 of b in s1\nresult read 7 in s1\ncall bash (sleep) 19 of b in s1\nresponse 0 of b in s1\n");
  EXPECT_EQ(activity.calls, 3U);
}

TEST_F(OpencodeDeeds, ASessionThatATaskStartedIsAWorkerWithItsName) {
  OpencodeStore db(path());
  db.tables();
  db.session("s1", 1000);
  db.prompt("a", "s1", 1001, "do it");
  db.answer("b", "s1", 1002);
  db.tool("b", "c1", "task", R"({"description":"worker 0","prompt":"do part 0"})", "done", 1003, R"({"sessionId":"kid"})");
  db.session("kid", 1004, "s1");
  db.prompt("k1", "kid", 1005, "do part 0");
  db.answer("k2", "kid", 1006);
  db.tool("k2", "c1", "bash", R"({"command":"ls"})", "x", 1007);  // a provider that counts its calls by the session
  const Activity activity = read({"s1", "kid"});
  EXPECT_EQ(told(activity), "prompt 5 in s1\ncall task (worker 0) 47 of b in s1\nresult task 4 in s1\nresponse 0 of b in s1\n"
                            "prompt 9 in kid by kid\ncall bash (ls) 16 of k2 in kid by kid\nresult bash 1 in kid by kid\nresponse 0 of k2 in kid\n");
  EXPECT_EQ(activity.workers.at("kid"), "worker 0");
  // A run that was given the sub-agent's session as its own has no sub-agent.
  EXPECT_EQ(told(read({"kid"})), "prompt 9 in kid\ncall bash (ls) 16 of k2 in kid\nresult bash 1 in kid\nresponse 0 of k2 in kid\n");
}

TEST_F(OpencodeDeeds, AForksCopiesAreToldOnce) {
  OpencodeStore db(path());
  db.tables();
  db.session("s1", 1000);
  db.session("fork", 2000);
  for (const std::string session : {"s1", "fork"}) {
    db.prompt("a" + session, session, 1001, "do it");
    db.answer("b" + session, session, 1002);
    db.text("b" + session, "I will");
    db.tool("b" + session, "c1", "bash", R"({"command":"ls"})", "a", 1003);
  }
  db.prompt("c", "fork", 2001, "go on");
  db.answer("d", "fork", 2002);
  db.text("d", "Done");
  EXPECT_EQ(told(read({"s1", "fork"})), "prompt 5 in s1\ntext 6 of bs1 in s1\ncall bash (ls) 16 of bs1 in s1\nresult bash 1 in s1\nresponse 0 of bs1 in s1\n"
                                        "prompt 5 in fork\ntext 4 of d in fork\nresponse 0 of d in fork\n");
  // Of a run that began after the fork's past, the past is left out.
  EXPECT_EQ(told(read({"fork"}, at_ms(2000))), "prompt 5 in fork\ntext 4 of d in fork\nresponse 0 of d in fork\n");
  EXPECT_EQ(told(read({"s1", "fork"}, at_ms(1000), at_ms(1900))), told(read({"s1"}))) << "what came after the run's end is another's";
}

TEST_F(OpencodeDeeds, SeesWhatIsStillInTheLogAndLeavesNothingBehind) {
  OpencodeStore db(path());
  db.run("PRAGMA journal_mode=WAL");
  db.tables();
  db.session("s1", 1000);
  db.answer("b", "s1", 1002);
  db.text("b", "I will");
  EXPECT_EQ(read({"s1"}).acts.size(), 2U);
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir_.path())) names.insert(entry.path().filename());
  EXPECT_EQ(names, (std::set<std::string>{"opencode.db", "opencode.db-shm", "opencode.db-wal"}));
}

TEST_F(OpencodeDeeds, OtherFilesAreNotOpencodes) {
  ActivityReader reader(std::nullopt);
  const auto read_it = [&] { return read_opencode_deeds(path(), {"s1"}, {reader.usage(), reader.deeds()}); };
  EXPECT_TRUE(read_it().has_error()) << "there is none";
  EXPECT_FALSE(fs::exists(path()));
  { OpencodeStore(path()).run("CREATE TABLE message(id text)"); }
  EXPECT_FALSE(read_it().value());
  std::ofstream(path()) << std::string(5000, 'x');
  EXPECT_EQ(read_it().error().code, Errc::corrupt);
}

TEST_F(OpencodeDeeds, OddRowsBreakNothing) {
  OpencodeStore db(path());
  db.tables();
  db.session("s1", 1000);
  db.message("a", "s1", 1001, "{torn");
  db.text("a", "lost");
  db.message("b", "s1", 1002, R"({"role":"assistant","time":{"created":1002},"tokens":{"input":-5}})");
  db.text("b", "kept");
  db.message("c", "s1", 1003, R"({"role":"assistant","time":{"created":99999999999999999}})");
  db.text("c", "kept");
  db.message("d", "s1", 1004, "[]");
  for (const char* part : {"7", "null", R"({"type":"tool"})", R"({"type":"tool","tool":7,"state":[]})", R"({"type":"text","text":{}})", ""}) db.part("c", part);
  const Activity activity = read({"s1"});
  EXPECT_EQ(activity.calls, 2U) << told(activity);
  EXPECT_TRUE(told(activity).starts_with("text 4 of b in s1\ntext 4 of c in s1\n")) << told(activity);
}

// --- real recordings -------------------------------------------------------

struct Usage final : UsageSink {
  std::set<std::string> ids;
  std::set<std::string> sessions;
  void on_usage(const UsageEvent& e) override { ids.emplace(e.response_id); }
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent& e) override { sessions.emplace(e.session); }
};

struct Sums {
  std::size_t calls = 0, results = 0;
  std::uint64_t call_bytes = 0, result_bytes = 0;
  std::set<std::string> responses;   ///< of texts and calls
  std::set<std::string> workers;
};

Sums sums_of(const Activity& activity) {
  Sums sums;
  for (const Act& act : activity.acts) {
    if (act.kind == Act::Kind::call) ++sums.calls, sums.call_bytes += act.bytes;
    if (act.kind == Act::Kind::result) ++sums.results, sums.result_bytes += act.bytes;
    if (act.kind == Act::Kind::text || act.kind == Act::Kind::call) sums.responses.insert(act.response);
    if (!act.worker.empty()) sums.workers.insert(act.worker);
  }
  return sums;
}

Activity of_stream(const fs::path& file) {
  ActivityReader reader(std::nullopt);
  reader.begin(make_stream_dialect("opencode"));
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) reader.line(line);
  return reader.take();
}

class OpencodeDeedsRecorded : public OpencodeDeeds, public ::testing::WithParamInterface<const char*> {};

TEST_P(OpencodeDeedsRecorded, ResponsesAreThoseThatAreCountedAndCallsThoseThatWerePrinted) {
  const fs::path recording = fs::path(TS_SOURCE_DIR) / "tests/data/recordings" / GetParam();
  { OpencodeStore(path()).load(recording / "home/.local/share/opencode/opencode.sql"); }
  Usage usage;
  ASSERT_TRUE(read_opencode_db(path(), usage).value());
  const Activity all = read(usage.sessions);
  const Sums kept = sums_of(all);
  EXPECT_EQ(kept.responses, usage.ids);
  EXPECT_EQ(kept.results, kept.calls);
  // stdout shows the main sessions' calls alone.
  std::size_t printed = 0, workers_calls = 0;
  std::uint64_t printed_bytes = 0, workers_bytes = 0;
  for (const char* stdout_file : {"stdout-before.jsonl", "stdout.jsonl"}) {
    const Sums sums = sums_of(of_stream(recording / stdout_file));
    printed += sums.calls;
    printed_bytes += sums.call_bytes + sums.result_bytes;
  }
  for (const Act& act : all.acts) {
    if (act.worker.empty() || (act.kind != Act::Kind::call && act.kind != Act::Kind::result)) continue;
    workers_calls += act.kind == Act::Kind::call ? 1 : 0;
    workers_bytes += act.bytes;
  }
  EXPECT_EQ(kept.calls - workers_calls, printed);
  EXPECT_EQ(kept.call_bytes + kept.result_bytes - workers_bytes, printed_bytes);
  EXPECT_EQ(kept.workers.size(), GetParam() == std::string("opencode-fanout") ? 2U : 0U);
  for (const std::string& worker : kept.workers) EXPECT_TRUE(all.workers.at(worker).starts_with("worker ")) << all.workers.at(worker);
}

INSTANTIATE_TEST_SUITE_P(All, OpencodeDeedsRecorded, ::testing::Values("opencode-basic", "opencode-fanout", "opencode-fork", "opencode-resume"),
                         [](const auto& tested) { return std::string(tested.param).replace(8, 1, "_"); });

}  // namespace
}  // namespace ts
