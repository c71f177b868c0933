#include "spawner/loop/stream_pump.hpp"

#include <boost/asio/post.hpp>

namespace ts::loop {
namespace {

namespace asio = boost::asio;
/// Reads of one turn before the other sources get theirs.
constexpr int kRoundsPerTurn = 8;
/// What is taken at most from a pipe that somebody else keeps open after the end.
constexpr int kRoundsAtClose = 64;

}  // namespace

StreamPump::StreamPump(asio::io_context& io, int fd, capture::Tee& tee, std::unique_ptr<UsageReader> reader)
    : io_(io), reader_(fd), in_(io, fd), out_(io), tee_(tee), meaning_(std::move(reader)) {}

void StreamPump::start(Hooks hooks) {
  hooks_ = std::move(hooks);
  wait_readable();
}

ParseStats StreamPump::stats() const {
  return meaning_ ? meaning_->stats() : ParseStats{};
}

void StreamPump::wait_readable() {
  if (ended_ || waiting_read_) return;
  waiting_read_ = true;
  in_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
    waiting_read_ = false;
    if (error || ended_) return;
    if (read_some(kRoundsPerTurn) && tee_.wants_read()) wait_readable();
    if (tee_.wants_write()) wait_writable();
    if (hooks_.after_batch) hooks_.after_batch();
    report_end();
  });
}

void StreamPump::wait_writable() {
  if (waiting_write_ || tee_.poll_fd() < 0) return;
  if (!out_.is_open()) out_.assign(tee_.poll_fd());
  waiting_write_ = true;
  out_.async_wait(asio::posix::stream_descriptor::wait_write, [this](boost::system::error_code error) {
    waiting_write_ = false;
    if (error) return;
    if (hooks_.before_output) hooks_.before_output();
    tee_.on_writable();
    if (tee_.wants_read()) wait_readable();
    if (tee_.wants_write()) return wait_writable();
    out_.release();  // the descriptor is the Tee's
    if (hooks_.forwarded) hooks_.forwarded();
  });
}

/// Reads until nothing is there, at most `rounds` times. False: the stream is at its end.
bool StreamPump::read_some(int rounds) {
  for (int i = 0; i < rounds && tee_.wants_read(); ++i) {
    const capture::ReadStep step = reader_.read();
    if (step.status == capture::ReadStatus::end) {
      end_input();
      return false;
    }
    if (step.status == capture::ReadStatus::would_block) return true;
    tee_.keep(step.bytes);
    if (meaning_) meaning_->push(step.bytes);  // before they go on: a run around this one must know whose they are
    if (hooks_.before_output) hooks_.before_output();
    tee_.pass_on(step.bytes);
  }
  return true;
}

void StreamPump::close_now() {
  if (ended_) return;
  if (read_some(kRoundsAtClose)) end_input();
  if (tee_.wants_write()) wait_writable();
  report_end();
}

void StreamPump::end_input() {
  ended_ = true;
  if (meaning_) meaning_->finish();
  boost::system::error_code ignored;
  in_.close(ignored);
}

void StreamPump::report_end() {
  if (told_ || !ended_) return;
  told_ = true;
  // Not from within a handler of ours: the hook may end the loop.
  asio::post(io_, [this] {
    if (hooks_.ended) hooks_.ended();
  });
}

}  // namespace ts::loop
