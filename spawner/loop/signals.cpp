#include "spawner/loop/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ts::loop {

namespace asio = boost::asio;

Result<std::unique_ptr<Signals>> Signals::take(asio::io_context& io, std::initializer_list<int> numbers) {
  sigset_t set;
  sigemptyset(&set);
  for (int number : numbers) {
    struct sigaction old {};
    // What the user had us ignore (nohup) stays ignored, and so it does for the agent.
    if (::sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    sigaddset(&set, number);
  }
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return errno_error("sigprocmask", errno);
  const int fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0) return errno_error("signalfd", errno);
  return std::unique_ptr<Signals>(new Signals(io, fd));
}

Signals::Signals(asio::io_context& io, int fd) : fd_(io, fd) {}

Signals::~Signals() = default;

void Signals::start(std::function<void(const CaughtSignal&)> on_signal) {
  on_signal_ = std::move(on_signal);
  wait();
}

void Signals::stop() {
  boost::system::error_code ignored;
  fd_.cancel(ignored);
}

void Signals::wait() {
  fd_.async_wait(asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    signalfd_siginfo info{};
    while (::read(fd_.native_handle(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      on_signal_({static_cast<int>(info.ssi_signo), info.ssi_code == SI_KERNEL});
    wait();
  });
}

void stop_self() { ::kill(::getpid(), SIGSTOP); }

}  // namespace ts::loop
