#include "accounting/ledger/response_run.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace ts::ledger {
namespace {

constexpr std::size_t kFilterBitsPerSlot = 16;
constexpr unsigned kFilterTurns = 6;   // one wrong "perhaps" in a thousand
constexpr std::size_t kWriteBuffer = 512;
constexpr std::size_t kWindow = 128;

/// Source: MurmurHash3's finaliser (public domain).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 33U)) * 0xff51afd7ed558ccdULL;
  x = (x ^ (x >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33U);
}

/// x · n / 2⁶⁴: spreads a hash evenly over [0, n).
std::size_t scale(std::uint64_t x, std::size_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Wide>(x) * n >> 64U);
}

int nameless_file(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) return file;
  std::string name = (folder / "responses-XXXXXX").string();   // for file systems without O_TMPFILE
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

ResponseKey response_key(std::string_view id) {
  ResponseKey key{0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL ^ id.size()};
  for (std::size_t at = 0; at < id.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, id.data() + at, std::min<std::size_t>(8, id.size() - at));
    key.high = mix(key.high ^ word);
    key.low = mix(std::rotl(key.low, 23) + word * 0x9fb21c651e98df25ULL);
  }
  key.high = mix(key.high ^ std::rotl(key.low, 32));
  return key;
}

ResponseRun::ResponseRun(const std::filesystem::path& folder, std::size_t capacity)
    : filter_(capacity * kFilterBitsPerSlot / 64 + 1), file_(nameless_file(folder)) {}

ResponseRun::ResponseRun(ResponseRun&& other) noexcept
    : filter_(std::move(other.filter_)), slots_(std::move(other.slots_)), size_(other.size_), written_(other.written_),
      file_(std::exchange(other.file_, -1)) {}

ResponseRun& ResponseRun::operator=(ResponseRun&& other) noexcept {
  std::swap(filter_, other.filter_);
  std::swap(slots_, other.slots_);
  std::swap(size_, other.size_);
  std::swap(written_, other.written_);
  std::swap(file_, other.file_);
  return *this;
}

ResponseRun::~ResponseRun() {
  if (file_ >= 0) ::close(file_);
}

std::size_t ResponseRun::bit(const ResponseKey& key, unsigned turn) const {
  return scale(mix(key.low + turn * (key.high | 1U)), filter_.size() * 64);
}

void ResponseRun::append(const ResponseSlot& slot) {
  for (unsigned turn = 0; turn < kFilterTurns; ++turn) {
    const std::size_t at = bit(slot.key, turn);
    filter_[at / 64] |= std::uint64_t{1} << (at % 64);
  }
  slots_.push_back(slot);
  ++size_;
  if (file_ >= 0 && slots_.size() >= kWriteBuffer) flush();
}

void ResponseRun::flush() {
  const auto* bytes = static_cast<const char*>(static_cast<const void*>(slots_.data()));
  const std::size_t length = slots_.size() * sizeof(ResponseSlot);
  for (std::size_t done = 0; done < length;) {
    const ssize_t put = ::pwrite(file_, bytes + done, length - done, static_cast<off_t>(written_ * sizeof(ResponseSlot) + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return keep_in_memory();
    done += static_cast<std::size_t>(put);
  }
  written_ += slots_.size();
  slots_.clear();
}

/// The disk takes no more: what was written comes back into memory.
void ResponseRun::keep_in_memory() {
  std::vector<ResponseSlot> all(written_);
  all.resize(read(0, all));
  all.insert(all.end(), slots_.begin(), slots_.end());
  slots_ = std::move(all);
  written_ = 0;
  ::close(std::exchange(file_, -1));
}

void ResponseRun::close() {
  if (file_ >= 0 && !slots_.empty()) flush();
  slots_.shrink_to_fit();
}

std::size_t ResponseRun::read(std::size_t first, std::span<ResponseSlot> slots) const {
  if (file_ < 0) {
    const std::size_t count = std::min(slots.size(), slots_.size() - std::min(first, slots_.size()));
    std::copy_n(slots_.begin() + static_cast<std::ptrdiff_t>(first), count, slots.begin());
    return count;
  }
  const std::size_t count = std::min(slots.size(), written_ - std::min(first, written_));
  auto* bytes = static_cast<char*>(static_cast<void*>(slots.data()));
  const std::size_t length = count * sizeof(ResponseSlot);
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got = ::pread(file_, bytes + done, length - done, static_cast<off_t>(first * sizeof(ResponseSlot) + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done / sizeof(ResponseSlot);
}

std::optional<ResponseIndex::Entry> ResponseRun::find(const ResponseKey& key) const {
  for (unsigned turn = 0; turn < kFilterTurns; ++turn) {
    const std::size_t at = bit(key, turn);
    if ((filter_[at / 64] >> (at % 64) & 1U) == 0) return std::nullopt;
  }
  // The hashes are spread evenly, so the key is near its share of the run; the bounds make the search end in any case.
  std::array<ResponseSlot, kWindow> window;
  std::size_t low = 0;
  std::size_t high = size_;
  std::size_t guess = scale(key.high, size_);
  while (low < high) {
    const std::size_t first = std::clamp(guess - std::min(guess, kWindow / 2), low, high - std::min(high - low, kWindow));
    const std::size_t count = read(first, std::span(window).first(std::min(kWindow, high - first)));
    if (count == 0) return std::nullopt;
    const auto end = window.begin() + static_cast<std::ptrdiff_t>(count);
    const auto found = std::lower_bound(window.begin(), end, key, [](const ResponseSlot& slot, const ResponseKey& k) { return slot.key < k; });
    if (found != end && found->key == key) return found->entry;
    if (found != end && found != window.begin()) return std::nullopt;
    if (found == end) {
      low = first + count;
    } else {
      high = first;
    }
    guess = low + (high - low) / 2;
  }
  return std::nullopt;
}

}  // namespace ts::ledger
