#include "accounting/import/opencode_message.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ts {
namespace {

using Json = nlohmann::json;

constexpr char kIsOpencode[] =
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('message', 'session', 'part', 'project')";

const Json* at(const Json& json, const char* pointer) {
  const Json::json_pointer path(pointer);
  return json.contains(path) ? &json.at(path) : nullptr;
}

std::int64_t time_at(const Json& root, const char* pointer) {
  const Json* value = at(root, pointer);
  return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

OpencodeRead read_counts(const Json& tokens, TokenCounts& counts) {
  bool good = true;
  const auto take = [&](const char* pointer) -> Tokens {
    const Json* value = at(tokens, pointer);
    if (value == nullptr || value->is_null()) return 0;
    // Past 2^63 nlohmann holds an unsigned number; both are over the limit.
    const bool fits = value->is_number_unsigned() && value->get<std::uint64_t>() <= static_cast<std::uint64_t>(kMaxTokens);
    good = good && fits;
    return fits ? value->get<Tokens>() : 0;
  };
  counts.input = take("/input");
  counts.cache_read = take("/cache/read");
  counts.cache_write_5m = take("/cache/write");
  counts.reasoning = take("/reasoning");
  counts.output = saturating_add(take("/output"), counts.reasoning);
  if (!good) return OpencodeRead::malformed;
  return counts == TokenCounts{} ? OpencodeRead::nothing : OpencodeRead::usage;
}

}  // namespace

OpencodeRead read_opencode_message(std::string_view data, OpencodeMessage& message) {
  const Json root = Json::parse(data, nullptr, false);
  if (root.is_discarded() || !root.is_object()) return OpencodeRead::malformed;
  message.from_model = root.value(Json::json_pointer("/role"), Json()) == "assistant";
  message.created_ms = time_at(root, "/time/created");
  message.completed_ms = time_at(root, "/time/completed");
  if (!message.from_model) return OpencodeRead::nothing;
  const auto tokens = root.find("tokens");
  if (tokens == root.end() || !tokens->is_object()) return OpencodeRead::nothing;
  if (const auto model = root.find("modelID"); model != root.end() && model->is_string()) message.model = model->get<std::string>();
  return read_counts(*tokens, message.counts);
}

std::string_view OpencodeOriginals::id_of(std::string_view row_id, const OpencodeMessage& message, std::int64_t session_created) {
  const TokenCounts& c = message.counts;
  const auto [place, fresh] = ids_.try_emplace(fmt::format("{} {} {} {} {} {} {}", message.created_ms, message.completed_ms,
                                                          message.model, c.input, c.cache_read, c.cache_write_5m, c.output),
                                               row_id);
  // Older than its own session: it was copied there. Else equal figures are a coincidence.
  const bool copied = message.created_ms > 0 && message.created_ms < session_created;
  return fresh || copied ? std::string_view(place->second) : row_id;
}

Result<bool> is_opencode(const SqliteFile& db) {
  TS_TRY(const std::int64_t known, db.number(kIsOpencode));
  return known >= 4;
}

}  // namespace ts
