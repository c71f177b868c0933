#include "accounting/ledger/response_file.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "accounting/ledger/response_run.hpp"

namespace ts::ledger {
namespace {

/// Responses in memory before they are written as a run.
constexpr std::size_t kTable = 8192;
constexpr std::size_t kFull = kTable * 3 / 4;
/// So many runs of one level become one of the next, so that few runs have to be asked.
constexpr std::size_t kFanIn = 8;

/// Reads a run in order, a piece at a time.
class Cursor {
 public:
  explicit Cursor(const ResponseRun& run) : run_(&run) { fill(); }
  [[nodiscard]] const ResponseSlot* slot() const { return at_ < count_ ? &buffer_[at_] : nullptr; }
  void next() {
    if (++at_ == count_) fill();
  }

 private:
  void fill() {
    count_ = run_->read(first_, buffer_);
    first_ += count_;
    at_ = 0;
  }
  const ResponseRun* run_;
  std::array<ResponseSlot, 64> buffer_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t at_ = 0;
};

class FileIndex final : public ResponseIndex {
 public:
  explicit FileIndex(std::filesystem::path folder) : folder_(std::move(folder)), table_(kTable), taken_(kTable) {}

  std::optional<Entry> find(std::string_view id) override {
    const ResponseKey key = response_key(id);
    const std::size_t at = place(key);
    if (taken_[at]) return table_[at].entry;
    for (const auto& level : levels_)
      for (auto run = level.rbegin(); run != level.rend(); ++run)
        if (const auto entry = run->find(key)) return entry;
    return std::nullopt;
  }

  void put(std::string_view id, const Entry& entry) override {
    const ResponseKey key = response_key(id);
    const std::size_t at = place(key);
    table_[at] = {key, entry};
    if (taken_[at]) return;
    taken_[at] = true;
    if (++used_ >= kFull) write_run();
  }

 private:
  /// The key's slot, or the free one where it belongs.
  [[nodiscard]] std::size_t place(const ResponseKey& key) const {
    std::size_t at = key.low % kTable;
    while (taken_[at] && table_[at].key != key) at = (at + 1) % kTable;
    return at;
  }

  void write_run() {
    std::vector<ResponseSlot> slots;
    slots.reserve(used_);
    for (std::size_t at = 0; at < kTable; ++at)
      if (taken_[at]) slots.push_back(table_[at]);
    std::sort(slots.begin(), slots.end(), [](const ResponseSlot& a, const ResponseSlot& b) { return a.key < b.key; });
    ResponseRun run(folder_, slots.size());
    for (const ResponseSlot& slot : slots) run.append(slot);
    run.close();
    taken_.assign(kTable, false);
    used_ = 0;
    add(0, std::move(run));
  }

  void add(std::size_t level, ResponseRun run) {
    if (levels_.size() == level) levels_.emplace_back();
    levels_[level].push_back(std::move(run));
    if (levels_[level].size() < kFanIn) return;
    const std::vector<ResponseRun> runs = std::exchange(levels_[level], {});
    add(level + 1, merge(runs));
  }

  /// Of equal keys the newest run's entry stays.
  [[nodiscard]] ResponseRun merge(const std::vector<ResponseRun>& runs) const {
    std::vector<Cursor> cursors;
    std::size_t capacity = 0;
    for (const ResponseRun& run : runs) {
      cursors.emplace_back(run);
      capacity += run.size();
    }
    ResponseRun merged(folder_, capacity);
    while (true) {
      const ResponseSlot* least = nullptr;
      for (const Cursor& cursor : cursors)
        if (const ResponseSlot* slot = cursor.slot(); slot != nullptr && (least == nullptr || !(least->key < slot->key))) least = slot;
      if (least == nullptr) break;
      const ResponseSlot next = *least;
      merged.append(next);
      for (Cursor& cursor : cursors)
        if (cursor.slot() != nullptr && cursor.slot()->key == next.key) cursor.next();
    }
    merged.close();
    return merged;
  }

  std::filesystem::path folder_;
  std::vector<ResponseSlot> table_;
  std::vector<bool> taken_;
  std::size_t used_ = 0;
  std::vector<std::vector<ResponseRun>> levels_;   ///< lower levels are newer; within a level the last is the newest
};

}  // namespace

std::unique_ptr<ResponseIndex> make_file_index(std::filesystem::path folder) { return std::make_unique<FileIndex>(std::move(folder)); }

}  // namespace ts::ledger
