#pragma once

#include <string>

#include "taskfile/reading.hpp"

// What is read in a text.

namespace ts::taskfile::reader_test {

inline Reading read_text(const std::string& text, const Patterns& patterns = default_patterns()) {
  return read(Document::parse(text).value(), patterns);
}

inline Tokens high_of(const std::string& text) {
  const Reading reading = read_text(text);
  return reading.estimate ? reading.estimate->high : -1;
}

}  // namespace ts::taskfile::reader_test
