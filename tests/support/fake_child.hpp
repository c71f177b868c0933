#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "spawner/process/child.hpp"
#include "spawner/process/unique_fd.hpp"

namespace ts::testing {

/// What a fake agent does.
struct FakeAgent {
  std::string prints = {};                            ///< on stdout, right after its start
  bool ends_by_itself = true;
  process::ExitStatus status = process::Exited{0};    ///< of an end by itself
  bool leaves_children = false;                       ///< its tree is not empty when it has ended
  int dies_of = SIGTERM;                              ///< the signal to the tree that ends it; 0: not even SIGKILL
  bool start_is_told_late = false;                    ///< the news of its start comes when FakeChildRecord::tell_start is called
  std::optional<Error> launch_error = {};             ///< of launch()
  std::optional<Error> exec_error = {};               ///< an ExecFailed event instead of a start
  Result<std::vector<pid_t>> members = std::vector<pid_t>{};
};

/// What was done to the fake agent.
struct FakeChildRecord {
  process::LaunchSpec spec;
  std::vector<int> tree_signals;   ///< SIGKILL for kill_tree()
  std::vector<int> agent_signals;
  bool released = false;
  std::function<void()> tell_start;
};

/// A child without a process: acts as its FakeAgent says and records what is asked of it.
class FakeChild final : public process::Child {
 public:
  FakeChild(FakeAgent agent, FakeChildRecord& record) : agent_(std::move(agent)), record_(record) {
    if (agent_.exec_error) {
      tell(process::ExecFailed{*agent_.exec_error});
      tell(process::TreeEmpty{});
      return;
    }
    // A duplicate: the loop closes its own end after the launch, and the stream ends when this one is closed.
    stdout_.reset(::dup(record_.spec.stdio[1]));
    if (::write(stdout_.get(), agent_.prints.data(), agent_.prints.size()) < 0) ended_ = true;
    record_.tell_start = [this] { start(); };
    if (!agent_.start_is_told_late) start();
  }

  [[nodiscard]] int event_fd() const override { return ready_.get(); }
  [[nodiscard]] Result<std::optional<process::ChildEvent>> next_event() override {
    std::optional<process::ChildEvent> event;
    if (events_.empty()) return event;
    event.emplace(std::move(events_.front()));
    events_.pop_front();
    if (events_.empty()) ::eventfd_read(ready_.get(), &count_);
    return event;
  }
  [[nodiscard]] pid_t pid() const override { return 4711; }
  [[nodiscard]] process::Tier tier() const override { return process::Tier::subreaper; }
  Result<void> signal_agent(int signal) override {
    record_.agent_signals.push_back(signal);
    return {};
  }
  Result<void> signal_tree(int signal) override {
    record_.tree_signals.push_back(signal);
    if (signal == agent_.dies_of) end(process::Signaled{signal}, true);
    return {};
  }
  Result<void> kill_tree() override {
    record_.tree_signals.push_back(SIGKILL);
    if (agent_.dies_of != 0) end(process::Signaled{SIGKILL}, true);
    return {};
  }
  Result<void> release_tree() override {
    record_.released = true;
    return {};
  }
  [[nodiscard]] Result<std::vector<pid_t>> members() const override { return agent_.members; }

 private:
  void start() {
    tell(process::AgentStarted{4711});
    if (agent_.ends_by_itself) end(agent_.status, !agent_.leaves_children);
  }
  void tell(process::ChildEvent event) {
    events_.push_back(std::move(event));
    ::eventfd_write(ready_.get(), 1);
  }
  void end(const process::ExitStatus& status, bool tree_too) {
    if (!ended_) tell(process::AgentExited{status});
    ended_ = true;
    stdout_.reset();
    if (!tree_too || std::exchange(empty_, true)) return;
    process::TreeEmpty empty;
    empty.found = 1;
    empty.last_death = std::chrono::steady_clock::now();
    tell(empty);
  }

  FakeAgent agent_;
  FakeChildRecord& record_;
  process::UniqueFd ready_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  process::UniqueFd stdout_;
  std::deque<process::ChildEvent> events_;
  eventfd_t count_ = 0;
  bool ended_ = false;
  bool empty_ = false;
};

class FakeChildLauncher final : public process::ChildLauncher {
 public:
  explicit FakeChildLauncher(FakeAgent agent) : agent_(std::move(agent)) {}
  Result<std::unique_ptr<process::Child>> launch(const process::LaunchSpec& spec) override {
    record.spec = spec;
    if (agent_.launch_error) return *agent_.launch_error;
    return std::unique_ptr<process::Child>(std::make_unique<FakeChild>(agent_, record));
  }

  FakeChildRecord record;

 private:
  FakeAgent agent_;
};

}  // namespace ts::testing
