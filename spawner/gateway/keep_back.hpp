#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/usage/api.hpp"
#include "accounting/usage/lines.hpp"

namespace ts::gateway {

/// No model gives more in one answer. What a request without a limit of its own is taken to want where its answer must be whole.
/// Source: the providers' pages on their models (OpenAI and Anthropic 128,000, Google 65,536).
inline constexpr Tokens kLongestAnswer = 131'072;

/// How a provider said that an answer ended.
enum class Ending {
  untold,    ///< it said nothing of it that we know
  natural,   ///< by itself: its words, a tool call, a refusal of its own
  at_limit,  ///< at an output limit, whoever had set it
};

/// Reads out of an answer's decoded body how it ended. Of several choices one that was cut decides. Memory: bounded. No I/O.
class EndingReader {
 public:
  EndingReader(ApiShape shape, ApiBody body);
  void push(std::string_view bytes);
  /// The body ended.
  void finish();
  [[nodiscard]] Ending ending() const { return ending_; }

 private:
  void line(std::string_view text);
  void document(std::string_view text);
  void choices(std::string_view array, std::string_view key);
  void note(std::string_view reason);

  ApiShape shape_;
  ApiBody body_;
  LineSplitter lines_;
  LinePruner document_;
  Ending ending_ = Ending::untold;
};

/// An output limit that we had set.
struct OutputLimit {
  Tokens each = 0;   ///< of one choice: what the request said
  Tokens all = 0;    ///< of all choices together
};

/// Whether a whole answer ended where it did because of that limit, so that a higher one would make it longer. What ended by itself
/// did not, even at the limit's last token; nor did what a lower limit of the model's own has cut.
[[nodiscard]] bool cut_by(const OutputLimit& limit, Ending ending, std::optional<Tokens> output);

/// An answer that nobody sees before it is known to be whole: its bytes as they would have left, and how it ends.
class KeptAnswer {
 public:
  /// `total`: the bytes of all that are kept; must outlive this.
  KeptAnswer(ApiShape shape, ApiBody body, std::size_t& total) : ending_(shape, body), total_(total) {}
  ~KeptAnswer() { total_ -= bytes_.size(); }
  KeptAnswer(const KeptAnswer&) = delete;
  KeptAnswer& operator=(const KeptAnswer&) = delete;
  /// Bytes as the provider meant them.
  void read(std::string_view plain) { ending_.push(plain); }
  /// Bytes as they will leave.
  void add(std::string_view shown);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  /// How it ended, now that it did.
  [[nodiscard]] Ending finish();

 private:
  EndingReader ending_;
  std::string bytes_;
  std::size_t& total_;
};

}  // namespace ts::gateway
