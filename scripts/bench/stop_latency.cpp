// stop_latency TREE RUNS: launches TREE (six processes that ignore SIGTERM) RUNS times per tier of containment and stops it with SIGKILL.
// Prints a table: time from the decision to the last death and to the proof that nothing is left, and survivors.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "spawner/process/local_launcher.hpp"
#include "spawner/process/proc_scan.hpp"

namespace {

using namespace ts::process;  // NOLINT: a program of one file
using Clock = std::chrono::steady_clock;

struct Sample {
  double death_ms = 0;
  double proof_ms = 0;
  std::size_t survivors = 0;
};

std::vector<pid_t> read_pids(int fd) {
  std::string line;
  for (char c = 0; ::read(fd, &c, 1) == 1 && c != '\n';) line += c;
  std::vector<pid_t> pids;
  for (char* at = line.data() + std::min<std::size_t>(line.size(), 6); *at != '\0';) pids.push_back(static_cast<pid_t>(std::strtol(at, &at, 10)));
  return pids;
}

TreeEmpty wait_until_empty(Child& child) {
  for (;;) {
    pollfd ready{child.event_fd(), POLLIN, 0};
    ::poll(&ready, 1, -1);
    for (auto event = child.next_event(); event.has_value() && *event; event = child.next_event())
      if (const auto* empty = std::get_if<TreeEmpty>(&**event)) return *empty;
  }
}

double ms(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

Sample stop_once(ChildLauncher& launcher, const std::string& tree, Tier tier, int number) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::exit(1);
  LaunchSpec spec;
  spec.name = "bench-" + std::to_string(::getpid()) + "-" + std::to_string(number);
  spec.argv = {tree};
  spec.stdio = {0, ends[1], 2};
  spec.tier = tier;
  auto child = launcher.launch(spec);
  ::close(ends[1]);
  if (child.has_error()) {
    std::fprintf(stderr, "stop_latency: %s\n", child.error().message.c_str());
    std::exit(1);
  }
  const auto pids = read_pids(ends[0]);
  ::close(ends[0]);
  const auto crossing = Clock::now();
  static_cast<void>((*child)->kill_tree());
  const auto empty = wait_until_empty(**child);
  const auto proof = Clock::now();
  return {ms(empty.last_death - crossing), ms(proof - crossing), alive_of(pids).size() + (pids.size() == 6 ? 0 : 100)};
}

double at(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(quantile * static_cast<double>(values.size() - 1))];
}

void measure(ChildLauncher& launcher, const std::string& tree, Tier tier, int runs) {
  std::vector<double> death;
  std::vector<double> proof;
  std::size_t survivors = 0;
  for (int i = 0; i < runs; ++i) {
    const auto sample = stop_once(launcher, tree, tier, i);
    death.push_back(sample.death_ms);
    proof.push_back(sample.proof_ms);
    survivors += sample.survivors;
  }
  std::printf("| %-10s | %4d | %6.2f | %6.2f | %6.2f | %6.2f | %9zu |\n", std::string(name_of(tier)).c_str(), runs, at(death, 0.5),
              at(death, 0.99), at(proof, 0.5), at(proof, 0.99), survivors);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto launcher = prepare_local_launcher();
  if (launcher.has_error()) return 1;
  std::printf("| tier       | runs | last death p50 ms | p99 | proved empty p50 ms | p99 | survivors |\n| --- | --: | --: | --: | --: | --: | --: |\n");
  for (const auto& check : detect_containment())
    if (check.usable && check.tier != Tier::process_group) measure(**launcher, argv[1], check.tier, std::atoi(argv[2]));
}
