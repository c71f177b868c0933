#include "spawner/gateway/message.hpp"

#include <algorithm>

namespace ts::gateway {

std::string_view Header::get(std::string_view name) const {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const auto& [key, value] : lines)
    if (std::ranges::equal(key, name, [&](char a, char b) { return lower(a) == lower(b); })) return value;
  return {};
}

std::string Header::wire() const {
  std::string out;
  for (const auto& [key, value] : lines) out.append(key).append(": ").append(value).append("\r\n");
  return out;
}

}  // namespace ts::gateway
