#include "spawner/process/wire.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace ts::process::wire {
namespace {

Result<void> send_bytes(int socket, const void* data, std::size_t size) {
  ssize_t sent = 0;
  do sent = ::send(socket, data, size, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent < 0) return errno_error("warden: message", errno);
  return {};
}

Result<void> append(std::string& text, std::string_view part) {
  if (part.find('\0') != std::string_view::npos)
    return Error{Errc::invalid_argument, "an argument or an environment variable holds a NUL byte"};
  text.append(part).push_back('\0');
  return {};
}

Result<void> write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) return errno_error("launch order", errno);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<std::string> read_all(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return errno_error("launch order", errno);
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return errno_error("launch order", got < 0 ? errno : EIO);
    done += static_cast<std::size_t>(got);
  }
  return text;
}

/// The string at `at`, which is moved behind it.
const char* take(const std::string& text, std::size_t& at) {
  const char* string = text.c_str() + std::min(at, text.size());
  at += std::strlen(string) + 1;
  return string;
}

void keep_fds(const msghdr& header, LaunchFds& fds) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(const_cast<msghdr*>(&header), part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count && i < fds.size(); ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      fds[i].reset(fd);
    }
  }
}

}  // namespace

Result<UniqueFd> write_order(const LaunchSpec& spec, const OrderHeader& header, std::array<std::string_view, 3> paths) {
  std::string text(reinterpret_cast<const char*>(&header), sizeof header);
  for (const auto path : paths) TS_CHECK(append(text, path));
  for (const auto& argument : spec.argv) TS_CHECK(append(text, argument));
  for (const auto& variable : spec.env) TS_CHECK(append(text, variable));
  UniqueFd fd(::memfd_create("launch", MFD_CLOEXEC));
  if (!fd) return errno_error("launch order", errno);
  TS_CHECK(write_all(fd.get(), text));
  return fd;
}

Result<LaunchOrder> read_order(int fd) {
  LaunchOrder order;
  TS_TRY(order.text, read_all(fd));
  OrderHeader header;
  if (order.text.size() < sizeof header) return Error{Errc::corrupt, "launch order: too short"};
  std::memcpy(&header, order.text.data(), sizeof header);
  std::size_t at = sizeof header;
  order.terminal = static_cast<TerminalMode>(header.terminal);
  order.tier = static_cast<Tier>(header.tier);
  order.tier_is_forced = header.tier_is_forced != 0;
  if (header.terminal_known != 0) order.terminal_settings = header.terminal_settings;
  order.path = take(order.text, at);
  order.cwd = take(order.text, at);
  order.cgroup_path = take(order.text, at);
  for (std::uint32_t i = 0; i < header.argc; ++i) order.argv.push_back(take(order.text, at));
  for (std::uint32_t i = 0; i < header.envc; ++i) order.env.push_back(take(order.text, at));
  order.argv.push_back(nullptr);
  order.env.push_back(nullptr);
  return order;
}

Result<void> send_launch(int socket, const std::array<int, kLaunchFds>& fds) {
  // Missing ones are sent as the order's own descriptor: positions must not shift.
  std::array<int, kLaunchFds> sent = fds;
  for (int& fd : sent)
    if (fd < 0) fd = fds[kSpecFd];
  CommandMessage message{Command::launch, (fds[kCgroupFd] >= 0 ? 1 : 0) | (fds[kTerminalFd] >= 0 ? 2 : 0)};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof sent)> control{};
  iovec part{&message, sizeof message};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof sent);
  std::memcpy(CMSG_DATA(rights), sent.data(), sizeof sent);
  ssize_t result = 0;
  do result = ::sendmsg(socket, &header, MSG_NOSIGNAL);
  while (result < 0 && errno == EINTR);
  if (result < 0) return errno_error("warden: launch", errno);
  return {};
}

Result<void> send(int socket, const CommandMessage& message) { return send_bytes(socket, &message, sizeof message); }

Result<void> send(int socket, const ReportMessage& message) { return send_bytes(socket, &message, sizeof message); }

std::optional<CommandMessage> receive_command(int socket, LaunchFds& fds) {
  CommandMessage message;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kLaunchFds)> control{};
  iovec part{&message, sizeof message};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t size = 0;
  // ECONNRESET says, once, that the launcher left reports unread; its last commands are still there to be read.
  do size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (size < 0 && (errno == EINTR || errno == ECONNRESET));
  if (size != static_cast<ssize_t>(sizeof message)) return std::nullopt;
  if (message.command != Command::launch) return message;
  keep_fds(header, fds);
  if ((message.value & 1) == 0) fds[kCgroupFd].reset();
  if ((message.value & 2) == 0) fds[kTerminalFd].reset();
  return message;
}

}  // namespace ts::process::wire
