#include "spawner/capture/tee.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include "spawner/capture/pipe_reader.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::capture {
namespace {

using ts::testing::TempDir;

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Bytes in which a gap, a swap or a repetition shows.
std::string pattern(std::size_t size) {
  std::string text;
  text.reserve(size + 16);
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * 7919) + (i % 11 == 0 ? "\n" : " ");
  text.resize(size);
  return text;
}

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() { EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    close_read();
    close_write();
  }
  void close_read() { close_end(0); }
  void close_write() { close_end(1); }
  [[nodiscard]] int in() const { return ends[0]; }
  [[nodiscard]] int out() const { return ends[1]; }

 private:
  void close_end(std::size_t i) {
    if (ends[i] >= 0) ::close(ends[i]);
    ends[i] = -1;
  }
};

std::string read_available(int fd) {
  std::string all;
  std::array<char, 65536> buffer{};
  for (pollfd ready{fd, POLLIN, 0}; ::poll(&ready, 1, 0) == 1;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n <= 0) break;
    all.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return all;
}

/// Reads what the tee sent until it has nothing left to forward.
std::string drain(Tee& tee, int fd) {
  std::string all = read_available(fd);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (tee.wants_write() && std::chrono::steady_clock::now() < deadline) {
    tee.on_writable();
    all += read_available(fd);
  }
  return all + read_available(fd);
}

void take(Tee& tee, std::string_view bytes) {
  tee.keep(bytes);
  tee.pass_on(bytes);
}

class TeeTest : public ::testing::Test {
 protected:
  void SetUp() override { ignore_sigpipe(); }
  TempDir dir_;
  RawFile raw_ = RawFile::create(dir_ / "raw");
};

TEST_F(TeeTest, ForwardsAtOnceWhatTheReaderTakes) {
  Pipe pipe;
  Tee tee(pipe.out(), raw_);
  take(tee, "one\n");
  EXPECT_EQ(read_available(pipe.in()), "one\n");
  EXPECT_TRUE(tee.at_line_start());
  take(tee, "two");
  EXPECT_FALSE(tee.at_line_start());
  EXPECT_FALSE(tee.wants_write());
  EXPECT_EQ(content(dir_ / "raw"), "one\ntwo");
}

