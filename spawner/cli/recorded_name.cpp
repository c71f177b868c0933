#include "spawner/cli/recorded_name.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "accounting/base/sprint.hpp"
#include "accounting/base/text.hpp"
#include "spawner/agents/profile.hpp"

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

Result<void> check_scope(const Budget& budget) {
  if (!budget.scope.agent || agents::profile_named(*budget.scope.agent) != nullptr) return {};
  std::string names;
  for (const agents::Profile& known : agents::all_profiles()) names += (names.empty() ? "" : ", ") + std::string{known.name};
  return Error{Errc::invalid_argument, fmt::format("budget '{}': scope 'agent={}': no such agent; the agents are {}", printable(budget.name), printable(*budget.scope.agent, 60), names)};
}

}  // namespace ts::cli
