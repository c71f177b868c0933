#include "accounting/ledger/zones.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "accounting/base/text.hpp"

namespace ts::ledger {
namespace {

/// Only what zone names are made of: a name must not lead out of the folder.
bool is_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.front() != '/' && name.size() < 100 &&
         std::all_of(name.begin(), name.end(), allowed);
}

Error unknown(const std::string& name) {
  return {Errc::invalid_argument,
          "zone '" + printable(name) +
              "': not known here: write a name such as Europe/Berlin (package tzdata), UTC or +05:30"};
}

Result<Zone> read_zone(const std::string& name) {
  if (!is_name(name)) return unknown(name);
  const char* folder = std::getenv("TZDIR");
  const auto path = std::filesystem::path(folder != nullptr ? folder : "/usr/share/zoneinfo") / name;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return unknown(name);
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in.good() && !in.eof()) return Error{Errc::io, path.string() + ": can't be read"};
  return Zone::parse(name, bytes);
}

}  // namespace

Result<Zone> load_zone(const std::string& name) {
  static std::map<std::string, Zone, std::less<>> known;
  if (const auto found = known.find(name); found != known.end()) return found->second;
  TS_TRY(std::optional<Zone> plain, Zone::without_file(name));
  if (plain) return *std::move(plain);
  TS_TRY(Zone zone, read_zone(name));
  return known.emplace(name, std::move(zone)).first->second;
}

}  // namespace ts::ledger
