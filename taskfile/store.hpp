#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "taskfile/plan.hpp"

namespace ts::taskfile {

/// Which bytes a file had when it was read: a later write checks that it is still the same file.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct FileImage {
  std::string bytes;
  FileStamp stamp;
};

/// Holds the folder's lock until it is destroyed.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// A file being written beside its target. Destroyed without replace(): it leaves no trace.
class TempFile {
 public:
  virtual ~TempFile() = default;
  [[nodiscard]] virtual Result<void> append(std::string_view bytes) = 0;
  /// Durability: the bytes are on the disk.
  [[nodiscard]] virtual Result<void> sync() = 0;
};

enum class Replaced { yes, changed_meanwhile };

/// The file system as the task file store needs it. Paths are already resolved (no symlinks).
class FileStore {
 public:
  virtual ~FileStore() = default;

  /// The file that `path` leads to through symlinks. Errors: not_found.
  [[nodiscard]] virtual Result<std::filesystem::path> resolve(const std::filesystem::path& path) = 0;
  /// Serialises all writers of task files in `folder`. Leaves nothing behind. Errors: timed_out.
  [[nodiscard]] virtual Result<std::unique_ptr<FileLock>> lock(const std::filesystem::path& folder) = 0;
  /// Errors: not_found, permission_denied, too_large (nothing was read), unsupported (a directory, a device).
  [[nodiscard]] virtual Result<FileImage> read(const std::filesystem::path& path, std::size_t limit) = 0;
  /// A file in the folder of `like` with its mode, owner and extended attributes. Errors: permission_denied when `like` is read-only.
  [[nodiscard]] virtual Result<std::unique_ptr<TempFile>> create_like(const std::filesystem::path& like) = 0;
  /// The file of task `task_id` that stood at `lost` when the run began. Errors: not_found, ambiguous.
  [[nodiscard]] virtual Result<std::filesystem::path> find_again(const std::filesystem::path& lost, const std::string& task_id) = 0;
  /// Puts `temp` in the place of `path` if that still has `stamp`. Durability: the folder is synced.
  [[nodiscard]] virtual Result<Replaced> replace(TempFile& temp, const std::filesystem::path& path, const FileStamp& stamp) = 0;
};

/// The real file system.
/// Thread: not for concurrent use of one FileLock or TempFile; otherwise any.
[[nodiscard]] FileStore& file_system();

using Planner = std::function<Result<EditPlan>(const Document&)>;

/// The planner of the usual write-back: reads, then plan_actual().
[[nodiscard]] Planner actual_planner(Actual actual, Role role, Patterns patterns = default_patterns());

struct WriteReport {
  std::filesystem::path path;      ///< where it was written: differs from the request after a move
  std::vector<int> lines;          ///< of the file as it was
  std::size_t edits = 0;           ///< 0: nothing to do, the file was not touched
  int attempts = 0;                ///< plans made; more than one: somebody else wrote meanwhile
  std::string diff;
  std::optional<Incident> incident;
  std::vector<std::string> notes;
  Tokens task_count = 0;           ///< all attempts of the role together
};

struct UpdateRequest {
  std::filesystem::path path;
  std::string task_id;  ///< finds a file that was moved meanwhile; empty: it is not looked for
};

/// Lock → read → plan → replace if unchanged, else plan anew. A crash at any point leaves the old file or the new one.
/// Errors: what FileStore, Document::parse and the planner say, with the path; conflict when others kept writing.
[[nodiscard]] Result<WriteReport> update(const UpdateRequest& request, const Planner& planner, FileStore& store = file_system());

/// Reads one task file. Errors: as update().
[[nodiscard]] Result<Document> load(const std::filesystem::path& path, FileStore& store = file_system());

}  // namespace ts::taskfile
