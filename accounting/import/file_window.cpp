#include "accounting/import/file_window.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "accounting/import/file_reading.hpp"
#include "accounting/import/opencode_db.hpp"
#include "accounting/import/sqlite_file.hpp"
#include "accounting/usage/dialects.hpp"
#include "accounting/usage/reader.hpp"

namespace ts {
namespace {

/// What a named file of unknown kind is read as.
constexpr std::string_view kFallback = "generic";
/// Each line of these transcripts says all that is needed to count it, whatever stood before.
constexpr std::string_view kContinued[] = {"claude"};

struct Kind {
  Source source = Source::stream;
  std::string agent;
  std::unique_ptr<Dialect> dialect;

  [[nodiscard]] bool can_be_continued() const {
    return source == Source::transcript && std::ranges::find(kContinued, agent) != std::end(kContinued);
  }
  [[nodiscard]] std::string name() const { return agent + " " + std::string(name_of(source)) + (can_be_continued() ? "+" : ""); }
};

Kind stream_kind(std::string_view name) { return {Source::stream, std::string(name), make_stream_dialect(name)}; }

/// How a file is read that begins with `head`. No dialect: not at all.
Kind kind_of(std::string_view head, const WindowRequest& request) {
  if (const auto known = detect_dialect(head)) {
    const std::string name = request.agent.empty() ? std::string(known->name) : request.agent;
    auto dialect = known->source == Source::transcript ? make_transcript_dialect(name) : make_stream_dialect(name);
    if (dialect) return {known->source, name, std::move(dialect)};
  }
  if (!request.named) return {};
  return stream_kind(request.agent.empty() ? kFallback : std::string_view(request.agent));
}

/// Reads lines from `from` on, `chunk` being what was read there already.
Result<FileWindow> read_lines(FileReading& file, std::string_view chunk, Kind kind, const WindowRequest& request) {
  FileCollector collector;
  FileWindow window;
  window.kind = kind.name();
  const std::uint64_t most = kind.can_be_continued() ? request.bytes : UINT64_MAX;
  const bool leaves_torn = kind.can_be_continued() && request.torn == TornLine::leave;
  char last = '\n';
  UsageReader reader(std::move(kind.dialect), collector);
  std::uint64_t bytes = 0;
  const auto whole = [&] { return bytes - std::min(bytes, reader.pending_bytes()); };
  while (!chunk.empty() && whole() < most) {
    bytes += chunk.size();
    last = chunk.back();
    reader.push(chunk);
    TS_TRY(chunk, file.next());
  }
  window.at_end = chunk.empty();
  window.next = request.from + whole();
  window.before = file.hash_before(window.next);
  // A last line without its end counts now if it is whole; it is read again when it has grown.
  if (window.at_end && (!leaves_torn || last == '}' || last == '\n')) reader.finish();
  window.usage = collector.take();
  window.usage.agent = std::move(kind.agent);
  window.usage.source = kind.source;
  window.usage.parse = reader.stats();
  window.usage.bytes = bytes;
  return window;
}

Result<std::optional<FileWindow>> read_database(const std::string& path, std::uint64_t size) {
  FileCollector collector;
  TS_TRY(const auto parse, read_opencode_db(path, collector));
  if (!parse) return std::optional<FileWindow>();
  FileWindow window;
  window.kind = "opencode database";
  window.next = size;
  window.usage = collector.take();
  window.usage.agent = "opencode";
  window.usage.source = Source::transcript;
  window.usage.parse = *parse;
  window.usage.bytes = size;
  return std::optional<FileWindow>(std::move(window));
}

/// Goes on where the last reading stopped. Absent: the file isn't what it was.
Result<std::optional<FileWindow>> read_on(FileReading& file, const WindowRequest& request) {
  if (!request.kind.ends_with('+') || request.from > file.size() || file.hash_before(request.from) != request.before) return std::optional<FileWindow>();
  const std::string agent = request.kind.substr(0, request.kind.find(' '));
  Kind kind{Source::transcript, agent, make_transcript_dialect(agent)};
  if (!kind.dialect) return std::optional<FileWindow>();
  TS_CHECK(file.go_to(request.from));
  TS_TRY(const std::string_view chunk, file.next());
  TS_TRY(FileWindow window, read_lines(file, chunk, std::move(kind), request));
  window.continued = true;
  return std::optional<FileWindow>(std::move(window));
}

}  // namespace

Result<std::optional<FileWindow>> read_window(const std::string& path, const WindowRequest& request) {
  TS_TRY(FileReading file, FileReading::open(path));
  if (request.from > 0) {
    TS_TRY(auto window, read_on(file, request));
    if (window) return window;
  }
  WindowRequest whole = request;
  whole.from = 0;
  TS_CHECK(file.go_to(0));
  TS_TRY(const std::string_view head, file.next());
  if (is_sqlite(head)) return read_database(path, file.size());
  Kind kind = kind_of(head, whole);
  if (!kind.dialect) return std::optional<FileWindow>();
  TS_TRY(FileWindow window, read_lines(file, head, std::move(kind), whole));
  return std::optional<FileWindow>(std::move(window));
}

}  // namespace ts
