#include "spawner/tail/head.hpp"

// The plain functions, not EVP: that one pulls all of libcrypto into a static program (3 MB more in memory).
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <array>
#include <cctype>

namespace ts::tail {

namespace {

constexpr std::size_t kLongestValue = 4096;

/// The string behind `"key":` at its first place in `text`. A key inside a string has its quotes escaped and so is no match.
std::string string_member(std::string_view text, std::string_view key) {
  const std::string pattern = "\"" + std::string(key) + "\":";
  for (auto at = text.find(pattern); at != std::string_view::npos; at = text.find(pattern, at + 1)) {
    std::string_view rest = text.substr(at + pattern.size());
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    if (!rest.starts_with('"')) continue;
    std::string value;
    for (std::size_t i = 1; i < rest.size() && value.size() < kLongestValue; ++i) {
      if (rest[i] == '"') return value;
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;  // paths and ids need no more than \\ \" \/
      value += rest[i];
    }
  }
  return {};
}

}  // namespace

TranscriptHead read_head(std::string_view text) {
  const std::string_view first_line = text.substr(0, text.find('\n'));
  TranscriptHead head;
  head.session = string_member(text, "sessionId");
  head.cwd = string_member(text, "cwd");
  head.project_hash = string_member(first_line, "projectHash");
  for (std::string_view key : {"forked_from_id", "parent_thread_id", "parentSessionId"})
    if (head.parent.empty()) head.parent = string_member(first_line, key);
  return head;
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_CTX context;
  if (SHA256_Init(&context) != 1 || SHA256_Update(&context, text.data(), text.size()) != 1 ||
      SHA256_Final(digest.data(), &context) != 1)
    return {};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

bool project_folder_is(agents::TranscriptLayout layout, std::string_view relative, std::string_view cwd) {
  const std::string_view folder = relative.substr(0, relative.find('/'));
  if (layout == agents::TranscriptLayout::gemini) return folder == sha256_hex(cwd);
  if (layout != agents::TranscriptLayout::claude && layout != agents::TranscriptLayout::qwen) return false;
  if (folder.size() != cwd.size()) return false;
  for (std::size_t i = 0; i < cwd.size(); ++i) {
    const char expected = std::isalnum(static_cast<unsigned char>(cwd[i])) != 0 ? cwd[i] : '-';
    if (folder[i] != expected) return false;
  }
  return true;
}

}  // namespace ts::tail
