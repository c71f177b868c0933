#include "accounting/usage/api.hpp"

#include <array>
#include <utility>

#include "accounting/usage/json_reader.hpp"
#include "accounting/usage/line_dialect.hpp"
#include "accounting/usage/lines.hpp"
#include "accounting/usage/shapes.hpp"

namespace ts {
namespace {

/// Where a shape keeps what. Usage stands at the root or in `wrapper`, the id and the model beside it.
struct ShapeKeys {
  std::string_view name;
  std::string_view wrapper;
  std::string_view usage;
  std::string_view id;
  std::string_view model;
  const UsageShape* shape;
};

const ShapeKeys& keys_of(ApiShape shape) {
  static const std::array<ShapeKeys, 4> kShapes{{
      {"anthropic.messages", "message", "usage", "id", "model", &kAnthropicUsage},
      {"openai.responses", "response", "usage", "id", "model", &kResponsesUsage},
      {"openai.chat", "", "usage", "id", "model", &kChatUsage},
      {"gemini.generateContent", "response", "usageMetadata", "responseId", "modelVersion", &kGeminiUsage},
  }};
  return kShapes[static_cast<std::size_t>(shape)];
}

struct Said {
  std::string_view id;
  std::string_view model;
  RawUsage usage;
};

bool read_object(json::Reader& reader, const ShapeKeys& keys, Said& said) {
  std::string_view key;
  while (reader.next_key(key)) {
    if (key == keys.id) {
      reader.string(said.id);
    } else if (key == keys.model) {
      reader.string(said.model);
    } else if (key == keys.usage) {
      if (!said.usage.read(reader, *keys.shape)) return false;
    } else if (!key.empty() && key == keys.wrapper && reader.enter_object()) {
      if (!read_object(reader, keys, said)) return false;
    } else {
      reader.skip();
    }
  }
  return reader.ok();
}

class BodyReader final : public ApiUsage {
 public:
  explicit BodyReader(ApiResponse response)
      : response_(std::move(response)),
        keys_(keys_of(response_.shape)),
        quoted_(std::string("\"").append(keys_.usage).append("\"")),
        lines_([this](std::string_view line) { sse_line(line); }),
        document_([this](std::string_view text) { document(text); }) {}

  void push(std::string_view chunk, UsageSink& sink) override {
    sink_ = &sink;
    if (response_.body == ApiBody::sse) {
      lines_.push(chunk);
    } else {
      document_.push(chunk);
    }
    dropped();
  }

  void finish(UsageSink& sink) override {
    sink_ = &sink;
    if (response_.body == ApiBody::sse) {
      lines_.finish();
    } else {
      document_.finish();
    }
    dropped();
    if (counts_ && response_.shape == ApiShape::gemini) emit();
  }

  [[nodiscard]] std::optional<TokenCounts> counts() const override { return counts_; }
  [[nodiscard]] const ParseStats& stats() const override { return stats_; }

 private:
  void dropped() { stats_.bytes_dropped = lines_.bytes_dropped() + document_.bytes_dropped(); }

  void sse_line(std::string_view line) {
    // An over-long line was pruned, which takes the space behind the colon.
    if (!line.starts_with("data:")) return;
    line.remove_prefix(5);
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (line.starts_with('{')) document(line);
  }

  void document(std::string_view text) {
    ++stats_.lines;
    const bool usage = json::has_key(text, quoted_);
    if (!usage && named_) {
      ++stats_.ignored;
      return;
    }
    json::Reader reader(text);
    Said said;
    if (!reader.enter_object()) {
      ++stats_.ignored;
      return;
    }
    read_object(reader, keys_, said);
    name(said);
    const bool told = deliver(said);
    if (said.usage.bad() || (usage && !reader.ok())) {
      ++stats_.malformed;
    } else {
      ++(told ? stats_.events : stats_.ignored);
    }
  }

  /// The body's own id and model are better than what was known before, but only until the first event has named them.
  void name(const Said& said) {
    if (counts_) return;
    if (!said.id.empty()) response_.id = said.id;
    if (!said.model.empty()) response_.model = said.model;
    named_ = named_ || !said.id.empty();
  }

  bool deliver(const Said& said) {
    if (said.usage.bad() || said.usage.empty()) return false;
    // Joined before normalising: a later chunk may tell that a part of the input was cached.
    raw_.merge(said.usage);
    const auto now = raw_.counts();
    if (!now || *now == TokenCounts{}) return false;
    const bool news = counts_ != now;
    counts_ = now;
    // Gemini repeats its whole usage in each chunk: only the last one is sure to be whole.
    if (news && response_.shape != ApiShape::gemini) emit();
    return true;
  }

  void emit() { sink_->on_usage({.response_id = response_.id, .model = response_.model, .session = {}, .counts = *counts_, .at = {}}); }

  ApiResponse response_;
  const ShapeKeys& keys_;
  std::string quoted_;
  LineSplitter lines_;
  LinePruner document_;
  UsageSink* sink_ = nullptr;      ///< during a call
  RawUsage raw_;
  std::optional<TokenCounts> counts_;
  ParseStats stats_;
  bool named_ = false;             ///< the body has given its id
};

}  // namespace

std::string_view name_of(ApiShape shape) { return keys_of(shape).name; }

std::unique_ptr<ApiUsage> make_api_usage(ApiResponse response) { return std::make_unique<BodyReader>(std::move(response)); }

}  // namespace ts
