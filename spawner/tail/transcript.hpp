#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "accounting/usage/reader.hpp"
#include "spawner/tail/follower.hpp"
#include "spawner/tail/head.hpp"
#include "spawner/tail/run_sink.hpp"

namespace ts::tail {

/// What one look at a file gave.
enum class LookResult {
  caught_up,  ///< read to its end
  more,       ///< there is more than one look reads
  gone,       ///< it is not there
  failed,     ///< it can't be read; errno tells
};

/// One transcript file that may be the run's: where it stood at the launch, how far it is read, whose it is.
/// Opened for each look, so that hundreds of files cost no descriptors and a file that was replaced is noticed.
class Transcript {
 public:
  static constexpr std::size_t kPerLook = 8 << 20;

  /// `relative`: its path below the root.
  Transcript(std::string path, std::string relative) : relative_(std::move(relative)) { file_.path = std::move(path); }

  /// All that stands in it now is the past.
  void set_baseline();
  /// Whether it differs from what was last seen: size, inode or time of change. One stat.
  [[nodiscard]] bool changed();
  /// Reads its head if what is needed isn't known yet.
  void look_at_head();
  /// Reads on with the profile's dialect; only what is new reaches `sink`.
  [[nodiscard]] LookResult read_on(std::string_view dialect, Past& past, UsageSink& sink);
  /// A last line without line end counts too.
  void finish(UsageSink& sink);

  [[nodiscard]] const FollowedFile& file() const { return file_; }
  [[nodiscard]] FollowedFile& file() { return file_; }
  [[nodiscard]] const std::string& relative() const { return relative_; }
  [[nodiscard]] const TranscriptHead& head() const { return head_; }
  [[nodiscard]] bool existed() const { return baseline_ > 0; }
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
  /// Of what came after the baseline.
  [[nodiscard]] ParseStats stats() const;

 private:
  static constexpr std::size_t kTail = 4096;
  void restart();
  [[nodiscard]] bool was_replaced(int fd, const struct ::stat& now) const;
  void push(std::string_view bytes);
  [[nodiscard]] std::size_t tail_hash(int fd) const;

  FollowedFile file_;
  std::string relative_;
  TranscriptHead head_;
  std::uint64_t head_seen_ = 0;   ///< size of the file when its head was read
  std::uint64_t baseline_ = 0;
  std::uint64_t offset_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::uint64_t seen_size_ = 0;   ///< by changed()
  ino_t seen_inode_ = 0;
  timespec seen_time_{};
  std::size_t tail_hash_ = 0;     ///< of the last bytes before offset_: shows a rewrite that is not shorter
  bool gone_ = false;             ///< it was removed since it was last read
  std::unique_ptr<RunSink> sink_;
  std::unique_ptr<UsageReader> reader_;
  std::optional<ParseStats> past_stats_;
  ParseStats before_restart_;
  std::uint64_t restarts_ = 0;
};

}  // namespace ts::tail
