#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "accounting/import/scan.hpp"
#include "accounting/usage/event.hpp"

namespace ts {

/// One response as one file tells it: the highest of each part.
struct FileResponse {
  std::string id;
  std::uint32_t session = 0;     ///< index into FileUsage::names
  std::uint32_t model = 0;       ///< index into FileUsage::names
  TokenCounts counts;
  std::int64_t requests = 1;
  std::optional<UtcTime> at;     ///< of its first report
};

struct FileSettlement {
  std::string id;
  std::uint32_t session = 0;
  std::uint32_t model = 0;
  TokenCounts counts;
};

/// What one file says of usage, each response once.
struct FileUsage {
  std::string agent;
  Source source = Source::stream;
  ParseStats parse;
  std::uint64_t bytes = 0;
  std::vector<std::string> names;             ///< sessions and models, each once
  std::string cwd;                            ///< of the first session that says it
  std::string version;                        ///< of the agent, the same
  std::deque<FileResponse> responses;         ///< in order of first report; a deque, so that views of ids last
  std::vector<FileSettlement> settlements;
};

/// Gathers the events of one file.
class FileCollector final : public UsageSink {
 public:
  void on_usage(const UsageEvent& event) override;
  void on_settlement(const SettlementEvent& event) override;
  void on_session(const SessionEvent& event) override;

  /// The collector is empty afterwards.
  [[nodiscard]] FileUsage take();

 private:
  std::uint32_t name(std::string_view text);

  FileUsage usage_;
  std::map<std::string, std::uint32_t, std::less<>> names_;
  std::unordered_map<std::string_view, std::size_t> places_;   ///< response id → index
  std::string session_;
  std::size_t last_ = 0;
};

/// Whether what the agent prints counts a whole thread, the past that it was forked from included; its session files don't.
[[nodiscard]] inline bool stream_holds_the_past(std::string_view agent) { return agent == "codex"; }

/// Reads one file of any known kind, `agent` being the name to read it as (empty: told from its first bytes). `named`: one of
/// unknown kind is read as any JSON or text. Absent: its kind isn't known, and it isn't `named`. Errors: io,
/// permission_denied, not_found, corrupt.
enum class Named { no, yes };
[[nodiscard]] Result<std::optional<FileUsage>> read_file_usage(const std::string& path, const std::string& agent, Named named);

}  // namespace ts
