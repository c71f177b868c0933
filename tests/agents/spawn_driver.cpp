// spawn_driver [--tier TIER] [--foreground] -- AGENT…: launches through ts::process as tracked-spawn does, without meters.
// Events go to stderr as "event …" lines; the agent has our stdin, stdout, stderr. SIGUSR1: kill the tree. Exit: the agent's.
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "spawner/process/local_launcher.hpp"

extern char** environ;

namespace {

using namespace ts::process;  // NOLINT: a test program of one file

volatile std::sig_atomic_t g_kill = 0;

struct Print {
  int& status;
  void operator()(const AgentStarted& e) const { std::fprintf(stderr, "event started %d\n", e.pid); }
  void operator()(const ExecFailed& e) const {
    status = launch_exit_status(e.error);
    std::fprintf(stderr, "event failed %s\n", e.error.message.c_str());
  }
  void operator()(const AgentExited& e) const {
    status = shell_status(e.status);
    std::fprintf(stderr, "event exited %s\n", describe(e.status).c_str());
  }
  void operator()(const AgentStopped& e) const { std::fprintf(stderr, "event stopped %d\n", e.signal); }
  void operator()(const AgentContinued&) const { std::fprintf(stderr, "event continued\n"); }
  void operator()(const WardenLost&) const { std::fprintf(stderr, "event lost\n"); }
  void operator()(const TreeEmpty& e) const {
    std::fprintf(stderr, "event empty found %zu survivors %zu\n", e.found, e.survivors);
  }
};

int follow(Child& child, bool& kill_asked) {
  int status = 125;
  for (bool over = false; !over;) {
    pollfd ready{child.event_fd(), POLLIN, 0};
    ::poll(&ready, 1, -1);
    if (g_kill != 0 && !kill_asked) {
      kill_asked = true;
      static_cast<void>(child.kill_tree());
    }
    for (;;) {
      const auto event = child.next_event();
      if (event.has_error() || !*event) break;
      std::visit(Print{status}, **event);
      over = over || std::holds_alternative<TreeEmpty>(**event);
    }
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  auto launcher = prepare_local_launcher();
  if (launcher.has_error()) return 125;
  struct sigaction action {};
  action.sa_handler = [](int) { g_kill = 1; };
  ::sigaction(SIGUSR1, &action, nullptr);
  LaunchSpec spec;
  spec.name = "driver-" + std::to_string(::getpid());
  int at = 1;
  for (; at < argc && std::strcmp(argv[at], "--") != 0; ++at) {
    if (std::strcmp(argv[at], "--foreground") == 0) spec.terminal = TerminalMode::foreground;
    else if (std::strcmp(argv[at], "--tier") == 0 && at + 1 < argc) spec.tier = parse_tier(argv[++at]).value();
  }
  for (++at; at < argc; ++at) spec.argv.emplace_back(argv[at]);
  for (char** variable = environ; *variable != nullptr; ++variable) spec.env.emplace_back(*variable);
  auto child = (*launcher)->launch(spec);
  if (child.has_error()) {
    std::fprintf(stderr, "event refused %s\n", child.error().message.c_str());
    return launch_exit_status(child.error());
  }
  bool kill_asked = false;
  return follow(**child, kill_asked);
}
