#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "spawner/config/settings.hpp"
#include "spawner/session/options.hpp"

namespace ts::session {

/// How a finding is to be taken. Only `bad` makes `doctor` fail.
enum class Health { good, note, bad };
[[nodiscard]] std::string_view name_of(Health health);

/// One thing that was looked at.
struct Finding {
  std::string area;     ///< containment, ledger, agents, configuration, system
  std::string subject;
  Health health = Health::good;
  std::string says;
  std::string advice;   ///< what to do about it; never empty where `health` is bad
};

/// What a run would not take of settings, each with its place and key: the meaning of their words is the command line's.
using SettingsCheck = std::function<std::vector<std::string>(const config::Settings&)>;

/// Looks at everything that a run depends on. Reads only, but for a probe cgroup that is removed again.
[[nodiscard]] std::vector<Finding> examine(const Surroundings& world, const SettingsCheck& check);

}  // namespace ts::session
