#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "process_fixture.hpp"

namespace ts::process::test {
namespace {

namespace fs = std::filesystem;

class Launch : public ProcessTest {
 protected:
  void SetUp() override {
    ProcessTest::SetUp();
    char name[] = "/tmp/ts-launch-XXXXXX";
    folder = ::mkdtemp(name);
  }
  void TearDown() override {
    if (!HasFailure()) fs::remove_all(folder);
  }

  std::string file(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = folder / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  /// The exit status that a user would see, and the message.
  std::pair<int, std::string> failure(std::vector<std::string> argv) {
    auto what = spec(std::move(argv));
    what.env = {"PATH=" + folder.string() + ":/nowhere"};
    auto child = launcher->launch(what);
    if (child.has_error()) return {launch_exit_status(child.error()), child.error().message};
    Running run(std::move(child).value());
    const auto error = run.wait<ExecFailed>().error;
    run.wait<TreeEmpty>();
    return {launch_exit_status(error), error.message};
  }

  fs::path folder;
};

TEST_F(Launch, ExitCodesAndSignalsComeThrough) {
  for (const int code : {0, 1, 2, 126, 127, 143, 255}) {
    auto run = launch(spec({agent("ending"), "exit", std::to_string(code)}));
    EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Exited{code}));
    run.wait<TreeEmpty>();
    out = Pipe();
  }
  for (const int number : {SIGTERM, SIGKILL, SIGSEGV, SIGPIPE, SIGUSR1, SIGRTMIN}) {
    auto run = launch(spec({agent("ending"), "signal", std::to_string(number)}));
    EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Signaled{number}));
    run.wait<TreeEmpty>();
    out = Pipe();
  }
}

TEST_F(Launch, NotFoundIs127WithThePlacesLookedAt) {
  const auto [status, message] = failure({"no-such-agent"});
  EXPECT_EQ(status, 127);
  EXPECT_NE(message.find(folder.string()), std::string::npos) << message;
  EXPECT_NE(message.find("/nowhere"), std::string::npos) << message;
  EXPECT_EQ(failure({"/no/such/agent"}).first, 127);
  EXPECT_EQ(failure({""}).first, 127);
}

TEST_F(Launch, NotExecutableIs126WithThePath) {
  const auto plain = file("plain", "#!/bin/sh\n", 0644);
  const auto bare = file("bare", "echo no shebang\n", 0755);
  const auto lost = file("lost", "#!/no/such/interpreter\n", 0755);
  const auto empty = file("empty", "", 0755);
  for (const auto& path : {plain, bare, lost, empty, folder.string()}) {
    const auto [status, message] = failure({path});
    EXPECT_EQ(status, 126) << path;
    EXPECT_NE(message.find(path), std::string::npos) << message;
  }
  EXPECT_EQ(failure({"plain"}).first, 126);  // by PATH
  EXPECT_EQ(failure({"bare"}).first, 126);
  EXPECT_NE(failure({bare}).second.find("#!"), std::string::npos);
}

TEST_F(Launch, FirstExecutableInPathIsTaken) {
  file("tool", "not executable", 0644);
  fs::create_directories(folder / "b");
  file("b/tool", "#!/bin/sh\necho \"$0\"\n", 0755);
  auto what = spec({"tool"});
  what.env = {"PATH=" + folder.string() + ":" + (folder / "b").string()};
  auto run = launch(what);
  EXPECT_EQ(read_to_end(out.read.get()), (folder / "b/tool\n").string());
  run.wait<TreeEmpty>();
}