TEST_F(TeeTest, ReaderArbitrarilyFarBehindLosesNothing) {
  Pipe pipe;
  Tee tee(pipe.out(), raw_);
  const std::string all = pattern(20 << 20);
  for (std::size_t at = 0; at < all.size(); at += 100'000) {
    take(tee, std::string_view(all).substr(at, 100'000));
    ASSERT_TRUE(tee.wants_read()) << "the raw file is the queue";
  }
  EXPECT_TRUE(tee.wants_write());
  EXPECT_GT(tee.backlog(), all.size() - (2 << 20));
  EXPECT_GE(tee.poll_fd(), 0);
  EXPECT_EQ(drain(tee, pipe.in()), all);
  EXPECT_EQ(tee.forwarded(), all.size());
  EXPECT_EQ(content(dir_ / "raw"), all);
  take(tee, "and on");
  EXPECT_EQ(read_available(pipe.in()), "and on");
}

TEST_F(TeeTest, ReaderThatGoesAwayEndsForwardingOnly) {
  Pipe pipe;
  Tee tee(pipe.out(), raw_);
  const std::string all = pattern(1 << 20);
  take(tee, all);
  pipe.close_read();
  tee.on_writable();
  EXPECT_EQ(tee.forwarding(), Forwarding::reader_gone);
  EXPECT_FALSE(tee.take_trouble().has_value());
  EXPECT_FALSE(tee.wants_write());
  take(tee, "more");
  EXPECT_EQ(content(dir_ / "raw"), all + "more");
  EXPECT_EQ(tee.received(), all.size() + 4);
}

TEST_F(TeeTest, ClosedDescriptorCountsAsReaderGone) {
  int fd = -1;
  {
    Pipe pipe;
    fd = pipe.out();
  }
  Tee tee(fd, raw_);
  take(tee, "x");
  EXPECT_EQ(tee.forwarding(), Forwarding::reader_gone);
  EXPECT_EQ(content(dir_ / "raw"), "x");
}

TEST_F(TeeTest, FullOutputIsToldOnce) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  Tee tee(full, raw_);
  take(tee, "x");
  EXPECT_EQ(tee.forwarding(), Forwarding::failed);
  const auto trouble = tee.take_trouble();
  ASSERT_TRUE(trouble.has_value());
  EXPECT_EQ(trouble->code, Errc::no_space);
  EXPECT_FALSE(tee.take_trouble().has_value());
  take(tee, "y");
  EXPECT_EQ(content(dir_ / "raw"), "xy");
  ::close(full);
}

TEST_F(TeeTest, WithoutRawFileTheReaderSetsThePace) {
  RawFile none(Error{Errc::no_space, "full"});
  Pipe pipe;
  Tee tee(pipe.out(), none);
  const std::string all = pattern(5 << 20);
  std::string got;
  for (std::size_t at = 0; at < all.size();) {
    if (tee.wants_read()) {
      take(tee, std::string_view(all).substr(at, 50'000));
      at += 50'000;
      EXPECT_LT(tee.backlog(), 200'000U);
    } else {
      ASSERT_TRUE(tee.wants_write());
      got += read_available(pipe.in());
      tee.on_writable();
    }
  }
  got += drain(tee, pipe.in());
  EXPECT_EQ(got, all);
}

TEST_F(TeeTest, DiskThatFillsUpWhileTheReaderIsBehindLosesNothing) {
  ignore_sigxfsz();
  Pipe pipe;
  Tee tee(pipe.out(), raw_);
  const std::string all = pattern(4 << 20);
  rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 2'000'123;
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string got;
  for (std::size_t at = 0; at < all.size();) {
    if (tee.wants_read()) {
      take(tee, std::string_view(all).substr(at, 30'001));
      at += 30'001;
    } else {
      got += read_available(pipe.in());
      tee.on_writable();
    }
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  got += drain(tee, pipe.in());
  EXPECT_EQ(got, all);
  EXPECT_EQ(content(dir_ / "raw"), all.substr(0, 2'000'123));
  EXPECT_EQ(raw_.lost(), all.size() - 2'000'123);
}

TEST_F(TeeTest, SharedFileKeepsOneOffset) {
  // `> both 2>&1`: two descriptors of one description without O_APPEND.
  const int out = ::open((dir_ / "both").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int err = ::dup(out);
  RawFile raw_err = RawFile::create(dir_ / "raw.err");
  {
    Tee first(out, raw_);
    Tee second(err, raw_err);
    EXPECT_EQ(first.poll_fd(), -1);
    take(first, "out\n");
    take(second, "err\n");
    take(first, "out again\n");
  }
  ::close(out);
  ::close(err);
  EXPECT_EQ(content(dir_ / "both"), "out\nerr\nout again\n");
}

TEST_F(TeeTest, NeverMakesASharedDescriptionNonBlocking) {
  Pipe pipe;
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const std::string all = pattern(1 << 20);
  for (const int fd : {pipe.out(), pair[0], slave}) {
    RawFile raw = RawFile::create(dir_ / ("raw" + std::to_string(fd)));
    Tee tee(fd, raw);
    take(tee, all);
    EXPECT_GT(tee.backlog(), 0U) << "more than it can hold, and still here";
    EXPECT_EQ(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
  }
  for (const int fd : {pair[0], pair[1], master, slave}) ::close(fd);
}

TEST_F(TeeTest, TerminalGetsEveryByte) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  termios raw_mode {};
  ::tcgetattr(slave, &raw_mode);
  ::cfmakeraw(&raw_mode);
  ::tcsetattr(slave, TCSANOW, &raw_mode);
  Tee tee(slave, raw_);
  const std::string all = pattern(300'000);
  take(tee, all);
  EXPECT_EQ(drain(tee, master), all);
  ::close(slave);
  ::close(master);
}

TEST_F(TeeTest, SocketReaderThatGoesAwayIsNoSignal) {
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  Tee tee(pair[0], raw_);
  take(tee, "a");
  ::close(pair[1]);
  take(tee, "b");
  EXPECT_EQ(tee.forwarding(), Forwarding::reader_gone);
  EXPECT_EQ(content(dir_ / "raw"), "ab");
  ::close(pair[0]);
}

TEST(PipeReader, ReadsToTheEnd) {
  Pipe pipe;
  PipeReader reader(pipe.in());
  EXPECT_EQ(reader.read().status, ReadStatus::would_block);
  ASSERT_EQ(::write(pipe.out(), "abc", 3), 3);
  const ReadStep step = reader.read();
  EXPECT_EQ(step.status, ReadStatus::data);
  EXPECT_EQ(step.bytes, "abc");
  pipe.close_write();
  EXPECT_EQ(reader.read().status, ReadStatus::end);
}

TEST(PipeReader, PtyWhoseOtherSideDiedIsAtItsEnd) {
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  PipeReader reader(master);
  ASSERT_EQ(::write(slave, "x", 1), 1);
  ::close(slave);
  EXPECT_EQ(reader.read().bytes, "x");
  EXPECT_EQ(reader.read().status, ReadStatus::end);
  ::close(master);
}

/// Peak of resident memory, in KiB.
long peak_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
  return -1;
}

// A line of 1 GiB: the writer is a child, the tee runs in another whose peak memory is told by its exit status.
TEST(Memory, StaysSmallHoweverMuchComes) {
  ignore_sigpipe();
  Pipe pipe;
  const pid_t writer = ::fork();
  if (writer == 0) {
    pipe.close_read();
    const std::string piece(1 << 20, 'x');
    for (int i = 0; i < 1024; ++i)
      for (std::size_t done = 0; done < piece.size();) {
        const ssize_t n = ::write(pipe.out(), piece.data() + done, piece.size() - done);
        if (n < 0) ::_exit(1);
        done += static_cast<std::size_t>(n);
      }
    ::_exit(0);
  }
  const pid_t subject = ::fork();
  if (subject == 0) {
    pipe.close_write();
    std::ofstream("/proc/self/clear_refs") << "5";
    const long before = peak_kib();
    RawFile raw(Error{Errc::no_space, "not kept"});
    Tee tee(::open("/dev/null", O_WRONLY | O_CLOEXEC), raw);
    PipeReader reader(pipe.in());
    for (ReadStep step = reader.read(); step.status != ReadStatus::end; step = reader.read()) {
      pollfd ready{pipe.in(), POLLIN, 0};
      if (step.status == ReadStatus::would_block) ::poll(&ready, 1, -1);
      take(tee, step.bytes);
    }
    const bool whole = tee.received() == std::uint64_t{1} << 30 && tee.forwarded() == tee.received();
    ::_exit(!whole ? 2 : peak_kib() - before > 8 * 1024 ? 3 : 0);
  }
  pipe.close_read();
  pipe.close_write();
  int status = -1;
  ASSERT_EQ(::waitpid(subject, &status, 0), subject);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "2: bytes lost; 3: more than 8 MiB";
  ASSERT_EQ(::waitpid(writer, &status, 0), writer);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ts::capture
