#pragma once

#include <cstddef>
#include <string_view>

namespace ts::capture {

/// How one write went.
enum class WriteState { ok, would_block, reader_gone, failed };

struct WriteStep {
  WriteState state = WriteState::ok;
  std::size_t written = 0;
  int errno_value = 0;  ///< of failed
};

/// Our own stdout or stderr, written without blocking and without touching the flags of an open file description that others share.
/// Lifetime: the descriptor given stays the caller's.
class Outlet {
 public:
  explicit Outlet(int fd);
  ~Outlet();
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  /// Writes as much as goes at once; `ok` may be short.
  [[nodiscard]] WriteStep write(std::string_view bytes);
  /// The descriptor to wait on for room. −1: it never blocks (a regular file).
  [[nodiscard]] int poll_fd() const;

 private:
  /// How it is kept from blocking.
  enum class Way { direct, own_description, socket, polled };
  [[nodiscard]] bool open_anew();

  int fd_;
  int own_ = -1;
  Way way_ = Way::direct;
  bool regular_ = false;
  bool terminal_ = false;
};

}  // namespace ts::capture
