#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ts {

/// Streams one JSON document of any length and keeps a small form of it: strings (and keys) longer than kMaxString bytes
/// become "", white space between tokens goes. Structure, numbers and short strings stay as they were, byte for byte.
/// The elements of a top-level array are passed on one by one, each as a document of its own.
/// Text that is not JSON passes too, pruned by the same rules. Never fails; memory is bounded by kMaxDocument.
class LinePruner {
 public:
  static constexpr std::size_t kMaxString = 256;
  static constexpr std::size_t kMaxDocument = std::size_t{1} << 20;
  /// Lifetime: the view is valid during the call.
  using OnDocument = std::function<void(std::string_view document)>;

  explicit LinePruner(OnDocument on_document);
  LinePruner(const LinePruner&) = delete;
  LinePruner& operator=(const LinePruner&) = delete;

  void push(std::string_view bytes);
  /// The document ends here: passes on what is left, complete or not, and starts anew.
  void finish();

  /// An object was opened and closed again (or an array), and nothing but white space followed.
  [[nodiscard]] bool complete() const { return complete_; }
  /// Raw bytes of documents that were longer than kMaxDocument even when pruned.
  [[nodiscard]] std::uint64_t bytes_dropped() const { return bytes_dropped_; }

 private:
  std::size_t pass_string(std::string_view bytes, std::size_t at);
  std::size_t in_string(std::string_view bytes, std::size_t at);
  void token(char c);
  void append(char c);
  void end_element();

  OnDocument on_document_;
  std::string out_;
  std::uint64_t raw_ = 0;            ///< raw bytes of the document at hand
  std::uint64_t bytes_dropped_ = 0;
  std::size_t string_at_ = 0;        ///< where in out_ the open string began
  std::size_t string_bytes_ = 0;
  std::uint64_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool array_ = false;               ///< the document is an array whose elements are passed on one by one
  bool complete_ = false;
  bool overflow_ = false;
};

}  // namespace ts
