#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include "spawner/process/local_launcher.hpp"
#include "spawner/process/proc_scan.hpp"
#include "spawner/process/unique_fd.hpp"

extern char** environ;

namespace ts::process::test {

using Clock = std::chrono::steady_clock;
inline constexpr std::chrono::seconds kPatience{20};

inline std::string agent(const std::string& name) {
  std::string path = TS_BINARY_DIR "/agents/";
  return path.append(name);
}

inline std::vector<std::string> own_environment() {
  std::vector<std::string> env;
  for (char** variable = environ; *variable != nullptr; ++variable) env.emplace_back(*variable);
  return env;
}

/// Polls until `condition()`; false after a long time.
template <class Condition>
bool eventually(const Condition& condition) {
  const auto deadline = Clock::now() + kPatience;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

inline bool is_alive(pid_t pid) { return !alive_of({pid}).empty(); }

inline std::vector<pid_t> alive_after(const std::vector<pid_t>& pids) {
  eventually([&] { return alive_of(pids).empty(); });
  return alive_of(pids);
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
};

/// One line without its end; what came so far if nothing more comes in time.
inline std::string read_line(int fd) {
  std::string line;
  pollfd ready{fd, POLLIN, 0};
  for (char c = 0; ::poll(&ready, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) > 0;) {
    if (::read(fd, &c, 1) != 1 || c == '\n') break;
    if (c != '\r') line += c;
  }
  return line;
}

inline std::string read_to_end(int fd) {
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t size = ::read(fd, buffer, sizeof buffer);
    if (size <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
  }
}

/// "ready 1 2 3" → the pids.
inline std::vector<pid_t> pids_of(const std::string& line) {
  std::istringstream words(line);
  std::string ready;
  words >> ready;
  std::vector<pid_t> pids;
  for (pid_t pid = 0; words >> pid;) pids.push_back(pid);
  return pids;
}

/// A launched child with its events as they came.
class Running {
 public:
  explicit Running(std::unique_ptr<Child> launched) : child(std::move(launched)) {}

  /// The next event of that kind; others before it are kept in `seen`. Fails the test if it doesn't come.
  template <class Event>
  Event wait() {
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      auto event = child->next_event();
      if (event.has_error()) break;
      if (*event) {
        seen.push_back(**event);
        if (auto* wanted = std::get_if<Event>(&**event)) return *wanted;
        continue;
      }
      pollfd ready{child->event_fd(), POLLIN, 0};
      ::poll(&ready, 1, 100);
    }
    ADD_FAILURE() << "event did not come: " << typeid(Event).name();
    return {};
  }

  template <class Event>
  [[nodiscard]] bool saw() const {
    for (const auto& event : seen)
      if (std::holds_alternative<Event>(event)) return true;
    return false;
  }

  std::unique_ptr<Child> child;
  std::vector<ChildEvent> seen;
};

class ProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    auto prepared = prepare_local_launcher();
    ASSERT_FALSE(prepared.has_error()) << prepared.error().message;
    launcher = std::move(prepared).value();
  }

  LaunchSpec spec(std::vector<std::string> argv) {
    static int count = 0;
    LaunchSpec result;
    result.name = "test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
    result.argv = std::move(argv);
    result.env = own_environment();
    result.stdio = {null.get(), out.write.get(), out.write.get()};
    return result;
  }

  Running launch(const LaunchSpec& what) {
    auto child = launcher->launch(what);
    if (child.has_error()) throw std::runtime_error(child.error().message);
    out.write.reset();
    return Running(std::move(child).value());
  }

  UniqueFd null{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  Pipe out;  ///< the child's stdout and stderr
  std::unique_ptr<ChildLauncher> launcher;
};

/// Whether cgroup v2 can be used on this machine.
inline bool cgroup_works() {
  for (const auto& check : detect_containment())
    if (check.tier == Tier::cgroup) return check.usable;
  return false;
}

/// The tiers that can hold a whole tree here.
inline std::vector<Tier> full_tiers() {
  if (cgroup_works()) return {Tier::cgroup, Tier::subreaper};
  return {Tier::subreaper};
}

}  // namespace ts::process::test
