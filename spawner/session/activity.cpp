#include "spawner/session/activity.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "accounting/import/opencode_deeds.hpp"
#include "accounting/usage/dialects.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/session/evidence.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;

/// Longer lines are left out: they would need more memory than a report is worth.
constexpr std::size_t kLongestLine = std::size_t{256} << 20;
constexpr std::size_t kChunk = std::size_t{1} << 18;

/// Hands on the file's lines whole, however long up to the limit. False: it can't be read.
bool feed(const fs::path& path, ActivityReader& reader) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  std::string line;
  std::uint64_t dropped = 0;
  std::string chunk(kChunk, '\0');
  const auto end_line = [&] {
    if (dropped > 0) reader.too_long(dropped);
    else reader.line(line.ends_with('\r') ? std::string_view(line).substr(0, line.size() - 1) : std::string_view(line));
    line.clear();
    dropped = 0;
  };
  const auto keep = [&](std::string_view part) {
    if (dropped == 0 && line.size() + part.size() <= kLongestLine) {
      line += part;
      return;
    }
    dropped += line.size() + part.size();
    line.clear();
  };
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())), file.gcount() > 0) {
    std::string_view rest(chunk.data(), static_cast<std::size_t>(file.gcount()));
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      keep(rest.substr(0, end));
      end_line();
      rest.remove_prefix(end + 1);
    }
    keep(rest);
  }
  if (!line.empty() || dropped > 0) end_line();
  return true;
}

RunActivity of_stream(const ledger::RunStart& run, const agents::Profile& profile) {
  ActivityReader reader(std::nullopt);
  reader.begin(make_stream_dialect(profile.stream_dialect));
  if (run.run_dir.empty() || !feed(fs::path(run.run_dir) / "stdout", reader)) return {};
  return {reader.take(), "the captured stream"};
}

/// Where others may have gone on with the run's session. Absent: not known, or it is the last that a crashed run was seen alive.
std::optional<UtcTime> until_of(const ledger::RunRecord& run) {
  return run.end && run.end->outcome != ledger::Outcome::crashed ? std::optional(run.end->ended) : std::nullopt;
}

RunActivity of_database(const ledger::RunRecord& run) {
  ActivityReader reader(run.start.started, until_of(run));
  reader.begin(nullptr);
  const std::set<std::string> sessions = logged_sessions(run.start);
  bool read = false;
  for (const std::string& file : followed_files(run.start)) {
    const auto known = read_opencode_deeds(file, sessions, {reader.usage(), reader.deeds()});
    read = read || (known.has_value() && *known);
  }
  if (!read) return {};
  return {reader.take(), "opencode's database"};
}

RunActivity of_transcripts(const ledger::RunRecord& run, const agents::Profile& profile) {
  if (profile.store == agents::TranscriptStore::opencode_db) return of_database(run);
  ActivityReader reader(run.start.started, until_of(run));
  std::size_t files = 0;
  for (const std::string& file : followed_files(run.start)) {
    if (profile.transcript_dialect.empty()) break;
    reader.begin(make_transcript_dialect(profile.transcript_dialect));
    if (profile.kind == agents::AgentKind::qwen) reader.usage_comes_first();
    if (feed(file, reader)) ++files;
  }
  if (files == 0) return {};
  return {reader.take(), files == 1 ? "1 transcript" : fmt::format("{} transcripts", files)};
}

}  // namespace

RunActivity activity_of(const ledger::RunRecord& run) {
  const agents::Profile* profile = agents::profile_named(run.start.agent);
  if (profile == nullptr) return {};
  RunActivity stream = of_stream(run.start, *profile);
  RunActivity transcripts = of_transcripts(run, *profile);
  const bool stream_rules = run.end && run.end->ruling == Source::stream;
  const bool stream_first = stream_rules ? stream.activity.calls >= transcripts.activity.calls : stream.activity.calls > transcripts.activity.calls;
  RunActivity best = stream_first || transcripts.evidence.empty() ? std::move(stream) : std::move(transcripts);
  if (best.activity.acts.empty()) best.evidence.clear();
  return best;
}

}  // namespace ts::session
