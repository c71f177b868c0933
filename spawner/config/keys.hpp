#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::config {

/// What the value of a key looks like in a configuration file.
enum class Shape {
  text,            ///< "…"
  text_or_number,  ///< "120k" or 120000
  number,          ///< a whole number
  percents,        ///< [50, 75] or 50
  yes_no,          ///< true or false
};

/// One key of `[run]`. Everything that can be configured about a run is one row of one table.
struct Key {
  std::string_view name;      ///< in `[run]`; the environment has it as TRACKED_SPAWN_<NAME>
  std::string_view option;    ///< of `run`; what a value of the key does, as if it stood there
  Shape shape = Shape::text;
  std::string_view standard;  ///< what holds where nobody says anything, as it is shown
  std::string_view example;   ///< a line of a configuration file
  std::string_view about;
};

[[nodiscard]] std::span<const Key> run_keys();

/// "cap_formula" → "TRACKED_SPAWN_CAP_FORMULA".
[[nodiscard]] std::string environment_name(const Key& key);

/// The known word that is nearest to a mistyped one. Empty: none is near.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace ts::config
