#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace ts {

/// Remembers, for the last responses, the very bytes of their usage object, so that a line that says the same again need
/// not be parsed. A direct-mapped table: a newer response may push out an older one, which is then only parsed again.
class SeenUsage {
 public:
  static constexpr std::size_t kSlots = 64;
  static constexpr std::size_t kMaxBytes = 1024;   ///< longer ones are not remembered

  void put(std::string_view id, std::string_view usage) {
    if (id.empty() || id.size() + usage.size() > kMaxBytes) return;
    Slot& slot = slots_[place(id)];
    slot.id = id;
    slot.usage = usage;
  }

  /// Whether `text` begins with the usage object that was last put for `id`.
  [[nodiscard]] bool again(std::string_view id, std::string_view text) const {
    if (id.empty()) return false;
    const Slot& slot = slots_[place(id)];
    return slot.id == id && text.starts_with(slot.usage);
  }

 private:
  struct Slot {
    std::string id;
    std::string usage;
  };
  static std::size_t place(std::string_view id) {
    unsigned hash = 0;
    for (const char c : id.substr(id.size() - std::min<std::size_t>(id.size(), 8))) hash = hash * 31 + static_cast<unsigned char>(c);
    return hash % kSlots;
  }
  std::array<Slot, kSlots> slots_;
};

}  // namespace ts
