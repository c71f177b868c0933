#include "accounting/import/file_usage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "accounting/import/opencode_db.hpp"
#include "accounting/usage/dialects.hpp"
#include "accounting/usage/reader.hpp"

namespace ts {
namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10;

/// A file that is open for reading; closes itself.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

struct Kind {
  Source source = Source::stream;
  std::string agent;
  std::unique_ptr<Dialect> dialect;
};

Kind stream_kind(std::string_view name) { return {Source::stream, std::string(name), make_stream_dialect(name)}; }

/// How a file is read that begins with `head`. No dialect: not at all.
Kind kind_of(std::string_view head, const std::string& agent, const std::optional<std::string_view>& fallback) {
  if (const auto known = detect_dialect(head)) {
    const std::string name = agent.empty() ? std::string(known->name) : agent;
    auto dialect = known->source == Source::transcript ? make_transcript_dialect(name) : make_stream_dialect(name);
    if (dialect) return {known->source, name, std::move(dialect)};
  }
  if (!fallback) return {};
  return stream_kind(agent.empty() ? *fallback : std::string_view(agent));
}

class FileReading {
 public:
  FileReading(const std::string& path, int fd, std::uint64_t size) : path_(path), fd_(fd), left_(size), buffer_(kChunk, '\0') {}

  /// The next piece, empty at the end that the file had when it was opened.
  Result<std::string_view> next() {
    std::size_t filled = 0;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left_, kChunk));
    while (filled < want) {
      const ssize_t got = ::read(fd_, buffer_.data() + filled, want - filled);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno_error("meter: " + path_, errno);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    left_ = filled < want ? 0 : left_ - filled;
    return std::string_view(buffer_).substr(0, filled);
  }

 private:
  const std::string& path_;
  int fd_;
  std::uint64_t left_;
  std::string buffer_;
};

Result<std::optional<FileUsage>> read_lines(FileReading& file, std::string_view head, Kind kind) {
  FileCollector collector;
  UsageReader reader(std::move(kind.dialect), collector);
  std::uint64_t bytes = 0;
  for (std::string_view chunk = head; !chunk.empty();) {
    bytes += chunk.size();
    reader.push(chunk);
    TS_TRY(chunk, file.next());
  }
  reader.finish();
  FileUsage usage = collector.take();
  usage.agent = std::move(kind.agent);
  usage.source = kind.source;
  usage.parse = reader.stats();
  usage.bytes = bytes;
  return std::optional<FileUsage>(std::move(usage));
}

Result<std::optional<FileUsage>> read_database(const std::string& path, std::uint64_t size) {
  FileCollector collector;
  TS_TRY(const auto parse, read_opencode_db(path, collector));
  if (!parse) return std::optional<FileUsage>();
  FileUsage usage = collector.take();
  usage.agent = "opencode";
  usage.source = Source::transcript;
  usage.parse = *parse;
  usage.bytes = size;
  return std::optional<FileUsage>(std::move(usage));
}

}  // namespace

std::uint32_t FileCollector::name(std::string_view text) {
  if (const auto known = names_.find(text); known != names_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(usage_.names.size());
  usage_.names.emplace_back(text);
  names_.emplace(text, index);
  return index;
}

void FileCollector::on_usage(const UsageEvent& event) {
  auto& responses = usage_.responses;
  // Repeats follow each other nearly always.
  const bool again = last_ < responses.size() && responses[last_].id == event.response_id;
  if (!again) {
    const auto known = places_.find(event.response_id);
    if (known == places_.end()) {
      const std::string_view session = event.session.empty() ? std::string_view(session_) : event.session;
      last_ = responses.size();
      responses.push_back({std::string(event.response_id), name(session), name(event.model), event.counts, event.requests, event.at});
      places_.emplace(responses.back().id, last_);
      return;
    }
    last_ = known->second;
  }
  FileResponse& response = responses[last_];
  response.counts = highest(response.counts, event.counts);
  response.requests = std::max(response.requests, event.requests);
  if (!response.at) response.at = event.at;
  if (!event.model.empty() && usage_.names[response.model].empty()) response.model = name(event.model);
}

void FileCollector::on_settlement(const SettlementEvent& event) {
  const std::string_view session = event.session.empty() ? std::string_view(session_) : event.session;
  usage_.settlements.push_back({std::string(event.settlement_id), name(session), name(event.model), event.counts});
}

void FileCollector::on_session(const SessionEvent& event) { session_ = event.session; }

FileUsage FileCollector::take() {
  names_.clear();
  places_.clear();
  session_.clear();
  last_ = 0;
  return std::exchange(usage_, FileUsage());
}

Result<std::optional<FileUsage>> read_file_usage(const std::string& path, const std::string& agent,
                                                 const std::optional<std::string_view>& fallback) {
  const OpenFile open(path);
  struct stat info {};
  if (open.fd() < 0 || ::fstat(open.fd(), &info) != 0) return errno_error("meter: " + path, errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::invalid_argument, "meter: " + path + ": not a file"};
  const auto size = static_cast<std::uint64_t>(info.st_size);
  FileReading file(path, open.fd(), size);
  TS_TRY(const std::string_view head, file.next());
  if (is_sqlite(head)) return read_database(path, size);
  Kind kind = kind_of(head, agent, fallback);
  if (!kind.dialect) return std::optional<FileUsage>();
  return read_lines(file, head, std::move(kind));
}

}  // namespace ts
