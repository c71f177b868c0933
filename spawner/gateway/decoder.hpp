#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ts::gateway {

/// Undoes a content encoding, in pieces. Output of one call is bounded only by what it was given (1000-fold at worst), so give it little.
class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Appends to `out`. False: the bytes are broken; it gives nothing more.
  [[nodiscard]] virtual bool push(std::string_view bytes, std::string& out) = 0;
};

/// For gzip, deflate, zstd; null: the encoding isn't known here (or is a list of several).
[[nodiscard]] std::unique_ptr<Decoder> make_decoder(std::string_view encoding);

/// No encoding at all: "" or "identity".
[[nodiscard]] bool is_identity(std::string_view encoding);

}  // namespace ts::gateway
