#include "accounting/ledger/response_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ts::ledger {
namespace {

using Entry = ResponseIndex::Entry;

struct Key {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const Key&, const Key&) = default;
};

struct Slot {
  Key key;   ///< {0, 0}: free
  Entry entry;
};

constexpr std::size_t kSlotsPerPage = 50;
struct Page {
  std::array<Slot, kSlotsPerPage> slots{};
};

enum class Access { read, write };

/// Source: MurmurHash3's finaliser (public domain).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 33U)) * 0xff51afd7ed558ccdULL;
  x = (x ^ (x >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33U);
}

Key key_of(std::string_view text) {
  Key key{0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL ^ text.size()};
  for (std::size_t at = 0; at < text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, std::min<std::size_t>(8, text.size() - at));
    key.high = mix(key.high ^ word);
    key.low = mix(std::rotl(key.low, 23) + word * 0x9fb21c651e98df25ULL);
  }
  key.low = mix(key.low ^ key.high);
  if (key == Key{}) key.low = 1;
  return key;
}

/// Pages by number, the last used in memory. A page that was never written is empty.
class Pages {
 public:
  explicit Pages(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() {
    if (file_ >= 0) ::close(file_);
  }

  /// Lifetime: valid until the next call.
  Page& at(std::uint64_t number, Access access) {
    Frame& frame = frames_[number % kFrames];
    if (!frame.page || frame.number != number) {
      if (!frame.page) frame.page = std::make_unique<Page>();
      if (frame.dirty) write_back(frame);
      load(number, *frame.page);
      frame.number = number;
      frame.dirty = false;
    }
    frame.dirty = frame.dirty || access == Access::write;
    return *frame.page;
  }

 private:
  static constexpr std::size_t kFrames = 224;
  struct Frame {
    std::unique_ptr<Page> page;
    std::uint64_t number = 0;
    bool dirty = false;
  };

  void load(std::uint64_t number, Page& page) {
    if (const auto kept = kept_.find(number); kept != kept_.end()) {
      page = kept->second;
      return;
    }
    std::size_t done = 0;
    auto* bytes = static_cast<char*>(static_cast<void*>(&page));
    while (file_ >= 0 && done < sizeof(Page)) {
      const ssize_t got = ::pread(file_, bytes + done, sizeof(Page) - done, static_cast<off_t>(number * sizeof(Page) + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      done += static_cast<std::size_t>(got);
    }
    if (done < sizeof(Page)) page = Page{};
  }

  void write_back(const Frame& frame) {
    if (kept_.erase(frame.number) != 0 || !write(frame)) kept_[frame.number] = *frame.page;
  }

  bool write(const Frame& frame) {
    if (file_ < 0 && !tried_) open();
    std::size_t done = 0;
    const auto* bytes = static_cast<const char*>(static_cast<const void*>(frame.page.get()));
    while (file_ >= 0 && done < sizeof(Page)) {
      const ssize_t put = ::pwrite(file_, bytes + done, sizeof(Page) - done, static_cast<off_t>(frame.number * sizeof(Page) + done));
      if (put < 0 && errno == EINTR) continue;
      if (put <= 0) return false;
      done += static_cast<std::size_t>(put);
    }
    return file_ >= 0;
  }

  void open() {
    tried_ = true;
    file_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file_ >= 0) return;
    std::string name = (folder_ / "responses-XXXXXX").string();   // file systems without O_TMPFILE
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ >= 0) ::unlink(name.c_str());
  }

  std::filesystem::path folder_;
  std::array<Frame, kFrames> frames_;
  std::unordered_map<std::uint64_t, Page> kept_;   ///< pages that the disk would not take
  int file_ = -1;
  bool tried_ = false;
};

class FileIndex final : public ResponseIndex {
 public:
  explicit FileIndex(std::filesystem::path folder) : folder_(std::move(folder)), pages_(std::make_unique<Pages>(folder_)) {}

  std::optional<Entry> find(std::string_view key) override {
    const Key wanted = key_of(key);
    for (std::uint64_t at = place(wanted);; at = (at + 1) % slots()) {
      const Slot& slot = slot_at(at, Access::read);
      if (slot.key == wanted) return slot.entry;
      if (slot.key == Key{}) return std::nullopt;
    }
  }

  void put(std::string_view key, const Entry& entry) override {
    if ((used_ + 1) * 10 > slots() * 7) grow();
    insert({key_of(key), entry});
  }

 private:
  [[nodiscard]] std::uint64_t slots() const { return page_count_ * kSlotsPerPage; }
  /// By the hash's upper bits: a table twice as large has the same order, so that growing reads and writes in sequence.
  [[nodiscard]] std::uint64_t place(const Key& key) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(key.high) * slots() >> 64U);
  }
  Slot& slot_at(std::uint64_t at, Access access) { return pages_->at(at / kSlotsPerPage, access).slots[at % kSlotsPerPage]; }

  void insert(const Slot& wanted) {
    for (std::uint64_t at = place(wanted.key);; at = (at + 1) % slots()) {
      const Slot& slot = slot_at(at, Access::read);
      const bool free = slot.key == Key{};
      if (!free && slot.key != wanted.key) continue;
      slot_at(at, Access::write) = wanted;
      if (free) ++used_;
      return;
    }
  }

  void grow() {
    auto old = std::exchange(pages_, std::make_unique<Pages>(folder_));
    const std::uint64_t count = std::exchange(page_count_, page_count_ * 2);
    used_ = 0;
    for (std::uint64_t number = 0; number < count; ++number) {
      const Page page = old->at(number, Access::read);
      for (const Slot& slot : page.slots)
        if (slot.key != Key{}) insert(slot);
    }
  }

  std::filesystem::path folder_;
  std::unique_ptr<Pages> pages_;
  std::uint64_t page_count_ = 64;
  std::uint64_t used_ = 0;
};

}  // namespace

std::unique_ptr<ResponseIndex> make_file_index(std::filesystem::path folder) { return std::make_unique<FileIndex>(std::move(folder)); }

}  // namespace ts::ledger
