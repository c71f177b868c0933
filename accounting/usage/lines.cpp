#include "accounting/usage/lines.hpp"

#include <cstring>
#include <utility>

namespace ts {
namespace {

/// A carry buffer above this is given back after its line: hundreds of followed files must not hold a megabyte each.
constexpr std::size_t kKeptCarry = std::size_t{64} << 10;

}  // namespace

LineSplitter::LineSplitter(OnLine on_line)
    : on_line_(std::move(on_line)), pruner_([this](std::string_view document) { on_line_(document); }) {}

void LineSplitter::deliver(std::string_view line) const {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  on_line_(line);
}

/// Keeps a part of a line whose end has not come yet.
void LineSplitter::keep(std::string_view part) {
  pending_ += part.size();
  if (!pruning_ && carry_.size() + part.size() > kMaxLine) {
    pruning_ = true;
    pruner_.push(carry_);
    std::string().swap(carry_);
  }
  if (pruning_) {
    pruner_.push(part);
  } else {
    carry_.append(part);
  }
}

void LineSplitter::end_line(std::string_view rest) {
  if (pending_ == 0 && rest.size() <= kMaxLine) {
    deliver(rest);
    return;
  }
  keep(rest);
  if (pruning_) {
    pruner_.finish();
  } else {
    deliver(carry_);
  }
  pruning_ = false;
  pending_ = 0;
  carry_.clear();
  if (carry_.capacity() > kKeptCarry) carry_.shrink_to_fit();
}

void LineSplitter::push(std::string_view chunk) {
  while (!chunk.empty()) {
    const void* newline = std::memchr(chunk.data(), '\n', chunk.size());
    if (newline == nullptr) {
      keep(chunk);
      return;
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - chunk.data());
    end_line(chunk.substr(0, length));
    chunk.remove_prefix(length + 1);
  }
}

void LineSplitter::finish() {
  if (pending_ > 0) end_line({});
}

}  // namespace ts
