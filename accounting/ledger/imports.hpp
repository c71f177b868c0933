#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/ledger/records.hpp"

namespace ts::ledger {

/// How far a file has been read, and how to tell that it is still the same file.
struct FileMark {
  std::string path;
  std::uint64_t device = 0, inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::uint64_t offset = 0;     ///< the first byte that has not been read; all before it is whole lines
  std::uint64_t before = 0;     ///< hash of the bytes just before `offset`
  std::string kind;             ///< what it is read as; empty: nothing is known of it
  friend bool operator==(const FileMark&, const FileMark&) = default;
};

/// What a transcript or an older store tells of one piece of work. It becomes a run, or adds to the one that it became before.
struct ImportedRun {
  std::string key;              ///< unique in a ledger, the same in every import: "session claude 7db1…"
  std::string ids;              ///< where its response ids are unique: "claude"; the same id of another run is the same response
  RunStart start;               ///< without an id
  Outcome outcome = Outcome::imported;
  std::optional<int> exit_code;
  std::string agent_version;
  std::string yields_to;               ///< a run of that key tells the same better: where there is one, this is left out
  std::vector<std::string> sessions;   ///< of the agent; what tracked-spawn's own runs of them have counted is theirs
  std::vector<ResponseRow> responses;
};

/// Begins the id of a response that stands for what an agent settled beyond its responses: a later report of it replaces the
/// earlier one, higher or not.
inline constexpr std::string_view kSettlementId = "settlement ";

/// Somebody's guess at what was spent. Kept apart: it counts nowhere.
struct EstimatedUsage {
  std::string file;             ///< absolute path
  std::int64_t line = 0;
  std::optional<UtcTime> at;
  std::string task, phase;
  Tokens input = 0, output = 0, total = 0;
  friend bool operator==(const EstimatedUsage&, const EstimatedUsage&) = default;
};

/// An alert that an older system had raised.
struct ImportedAlert {
  std::string key;              ///< unique in a ledger
  UtcTime at;
  std::string level;
  int percent = 0;
  Tokens used = 0;
  std::string text;
};

/// What an import changed.
struct ImportTally {
  std::int64_t runs = 0;        ///< new ones
  std::int64_t responses = 0;   ///< new ones
  std::int64_t grown = 0;       ///< responses that were known with lower counts
  std::int64_t known = 0;       ///< responses that were known as they are
  std::int64_t of_runs = 0;     ///< responses that a run had counted itself
  std::int64_t held = 0;        ///< responses that a living run may be about to count: left for the next import
  std::int64_t estimated = 0;   ///< new guesses
  std::int64_t alerts = 0;      ///< new ones
  ImportTally& operator+=(const ImportTally& other);
  friend bool operator==(const ImportTally&, const ImportTally&) = default;
};

/// All guesses of one file; they replace what it had said before.
struct EstimatedFile {
  std::string path;
  std::vector<EstimatedUsage> rows;
};

/// One transaction of an import.
struct ImportBatch {
  std::vector<ImportedRun> runs;
  std::vector<EstimatedFile> estimated;
  std::vector<ImportedAlert> alerts;
  std::vector<FileMark> marks;  ///< what is written if nothing of the batch was held back
};

/// Usage that others have recorded. The same batch twice changes nothing; what is there twice counts once, whoever brought it.
class Imports {
 public:
  virtual ~Imports() = default;

  /// By path.
  [[nodiscard]] virtual Result<std::map<std::string, FileMark>> marks() = 0;

  /// All of it or nothing. `now` decides which runs are alive. Durability: on disk when it returns. Errors: busy.
  [[nodiscard]] virtual Result<ImportTally> put(const ImportBatch& batch, UtcTime now) = 0;

  /// All guesses, by file and line.
  [[nodiscard]] virtual Result<std::vector<EstimatedUsage>> estimated() = 0;
};

}  // namespace ts::ledger
