#pragma once

#include <sys/mman.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "accounting/ledger/books.hpp"
#include "fixture.hpp"

namespace ts::ledger {

/// N processes, each with its own connection, that are let go at the same moment.
template <int N>
class Race {
 public:
  explicit Race(std::filesystem::path path)
      : path_(std::move(path)),
        gate_(new (::mmap(nullptr, sizeof(Gate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                  Gate) {}
  ~Race() { ::munmap(gate_, sizeof(Gate)); }
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  /// The exit status of each; `body(books, number)` gives it.
  template <class Body>
  std::vector<int> run(const Body& body) {
    std::vector<pid_t> children;
    for (int child = 0; child < N; ++child)
      children.push_back(in_child([&] {
        auto books = Books::open(path_, OpenMode::write);
        gate_->ready.fetch_add(1);
        while (!gate_->go.load()) std::this_thread::yield();
        return books.has_value() ? body(*books.value(), child) : 97;
      }));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (gate_->ready.load() < N && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    gate_->go.store(true);
    std::vector<int> statuses;
    for (const pid_t child : children) statuses.push_back(wait_for(child));
    return statuses;
  }

 private:
  struct Gate {
    std::atomic<int> ready = 0;
    std::atomic<bool> go = false;
  };
  std::filesystem::path path_;
  Gate* gate_;
};

}  // namespace ts::ledger
