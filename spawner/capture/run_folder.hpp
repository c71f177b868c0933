#pragma once

#include <string>
#include <string_view>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"
#include "spawner/capture/raw_file.hpp"

namespace ts::capture {

/// The folder of one run, `<state home>/tracked-spawn/runs/<id>`, mode 0700, its files 0600.
class RunFolder {
 public:
  /// Makes it. The folder itself is the claim on the id: two runs never share one.
  /// Errors: already_exists, permission_denied, no_space, io.
  [[nodiscard]] static Result<RunFolder> create(const std::string& state_home, const RunId& id);
  /// Where state can't be written: the run goes on with files that keep nothing and say why.
  [[nodiscard]] static RunFolder nowhere(Error why);

  /// Empty: nowhere.
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Absolute path of a file in the folder; empty: nowhere.
  [[nodiscard]] std::string file(std::string_view name) const;

  /// New append-only files: `stdout`, `stderr`, `events.jsonl`.
  [[nodiscard]] RawFile open_stdout() const { return open("stdout"); }
  [[nodiscard]] RawFile open_stderr() const { return open("stderr"); }
  [[nodiscard]] RawFile open_events() const { return open("events.jsonl"); }

  /// Writes a whole file such as `receipt.json` atomically (temporary file, fdatasync, rename).
  /// Errors: no_space, io; not_found if nowhere.
  [[nodiscard]] Result<void> write_whole(std::string_view name, std::string_view bytes) const;
  [[nodiscard]] Result<void> write_receipt(std::string_view json) const { return write_whole("receipt.json", json); }

 private:
  RunFolder() = default;
  [[nodiscard]] RawFile open(std::string_view name) const;

  std::string path_;
  Error why_not_;
};

}  // namespace ts::capture
