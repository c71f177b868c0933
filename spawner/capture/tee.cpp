#include "spawner/capture/tee.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ts::capture {

namespace {

constexpr std::size_t kPiece = 64 * 1024;         // read back from the raw file at once
constexpr std::size_t kPerTurn = 1024 * 1024;     // forwarded in one on_writable(), so that the other streams get their turn
constexpr std::size_t kMemoryQueue = 64 * 1024;   // held in memory before back-pressure sets in

}  // namespace

Tee::Tee(int out_fd, RawFile& raw) : raw_(raw), out_(out_fd) {}

void Tee::keep(std::string_view bytes) {
  if (bytes.empty()) return;
  raw_.append(bytes);
  received_ += bytes.size();
}

void Tee::pass_on(std::string_view bytes) {
  if (bytes.empty() || state_ != Forwarding::open) return;
  const bool caught_up = forwarded_ + bytes.size() == received_;
  if (caught_up) bytes.remove_prefix(forward(bytes));
  if (state_ != Forwarding::open) return;
  const std::uint64_t in_file = raw_.size();
  const std::uint64_t start = received_ - bytes.size();
  if (received_ > in_file) memory_.append(bytes.substr(in_file > start ? static_cast<std::size_t>(in_file - start) : 0));
}

void Tee::on_writable() {
  const std::uint64_t until = forwarded_ + kPerTurn;
  bool more = true;
  while (more && state_ == Forwarding::open && forwarded_ < received_ && forwarded_ < until)
    more = forwarded_ < raw_.size() ? forward_some_from_file() : forward_some_from_memory();
}

std::size_t Tee::forward(std::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const WriteStep step = out_.write(bytes.substr(done));
    done += step.written;
    if (step.state == WriteState::would_block) break;
    if (step.state != WriteState::ok) {
      give_up(step);
      break;
    }
  }
  if (done > 0) last_ = bytes[done - 1];
  forwarded_ += done;
  return done;
}

bool Tee::forward_some_from_file() {
  char piece[kPiece];
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(sizeof piece, raw_.size() - forwarded_));
  const ssize_t n = ::pread(raw_.fd(), piece, want, static_cast<off_t>(forwarded_));
  if (n < 0 && errno == EINTR) return true;
  if (n <= 0) {
    // The one place where bytes could be skipped; say so and stop rather than go on with a gap.
    give_up({WriteState::failed, 0, n == 0 ? ENODATA : errno});
    return false;
  }
  return forward({piece, static_cast<std::size_t>(n)}) == static_cast<std::size_t>(n);
}

bool Tee::forward_some_from_memory() {
  const std::string_view waiting = std::string_view(memory_).substr(memory_done_);
  const std::size_t done = forward(waiting);
  const bool all = done == waiting.size();
  memory_done_ += done;
  if (all || memory_done_ >= kMemoryQueue) {
    memory_.erase(0, memory_done_);
    memory_done_ = 0;
  }
  return all;
}

void Tee::give_up(const WriteStep& step) {
  state_ = step.state == WriteState::reader_gone ? Forwarding::reader_gone : Forwarding::failed;
  if (state_ == Forwarding::failed) trouble_ = errno_error("forwarding the agent's output stopped; it is still captured and metered", step.errno_value);
  memory_ = {};
  memory_done_ = 0;
}

bool Tee::wants_read() const { return state_ != Forwarding::open || memory_.size() - memory_done_ < kMemoryQueue; }
bool Tee::wants_write() const { return state_ == Forwarding::open && forwarded_ < received_; }
int Tee::poll_fd() const { return out_.poll_fd(); }
std::uint64_t Tee::backlog() const { return state_ == Forwarding::open ? received_ - forwarded_ : 0; }
std::uint64_t Tee::received() const { return received_; }
std::uint64_t Tee::forwarded() const { return forwarded_; }
bool Tee::at_line_start() const { return last_ == '\n'; }
Forwarding Tee::forwarding() const { return state_; }
std::optional<Error> Tee::take_trouble() { return std::exchange(trouble_, std::nullopt); }

}  // namespace ts::capture
