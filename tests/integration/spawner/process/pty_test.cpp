#include "spawner/process/pty.hpp"

#include <sys/ioctl.h>

#include "process_fixture.hpp"

namespace ts::process::test {
namespace {

/// The user's terminal, with a size of its own.
struct Outer {
  Pty pty;
  Outer() : pty(std::move(Pty::open(-1)).value()) { static_cast<void>(pty.resize({33, 111, 0, 0})); }
  [[nodiscard]] int fd() const { return pty.slave(); }
  [[nodiscard]] bool is_raw() const {
    termios settings{};
    ::tcgetattr(fd(), &settings);
    return (settings.c_lflag & (ICANON | ECHO | ISIG)) == 0;
  }
};

class PtyRun : public ProcessTest {
 protected:
  Running launch_on(Pty& pty, std::vector<std::string> argv) {
    auto what = spec(std::move(argv));
    what.stdio = {pty.slave(), pty.slave(), pty.slave()};
    what.terminal = TerminalMode::pty;
    auto run = launch(what);
    pty.close_slave();
    return run;
  }
  static void type(const Pty& pty, const std::string& keys) {
    ASSERT_EQ(::write(pty.master(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
};

TEST_F(PtyRun, AgentSeesATerminalOfOurSize) {
  Outer outer;
  auto pty = std::move(Pty::open(outer.fd())).value();
  auto run = launch_on(pty, {agent("terminal")});
  EXPECT_EQ(read_line(pty.master()), "tty 1 1 1");
  EXPECT_EQ(read_line(pty.master()), "control yes");
  EXPECT_EQ(read_line(pty.master()), "size 33 111");
  type(pty, "\x04");
  EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Exited{0}));
  run.wait<TreeEmpty>();
  char c = 0;
  EXPECT_EQ(::read(pty.master(), &c, 1), -1);  // EIO: the last holder is gone
}

TEST_F(PtyRun, WindowChangesAndKeysReachTheAgent) {
  auto pty = std::move(Pty::open(-1)).value();
  auto run = launch_on(pty, {agent("terminal")});
  for (int i = 0; i < 3; ++i) read_line(pty.master());
  ASSERT_FALSE(pty.resize({50, 200, 0, 0}).has_error());
  EXPECT_EQ(read_line(pty.master()), "size 50 200");
  EXPECT_EQ(*window_size(pty.master()), (WindowSize{50, 200, 0, 0}));
  type(pty, "hello\n");
  EXPECT_EQ(read_line(pty.master()), "hello");  // the echo
  EXPECT_EQ(read_line(pty.master()), "line hello");
  type(pty, "\x03");
  EXPECT_EQ(read_line(pty.master()), "^Cinterrupt");
  type(pty, "\x04");
  EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Exited{0}));
}

TEST_F(PtyRun, CtrlCEndsAPlainAgent) {
  auto pty = std::move(Pty::open(-1)).value();
  auto run = launch_on(pty, {agent("deaf")});
  ASSERT_EQ(read_line(pty.master()), "ready");
  type(pty, "\x03");
  EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Signaled{SIGINT}));
}

TEST_F(PtyRun, CtrlZIsReportedAndContinues) {
  auto pty = std::move(Pty::open(-1)).value();
  auto run = launch_on(pty, {agent("terminal")});
  for (int i = 0; i < 3; ++i) read_line(pty.master());
  type(pty, "\x1a");
  EXPECT_EQ(run.wait<AgentStopped>().signal, SIGTSTP);
  ASSERT_FALSE(run.child->signal_agent(SIGCONT).has_error());
  run.wait<AgentContinued>();
  type(pty, "\x04");
  run.wait<TreeEmpty>();
}

TEST_F(PtyRun, WholeTreeOnAPtyIsEnded) {
  auto pty = std::move(Pty::open(-1)).value();
  auto run = launch_on(pty, {agent("tree")});
  const auto pids = pids_of(read_line(pty.master()));
  ASSERT_EQ(pids.size(), 6U);
  ASSERT_FALSE(run.child->kill_tree().has_error());
  run.wait<TreeEmpty>();
  EXPECT_TRUE(alive_of(pids).empty());
}

TEST(RawMode, IsEnteredAndRestored) {
  Outer outer;
  {
    auto raw = std::move(RawTerminal::enter(outer.fd())).value();
    EXPECT_TRUE(outer.is_raw());
    raw.restore();
    EXPECT_FALSE(outer.is_raw());
    ASSERT_FALSE(raw.enter_again().has_error());
    EXPECT_TRUE(outer.is_raw());
  }
  EXPECT_FALSE(outer.is_raw());
}

TEST(RawMode, NeedsATerminal) {
  EXPECT_EQ(RawTerminal::enter(::open("/dev/null", O_RDONLY | O_CLOEXEC)).error().code, Errc::unsupported);
}

TEST(RawMode, IsRestoredAfterCrashAndExit) {
  for (const int way : {SIGABRT, SIGSEGV, 0}) {
    Outer outer;
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto raw = std::move(RawTerminal::enter(outer.fd())).value();
      if (!outer.is_raw()) ::_exit(9);
      if (way == 0) std::exit(0);
      ::kill(::getpid(), way);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), way);
    EXPECT_FALSE(outer.is_raw()) << way;
  }
}

/// kill -9 of the launcher: nobody but the warden can put the terminal back.
TEST_F(PtyRun, WardenRestoresTheTerminal) {
  Outer outer;
  Pipe words;
  const pid_t pid = ::fork();
  if (pid == 0) {
    auto fresh = std::move(prepare_local_launcher()).value();
    auto what = spec({agent("deaf")});
    what.stdio = {null.get(), words.write.get(), words.write.get()};
    what.restore_terminal = outer.fd();
    auto child = std::move(fresh->launch(what)).value();
    auto raw = std::move(RawTerminal::enter(outer.fd())).value();
    for (;;) ::pause();
  }
  words.write.reset();
  ASSERT_EQ(read_line(words.read.get()), "ready");
  ASSERT_TRUE(eventually([&] { return outer.is_raw(); }));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !outer.is_raw(); }));
}

}  // namespace
}  // namespace ts::process::test
