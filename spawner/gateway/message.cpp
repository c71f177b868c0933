#include "spawner/gateway/message.hpp"

#include "accounting/base/ascii.hpp"

namespace ts::gateway {

std::string_view Header::get(std::string_view name) const {
  for (const auto& [key, value] : lines)
    if (equal_ignoring_case(key, name)) return value;
  return {};
}

std::string Header::wire() const {
  std::string out;
  for (const auto& [key, value] : lines) out.append(key).append(": ").append(value).append("\r\n");
  return out;
}

}  // namespace ts::gateway
