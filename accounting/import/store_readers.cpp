#include "accounting/import/store_readers.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/base/wall_clock.hpp"
#include "accounting/import/file_reading.hpp"

namespace ts {
namespace {

/// Rows of one transaction: others must not wait long for it.
constexpr std::size_t kRowsAtOnce = 20'000;

}  // namespace

ledger::ImportedRun& RunsByKey::of(const std::string& key) {
  const auto [place, fresh] = places_.try_emplace(key, batch_.runs.size());
  if (fresh) batch_.runs.emplace_back().key = key;
  return batch_.runs[place->second];
}

void RunsByKey::add(ledger::ImportedRun& run, ledger::ResponseRow row) {
  run.responses.push_back(std::move(row));
  ++rows_;
}

Result<void> RunsByKey::put_if_full() {
  if (rows_ < kRowsAtOnce) return {};
  TS_CHECK(put_(std::move(batch_)));
  batch_ = {};
  places_.clear();
  rows_ = 0;
  return {};
}

Result<void> RunsByKey::finish(const ledger::FileMark& mark) {
  batch_.marks.push_back(mark);
  return put_(std::move(batch_));
}

Result<bool> read_store_lines(const StoreRequest& request, ledger::FileMark& mark, const LineReading& reading) {
  TS_TRY(FileReading file, FileReading::open(request.path));
  std::uint64_t from = 0;
  Result<void> done = {};
  const auto give = [&](const auto& to, std::string_view line) {
    if (done.has_value() && to) done = to(line);
  };
  bool at_head = static_cast<bool>(reading.head);
  std::uint64_t read = 0;
  const auto pass = [&](std::uint64_t begin, bool only_head) -> Result<void> {
    read = begin;
    LineSplitter lines([&](std::string_view line) {
      if (at_head) {
        at_head = false;
        give(reading.head, line);
      } else if (!only_head) {
        give(reading.line, line);
      }
    });
    while (true) {
      TS_TRY(const std::string_view chunk, file.next());
      read += chunk.size();
      lines.push(chunk);
      if (chunk.empty() || done.has_error() || (only_head && !at_head)) break;
    }
    mark.offset = read - std::min(read, lines.pending_bytes());
    if (!only_head) lines.finish();  // a last line without its end is read again when it has grown
    return done;
  };
  const auto& before = request.mark;
  if (before && before->offset > 0 && before->offset <= file.size() && file.hash_before(before->offset) == before->before) from = before->offset;
  if (from > 0 && at_head) TS_CHECK(pass(0, true));
  TS_CHECK(file.go_to(from));
  TS_CHECK(pass(from, false));
  mark.before = file.hash_before(mark.offset);
  return from > 0;
}

std::string agent_of_model(std::string_view model) {
  constexpr std::pair<std::string_view, std::string_view> kAgents[] = {
      {"claude", "claude"}, {"gpt", "codex"}, {"codex", "codex"}, {"o1", "codex"}, {"o3", "codex"}, {"o4", "codex"}, {"gemini", "gemini"}, {"qwen", "qwen"}};
  for (const auto& [part, agent] : kAgents)
    if (model.starts_with(part)) return std::string(agent);
  return "other";
}

std::optional<UtcTime> store_time(std::string_view text, const Zone& zone) {
  if (const auto wall = parse_wall(text)) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(*wall);
    return zone.first_at(whole) + (*wall - whole);
  }
  if (const auto time = parse_rfc3339(text); time.has_value()) return *time;
  return std::nullopt;
}

std::optional<Tokens> store_count(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c >= '0' && c <= '9') digits += c;
    else if (c != ',' && c != '~' && c != ' ' && c != '*') return std::nullopt;
  Tokens value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || value > kMaxTokens) return std::nullopt;
  return value;
}

TokenCounts parts_of_sum(Tokens input, Tokens output, Tokens total) {
  TokenCounts counts;
  counts.input = std::max(input, total - output);
  counts.output = output;
  return counts;
}

void describe_run(ledger::ImportedRun& run, const std::string& agent, UtcTime started) {
  run.start.agent = agent;
  run.start.role = "engineer";
  run.start.cap.source = "none: imported";
  run.start.on_cap = "report";
  run.start.started = started;
}

std::string labels_of(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [name, value] : labels)
    if (!value.empty()) json[std::string(name)] = std::string(value);
  return json.empty() ? "" : json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace ts
