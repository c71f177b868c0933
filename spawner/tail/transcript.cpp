#include "spawner/tail/transcript.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <utility>
#include <vector>

#include "accounting/usage/dialects.hpp"

namespace ts::tail {

namespace {

constexpr std::size_t kPiece = 128 * 1024;
constexpr std::size_t kHead = 256 * 1024;

class OpenFile {
 public:
  // O_NONBLOCK: a FIFO of that name must not stop us; it is refused as no regular file.
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {
    if (fd_ >= 0 && (::fstat(fd_, &stat_) != 0 || !S_ISREG(stat_.st_mode))) {
      ::close(fd_);
      fd_ = -1;
      errno = EINVAL;
    }
  }
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] const struct ::stat& stat() const { return stat_; }

 private:
  int fd_;
  struct ::stat stat_ {};
};

std::string_view read_at(int fd, std::uint64_t offset, std::vector<char>& buffer) {
  ssize_t n = -1;
  do n = ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(offset));
  while (n < 0 && errno == EINTR);
  return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0};
}

ParseStats without(ParseStats all, const ParseStats& past) {
  all.lines -= past.lines;
  all.events -= past.events;
  all.ignored -= past.ignored;
  all.malformed -= past.malformed;
  all.bytes_dropped -= past.bytes_dropped;
  return all;
}

}  // namespace

void Transcript::set_baseline() {
  struct ::stat now {};
  if (::stat(file_.path.c_str(), &now) != 0 || !S_ISREG(now.st_mode)) return;
  device_ = now.st_dev;
  inode_ = seen_inode_ = now.st_ino;
  seen_size_ = baseline_ = static_cast<std::uint64_t>(now.st_size);
  seen_time_ = now.st_mtim;
}

bool Transcript::changed() {
  struct ::stat now {};
  if (::stat(file_.path.c_str(), &now) != 0) {
    gone_ = true;
    seen_inode_ = 0;
    return false;
  }
  const auto size = static_cast<std::uint64_t>(now.st_size);
  const bool same = size == seen_size_ && now.st_ino == seen_inode_ && now.st_mtim.tv_sec == seen_time_.tv_sec &&
                    now.st_mtim.tv_nsec == seen_time_.tv_nsec;
  seen_size_ = size;
  seen_inode_ = now.st_ino;
  seen_time_ = now.st_mtim;
  return !same;
}

void Transcript::look_at_head() {
  if (!head_.cwd.empty() && (!head_.session.empty() || !file_.session.empty())) return;
  if (head_seen_ >= kHead) return;
  const OpenFile file(file_.path);
  if (file.fd() < 0) return;
  const auto size = static_cast<std::uint64_t>(file.stat().st_size);
  if (size == head_seen_) return;
  head_seen_ = std::min<std::uint64_t>(size, kHead);
  std::vector<char> buffer(static_cast<std::size_t>(head_seen_));
  head_ = read_head(read_at(file.fd(), 0, buffer));
  if (file_.session.empty()) file_.session = head_.session;
}

bool Transcript::was_replaced(int fd, const struct ::stat& now) const {
  if (offset_ == 0 && !reader_) return false;
  if (gone_ || now.st_ino != inode_ || now.st_dev != device_ || static_cast<std::uint64_t>(now.st_size) < offset_) return true;
  return tail_hash(fd) != tail_hash_;
}

std::size_t Transcript::tail_hash(int fd) const {
  std::vector<char> tail(static_cast<std::size_t>(std::min<std::uint64_t>(kTail, offset_)));
  return std::hash<std::string_view>{}(tail.empty() ? std::string_view{} : read_at(fd, offset_ - tail.size(), tail));
}

// Everything is read again from the start. Ids and times keep the past out, and the meter what was counted.
void Transcript::restart() {
  before_restart_ = stats();
  past_stats_.reset();
  reader_.reset();
  offset_ = 0;
  baseline_ = 0;
  ++restarts_;
}

LookResult Transcript::read_on(std::string_view dialect, Past& past, UsageSink& sink) {
  const OpenFile file(file_.path);
  if (file.fd() < 0) return errno == ENOENT ? LookResult::gone : LookResult::failed;
  if (was_replaced(file.fd(), file.stat())) restart();
  // Cut or replaced after the launch but before its first line was read: what stood there is gone, so nothing of it is past.
  if (!reader_ && baseline_ > 0 && (gone_ || file.stat().st_ino != inode_ || static_cast<std::uint64_t>(file.stat().st_size) < baseline_)) {
    baseline_ = 0;
    ++restarts_;
  }
  gone_ = false;
  inode_ = file.stat().st_ino;
  device_ = file.stat().st_dev;
  if (!reader_) {
    sink_ = std::make_unique<RunSink>(past);
    reader_ = std::make_unique<UsageReader>(make_transcript_dialect(dialect), *sink_);
  }
  sink_->deliver_to(sink);
  std::vector<char> buffer(kPiece);
  LookResult result = LookResult::more;
  for (std::size_t done = 0; done < kPerLook && result == LookResult::more;) {
    const std::string_view bytes = read_at(file.fd(), offset_, buffer);
    if (bytes.empty()) result = LookResult::caught_up;
    else push(bytes);
    done += bytes.size();
  }
  tail_hash_ = tail_hash(file.fd());
  return result;
}

void Transcript::push(std::string_view bytes) {
  if (offset_ < baseline_) {
    // A line that straddles the launch ends in the part that isn't muted: it counts unless its time or id says otherwise.
    const auto past_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), baseline_ - offset_));
    sink_->mute();
    reader_->push(bytes.substr(0, past_bytes));
    sink_->unmute();
    offset_ += past_bytes;
    bytes.remove_prefix(past_bytes);
    if (offset_ == baseline_) past_stats_ = reader_->stats();
  }
  reader_->push(bytes);
  offset_ += bytes.size();
}

void Transcript::finish(UsageSink& sink) {
  if (!reader_) return;
  sink_->deliver_to(sink);
  reader_->finish();
}

ParseStats Transcript::stats() const {
  if (!reader_ || offset_ < baseline_) return before_restart_;
  return before_restart_ + without(reader_->stats(), past_stats_.value_or(ParseStats{}));
}

}  // namespace ts::tail
