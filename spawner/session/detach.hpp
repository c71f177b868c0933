#pragma once

#include <optional>
#include <utility>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"

namespace ts::session {

/// `--detach`: the caller gets the run's id back and the run goes on by itself, in a session of its own, with nothing on its
/// standard streams (its output is in the run's folder: `tracked-spawn logs RUN`).
class DetachedParent {
 public:
  /// Forks. In the caller's process `exit_status` is present (and the id was printed on stdout): it must end with it.
  [[nodiscard]] static Result<DetachedParent> split(bool json);

  DetachedParent(DetachedParent&& other) noexcept : exit_status(other.exit_status), fd_(std::exchange(other.fd_, -1)) {}
  DetachedParent& operator=(DetachedParent&&) = delete;
  ~DetachedParent();

  /// In the run's process: the caller may go.
  void tell_started(const RunId& id);
  /// It waits before it starts: the caller says why, and waits with it.
  void tell_waiting(const std::string& message);
  /// The caller has ended without having been told anything final.
  [[nodiscard]] bool caller_is_gone() const;
  /// There is no run: the caller says why and ends with this status.
  void tell_refused(int status, const std::string& message);

  std::optional<int> exit_status;

 private:
  explicit DetachedParent(int fd) : fd_(fd) {}
  void tell(std::string_view text);
  void tell_last(std::string_view text);
  int fd_;
};

}  // namespace ts::session
