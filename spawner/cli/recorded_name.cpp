#include "spawner/cli/recorded_name.hpp"

#include <filesystem>

#include "accounting/base/sprint.hpp"

namespace ts::cli {

std::string recorded_name(const Context& context, std::string_view name, const std::string& value) {
  namespace fs = std::filesystem;
  if (name == "sprint") return sprint_named(value);
  std::error_code ignored;
  const fs::path path = fs::path{context.world.cwd} / value;
  const bool is_path = name == "project" ? fs::is_directory(path, ignored) : name == "task" && (value.ends_with(".md") || fs::is_regular_file(path, ignored));  // a task file may be yet to come
  if (value.empty() || !is_path) return value;
  const fs::path whole = path.lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).string();
}

}  // namespace ts::cli
