#include "taskfile/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "accounting/base/ascii.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

namespace fs = std::filesystem;

constexpr int kMostAttempts = 20;

/// One round of lock → read → plan → replace.
class Round {
 public:
  Round(const UpdateRequest& request, const Planner& planner, FileStore& store) : request_(request), planner_(planner), store_(store) {}

  /// Absent: somebody else wrote or moved the file meanwhile; go again.
  Result<std::optional<WriteReport>> run(int attempt) {
    TS_TRY(const fs::path path, locate());
    TS_TRY(const auto lock, store_.lock(path.parent_path()));
    auto image = store_.read(path, DocumentLimits{}.bytes);
    if (image.has_error()) return gone_or(std::move(image).error(), attempt);
    TS_TRY(const Document document, Document::parse(std::move(image->bytes)));
    TS_TRY(const EditPlan plan, planner_(document));
    WriteReport report{path, plan.lines, plan.edits.size(), attempt, "", plan.incident, plan.notes, plan.task_count};
    if (plan.edits.empty()) return std::optional(std::move(report));
    const std::string after = apply(document, plan);
    auto temp = store_.create_like(path);
    if (temp.has_error()) return gone_or(std::move(temp).error(), attempt);
    TS_CHECK((*temp)->append(after));
    TS_CHECK((*temp)->sync());
    const auto again = store_.read(path, DocumentLimits{}.bytes);
    if (again.has_error() || again->stamp != image->stamp || again->bytes != document.bytes()) return std::optional<WriteReport>();
    auto replaced = store_.replace(**temp, path, image->stamp);
    if (replaced.has_error()) return gone_or(std::move(replaced).error(), attempt);
    if (*replaced == Replaced::changed_meanwhile) return std::optional<WriteReport>();
    report.diff = unified_diff(document.bytes(), after, path.filename().string());
    return std::optional(std::move(report));
  }

 private:
  Result<fs::path> locate() {
    auto path = store_.resolve(request_.path);
    if (path.has_value() || path.error().code != Errc::not_found || request_.task_id.empty()) return path;
    return store_.find_again(request_.path, request_.task_id);
  }

  /// A file that vanishes between two steps may have been moved: look again, unless it can't be found by id.
  Result<std::optional<WriteReport>> gone_or(Error error, int attempt) const {
    const bool look_again = error.code == Errc::not_found && !request_.task_id.empty() && attempt < kMostAttempts;
    if (look_again) return std::optional<WriteReport>();
    return error;
  }

  const UpdateRequest& request_;
  const Planner& planner_;
  FileStore& store_;
};

}  // namespace

Planner actual_planner(Actual actual, Role role, Patterns patterns) {
  return [actual = std::move(actual), role, patterns = std::move(patterns)](const Document& document) {
    return plan_actual(document, read(document, patterns), actual, role);
  };
}

Result<WriteReport> update(const UpdateRequest& request, const Planner& planner, FileStore& store) {
  for (int attempt = 1; attempt <= kMostAttempts; ++attempt) {
    auto report = Round(request, planner, store).run(attempt);
    if (report.has_error()) return with_context(request.path.string(), std::move(report).error());
    if (*report) return std::move(**report);
  }
  return Error{Errc::conflict, fmt::format("{}: others kept writing it; try again", request.path.string())};
}

namespace {

/// What a Markdown table written into it would break.
bool is_of_another_language(const fs::path& path) {
  const std::string extension = ascii_lower(path.extension().string());
  return std::ranges::any_of(std::array{".yaml", ".yml", ".json", ".toml"}, [&](const char* other) { return extension == other; });
}

}  // namespace

Result<Document> load(const fs::path& path, FileStore& store) {
  auto resolved = store.resolve(path);
  if (resolved.has_error()) return with_context(path.string(), std::move(resolved).error());
  if (is_of_another_language(*resolved))
    return Error{Errc::unsupported, path.string() + ": is no Markdown file, and the count is written as Markdown: keep the task in a .md file (its YAML between --- lines "
                                                    "at the top is read and written)"};
  auto image = store.read(*resolved, DocumentLimits{}.bytes);
  if (image.has_error()) return with_context(path.string(), std::move(image).error());
  auto document = Document::parse(std::move(image->bytes));
  if (document.has_error()) return with_context(path.string(), std::move(document).error());
  return document;
}

}  // namespace ts::taskfile
