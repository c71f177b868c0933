#include "accounting/import/stores.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "accounting/import/file_reading.hpp"
#include "accounting/import/sqlite_file.hpp"
#include "accounting/import/store_readers.hpp"

namespace ts {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"usage_records", "api-calls", "tokens.csv", "token ledger"};
constexpr std::size_t kHead = 64 << 10;

std::string_view first_line(std::string_view head) { return head.substr(0, head.find('\n')); }

bool has_all(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::all_of(parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

/// The header of a hand-made ledger, wherever it stands in the file's beginning.
bool has_ledger_table(std::string_view head) {
  for (std::size_t at = head.find("| Timestamp"); at != std::string_view::npos; at = head.find("| Timestamp", at + 1))
    if (has_all(first_line(head.substr(at)), {"Phase", "Input", "Output", "Total", "Cumulative"})) return true;
  return false;
}

}  // namespace

std::string_view name_of(StoreKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

Result<std::optional<StoreKind>> store_kind(const std::string& path) {
  TS_TRY(FileReading file, FileReading::open(path));
  TS_TRY(std::string_view head, file.next());
  head = head.substr(0, kHead);
  if (is_sqlite(head)) {
    TS_TRY(const SqliteFile db, SqliteFile::open(path));
    TS_TRY(const std::int64_t known, db.number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'usage_records'"));
    return known > 0 ? std::optional(StoreKind::usage_records) : std::nullopt;
  }
  const std::string_view line = first_line(head);
  if (line.starts_with('{') && has_all(line, {"\"worker_id\"", "\"tokens_input\"", "\"tokens_output\""})) return std::optional(StoreKind::api_calls);
  if (has_all(line, {"timestamp,", "agent_id,", "input_tokens,", "output_tokens,"})) return std::optional(StoreKind::tokens_csv);
  if (has_ledger_table(head)) return std::optional(StoreKind::token_ledger);
  return std::optional<StoreKind>();
}

Result<StoreRead> read_store(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put) {
  mark.kind = "store " + std::string(name_of(request.kind));
  mark.offset = 0;
  StoreRequest checked = request;
  if (checked.mark && checked.mark->kind != mark.kind) checked.mark.reset();
  switch (request.kind) {
    case StoreKind::usage_records:
      return read_usage_records(checked, mark, put);
    case StoreKind::api_calls:
      return read_api_calls(checked, mark, put);
    case StoreKind::tokens_csv:
      return read_tokens_csv(checked, mark, put);
    case StoreKind::token_ledger:
      break;
  }
  return read_token_ledger(checked, mark, put);
}

}  // namespace ts
