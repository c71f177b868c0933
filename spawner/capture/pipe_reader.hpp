#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace ts::capture {

/// What one read gave.
enum class ReadStatus {
  data,         ///< bytes came; there may be more
  would_block,  ///< nothing now: wait until the descriptor is readable
  end,          ///< all writers are gone (on a pty too), or the descriptor failed
};

struct ReadStep {
  ReadStatus status = ReadStatus::end;
  std::string_view bytes;  ///< Lifetime: until the next read
};

/// Reads the agent's end of a pipe or pty without blocking, in large pieces.
/// Lifetime: does not own the descriptor. It sets O_NONBLOCK on it: it must be a read end that no other process shares.
class PipeReader {
 public:
  static constexpr std::size_t kBuffer = 256 * 1024;
  static constexpr int kPipeSize = 1024 * 1024;

  /// Also asks the kernel for a pipe of kPipeSize (or the largest that it grants); a pty or a refusal changes nothing.
  explicit PipeReader(int fd);
  [[nodiscard]] ReadStep read();
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  std::unique_ptr<char[]> buffer_;  ///< untouched pages cost nothing
};

/// Makes the process ignore SIGPIPE, so that a reader of ours that goes away is an EPIPE. Returns whether it was ignored before:
/// the agent must get back what we got.
bool ignore_sigpipe();
/// The same for SIGXFSZ, so that a file size limit (`ulimit -f`) is an EFBIG of the raw file.
bool ignore_sigxfsz();

}  // namespace ts::capture