TEST_F(Launch, ArgumentListTooLongIs126) {
  EXPECT_EQ(failure({"/bin/true", std::string(200'000, 'x')}).first, 126);
}

TEST_F(Launch, HugeArgumentsAndEnvironmentArrive) {
  std::vector<std::string> argv{"/bin/sh", "-c", "echo $#", "sh"};
  for (int i = 0; i < 12'000; ++i) argv.push_back("argument-" + std::to_string(i));
  auto run = launch(spec(argv));
  EXPECT_EQ(read_to_end(out.read.get()), "12000\n");
  run.wait<TreeEmpty>();
}

TEST_F(Launch, OddArgumentsAreUntouched) {
  auto what = spec({agent("state"), "", " a  b ", "$HOME", "*", "\"'\\", "--", "\xff\xfe", "line\nend", "-c"});
  what.env = {"ONLY=this", "NOEQUALS", "ODD==x= "};
  auto run = launch(what);
  const auto text = read_to_end(out.read.get());
  EXPECT_NE(text.find("arg \narg  a  b \narg $HOME\narg *\narg \"'\\\narg --\narg \xff\xfe\narg line\nend\narg -c\n"
                      "env ONLY=this\nenv NOEQUALS\nenv ODD==x= \n"), std::string::npos) << text;
  run.wait<TreeEmpty>();
}

TEST_F(Launch, WorkingFolderIsEnteredOrTheRunFails) {
  auto what = spec({agent("state")});
  what.cwd = folder;
  auto run = launch(what);
  EXPECT_NE(read_to_end(out.read.get()).find("cwd " + folder.string() + "\n"), std::string::npos);
  run.wait<TreeEmpty>();
  out = Pipe();
  what.cwd = folder / "missing";
  auto failed = launch(what);
  EXPECT_EQ(launch_exit_status(failed.wait<ExecFailed>().error), 125);
}

TEST_F(Launch, NulInAnArgumentIsRefused) {
  const auto child = launcher->launch(spec({"/bin/true", std::string("a\0b", 3)}));
  ASSERT_TRUE(child.has_error());
  EXPECT_EQ(launch_exit_status(child.error()), 125);
}

TEST_F(Launch, BadRunNameIsRefused) {
  auto what = spec({"/bin/true"});
  for (const char* name : {"", "../x", "a/b", "a b"}) {
    what.name = name;
    EXPECT_TRUE(launcher->launch(what).has_error()) << name;
  }
}

TEST_F(Launch, KilledStockWardenIsReplaced) {
  const auto below = alive_of(*scan_descendants(::getpid()));
  ASSERT_EQ(below.size(), 1U);
  ::kill(below.front(), SIGKILL);
  auto run = launch(spec({agent("ending"), "exit", "5"}));
  // Seen before the launch it is replaced; after, the run is lost but clean.
  const auto empty = run.wait<TreeEmpty>();
  EXPECT_EQ(empty.survivors, 0U);
}

/// Runs the driver with `prelude` in a shell before it; `-` stands for the bare command.
std::string with_and_without(const std::string& prelude, const std::string& wrapper, const std::string& command) {
  const std::string line = prelude + " exec " + wrapper + command + " 2>/dev/null </dev/null 9</dev/null";
  FILE* pipe = ::popen(line.c_str(), "r");
  const auto text = read_to_end(::fileno(pipe));
  return text + "status " + std::to_string(::pclose(pipe));
}

TEST_F(Launch, TransparentForSignalsUmaskLimitsAndEnding) {
  const auto wrapper = "env -u _ " + agent("spawn_driver") + " -- ";
  for (const std::string prelude : {"", "trap '' PIPE;", "trap '' INT HUP;", "trap '' CHLD;", "trap '' TERM;", "umask 077;", "umask 000;",
                                    "ulimit -n 300;", "ulimit -c 0; ulimit -s 4096;", "cd /;", "cd /usr; export A='b c';"}) {
    const auto bare = with_and_without(prelude, "env -u _ ", agent("state") + " a 'b c'");
    const auto wrapped = with_and_without(prelude, wrapper, agent("state") + " a 'b c'");
    // The bare command has what the shell had open besides; the wrapped one has 0 to 2.
    EXPECT_EQ(wrapped, std::regex_replace(bare, std::regex("\nfds [^\n]*"), "\nfds 0 1 2")) << prelude;
  }
  for (const std::string command : {"/bin/true", "/bin/false", "/bin/echo hi", "sh -c 'exit 42'", "cat /etc/passwd"})
    EXPECT_EQ(with_and_without("", wrapper, command), with_and_without("", "", command)) << command;
}

TEST_F(Launch, BlockedSignalsStayBlocked) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  launcher = std::move(prepare_local_launcher()).value();
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  auto run = launch(spec({agent("state")}));
  EXPECT_NE(read_to_end(out.read.get()).find("blocked " + std::to_string(SIGUSR2) + "\n"), std::string::npos);
  run.wait<TreeEmpty>();
}

TEST_F(Launch, AgentLeadsItsOwnGroupAndGetsItsSignals) {
  auto run = launch(spec({agent("deaf")}));
  ASSERT_EQ(read_line(out.read.get()), "ready");
  const pid_t pid = run.wait<AgentStarted>().pid;
  EXPECT_EQ(run.child->pid(), pid);
  EXPECT_EQ(::getpgid(pid), pid);
  ASSERT_FALSE(run.child->signal_agent(SIGINT).has_error());
  EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Signaled{SIGINT}));
}

TEST_F(Launch, ForegroundAgentStaysInOurGroup) {
  auto what = spec({agent("deaf")});
  what.terminal = TerminalMode::foreground;
  auto run = launch(what);
  ASSERT_EQ(read_line(out.read.get()), "ready");
  const pid_t pid = run.wait<AgentStarted>().pid;
  EXPECT_EQ(::getpgid(pid), ::getpgrp());
  EXPECT_EQ(::getsid(pid), ::getsid(0));
  const pid_t warden = read_proc_stat(pid)->parent;
  EXPECT_NE(::getpgid(warden), ::getpgrp());  // Ctrl-Z must not stop it
  ASSERT_FALSE(run.child->signal_agent(SIGTERM).has_error());
  EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Signaled{SIGTERM}));
}

TEST_F(Launch, StopsAndContinuesAreReported) {
  auto run = launch(spec({agent("deaf")}));
  ASSERT_EQ(read_line(out.read.get()), "ready");
  ASSERT_FALSE(run.child->signal_agent(SIGSTOP).has_error());
  EXPECT_EQ(run.wait<AgentStopped>().signal, SIGSTOP);
  ASSERT_FALSE(run.child->signal_agent(SIGCONT).has_error());
  run.wait<AgentContinued>();
  ASSERT_FALSE(run.child->kill_tree().has_error());
  run.wait<TreeEmpty>();
  EXPECT_FALSE(run.child->kill_tree().has_error());  // again, when all is over
  EXPECT_FALSE(run.child->signal_agent(SIGTERM).has_error());
}

TEST_F(Launch, WardenKeepsNoPipeOpen) {
  auto run = launch(spec({"/bin/sh", "-c", "exec >/dev/null 2>&1; sleep 100"}));
  EXPECT_EQ(read_to_end(out.read.get()), "");  // EOF while the agent lives
  EXPECT_FALSE(run.saw<AgentExited>());
  ASSERT_FALSE(run.child->kill_tree().has_error());
  run.wait<TreeEmpty>();
}

TEST_F(Launch, BigOutputArrivesWhole) {
  auto run = launch(spec({agent("writer"), "5000000", "70000"}));
  EXPECT_EQ(read_to_end(out.read.get()).size(), 5'000'000U);
  run.wait<TreeEmpty>();
}

}  // namespace
}  // namespace ts::process::test
