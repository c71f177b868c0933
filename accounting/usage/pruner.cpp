#include "accounting/usage/pruner.hpp"

#include <algorithm>
#include <utility>

namespace ts {

LinePruner::LinePruner(OnDocument on_document) : on_document_(std::move(on_document)) {}

void LinePruner::append(char c) {
  if (overflow_) return;
  if (out_.size() >= kMaxDocument) {
    overflow_ = true;
    out_.clear();
    return;
  }
  out_.push_back(c);
}

/// Passes over the rest of a string that is not kept any more; gives the place of its closing quote, or the end.
std::size_t LinePruner::pass_string(std::string_view bytes, std::size_t at) {
  const std::size_t begin = at;
  while (true) {
    const std::size_t quote = std::min(bytes.find('"', at), bytes.size());
    std::size_t back = quote;
    while (back > begin && bytes[back - 1] == '\\') --back;
    escaped_ = ((quote - back) & 1) != 0;
    if (quote == bytes.size() || !escaped_) return quote;
    escaped_ = false;
    at = quote + 1;
  }
}

/// Takes string bytes from `at` on; gives the place behind them.
std::size_t LinePruner::in_string(std::string_view bytes, std::size_t at) {
  while (at < bytes.size()) {
    if (string_bytes_ > kMaxString && !escaped_) {
      at = pass_string(bytes, at);
      if (at == bytes.size()) return at;
    }
    const char c = bytes[at++];
    const bool quote = c == '"' && !escaped_;
    escaped_ = c == '\\' && !escaped_;
    if (quote) {
      in_string_ = false;
      append(c);
      return at;
    }
    if (string_bytes_ < kMaxString) {
      append(c);
    } else if (string_bytes_ == kMaxString && !overflow_) {
      out_.resize(string_at_);
    }
    ++string_bytes_;
  }
  return at;
}

void LinePruner::end_element() {
  if (overflow_) {
    bytes_dropped_ += raw_;
  } else if (!out_.empty()) {
    on_document_(out_);
  }
  overflow_ = false;
  out_.clear();
  raw_ = 0;
}

void LinePruner::token(char c) {
  switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
      return;
    case '"':
      append(c);
      in_string_ = true;
      escaped_ = false;
      string_at_ = out_.size();
      string_bytes_ = 0;
      break;
    case '{':
    case '[':
      if (depth_ == 0 && c == '[' && out_.empty() && !overflow_) {
        array_ = true;
        depth_ = 1;
        break;
      }
      ++depth_;
      append(c);
      break;
    case '}':
    case ']':
      if (depth_ > 0) --depth_;
      complete_ = depth_ == 0;
      if (array_ && depth_ == 0) {
        end_element();
        array_ = false;
      } else {
        append(c);
      }
      return;
    case ',':
      if (array_ && depth_ == 1) {
        end_element();
        break;
      }
      append(c);
      break;
    default:
      append(c);
  }
  complete_ = false;
}

void LinePruner::push(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t begin = at;
    if (in_string_) {
      at = in_string(bytes, at);
      raw_ += at - begin;
    } else {
      ++raw_;
      token(bytes[at++]);
    }
  }
}

void LinePruner::finish() {
  end_element();
  out_.shrink_to_fit();
  depth_ = 0;
  in_string_ = escaped_ = array_ = complete_ = false;
}

}  // namespace ts
