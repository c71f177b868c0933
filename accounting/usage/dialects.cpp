#include "accounting/usage/dialects.hpp"

#include <array>

#include "accounting/usage/claude.hpp"
#include "accounting/usage/codex.hpp"
#include "accounting/usage/gemini.hpp"
#include "accounting/usage/generic.hpp"
#include "accounting/usage/opencode.hpp"
#include "accounting/usage/qwen.hpp"
#include "accounting/usage/text.hpp"

namespace ts {
namespace {

using Make = std::unique_ptr<Dialect> (*)();
constexpr std::array<std::string_view, 7> kStreamNames{"claude", "codex", "gemini", "qwen", "opencode", "text", "generic"};
constexpr std::array<Make, 7> kStreamMakers{make_claude_stream, make_codex_stream, make_gemini_stream, make_qwen_stream,
                                            make_opencode_stream, make_text_stream, make_generic_stream};
constexpr std::array<std::string_view, 4> kTranscriptNames{"claude", "codex", "gemini", "qwen"};
constexpr std::array<Make, 4> kTranscriptMakers{make_claude_transcript, make_codex_transcript, make_gemini_transcript, make_qwen_transcript};

std::unique_ptr<Dialect> make(std::string_view name, std::span<const std::string_view> names, std::span<const Make> makers) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return makers[i]();
  return nullptr;
}

}  // namespace

std::unique_ptr<Dialect> make_stream_dialect(std::string_view name) { return make(name, kStreamNames, kStreamMakers); }
std::unique_ptr<Dialect> make_transcript_dialect(std::string_view name) { return make(name, kTranscriptNames, kTranscriptMakers); }
std::span<const std::string_view> stream_dialect_names() { return kStreamNames; }
std::span<const std::string_view> transcript_dialect_names() { return kTranscriptNames; }

}  // namespace ts
