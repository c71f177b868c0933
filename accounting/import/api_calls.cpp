// api-calls-YYYY-MM-DD.jsonl: one object a worker's session.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/import/store_readers.hpp"

namespace ts {
namespace {

using Json = nlohmann::json;

std::string text_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Tokens> count_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return 0;
  if (!found->is_number_unsigned() || found->get<std::uint64_t>() > static_cast<std::uint64_t>(kMaxTokens)) return std::nullopt;
  return found->get<Tokens>();
}

/// Absent: it isn't there, or no time.
std::optional<UtcTime> time_of(const Json& object, const char* name, const Zone& zone) { return store_time(text_of(object, name), zone); }

class ApiCalls {
 public:
  ApiCalls(const StoreRequest& request, RunsByKey& runs, StoreRead& read) : request_(request), runs_(runs), read_(read) {}

  void line(std::string_view text) {
    ++read_.lines;
    if (text.empty()) return;
    const Json object = Json::parse(text, nullptr, false);
    if (object.is_discarded() || !object.is_object() || !add(object)) ++read_.malformed;
  }

 private:
  bool add(const Json& object) {
    const auto input = count_of(object, "tokens_input");
    const auto output = count_of(object, "tokens_output"), total = count_of(object, "tokens_total");
    const auto written = time_of(object, "timestamp", request_.zone);
    const auto ended = time_of(object, "end_time", request_.zone);
    const auto at = ended ? ended : written;
    if (!input || !output || !total || !at) return false;
    const TokenCounts counts = parts_of_sum(*input, *output, *total);
    const UtcTime started = std::min(time_of(object, "start_time", request_.zone).value_or(*at), *at);
    const std::string task = printable(text_of(object, "task_id")), worker = printable(text_of(object, "worker_id")), model = text_of(object, "model");
    ledger::ImportedRun& run = runs_.of(fmt::format("api-calls {} {} {} {} {} {}", rfc3339(started), rfc3339(*at), task, worker, counts.input, counts.output));
    if (!run.responses.empty()) return true;  // the same line twice
    describe_run(run, agent_of_model(model), started);
    run.ids = "api-calls";
    run.start.task_id = task;
    run.start.labels_json = labels_of({{"worker", worker}, {"error", printable(text_of(object, "error_message"))}});
    if (const auto success = object.find("success"); success != object.end() && success->is_boolean())
      run.outcome = success->get<bool>() ? ledger::Outcome::completed : ledger::Outcome::failed;
    if (const auto code = object.find("exit_code"); code != object.end() && code->is_number_integer()) run.exit_code = code->get<int>();
    ledger::ResponseRow row;
    row.response_id = run.key;
    row.model = model;
    row.counts = counts;
    row.requests = 0;  // how many there were isn't said
    row.at = *at;
    runs_.add(run, std::move(row));
    ++read_.used;
    return true;
  }

  const StoreRequest& request_;
  RunsByKey& runs_;
  StoreRead& read_;
};

}  // namespace

Result<StoreRead> read_api_calls(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put) {
  StoreRead read;
  RunsByKey runs(put);
  ApiCalls calls(request, runs, read);
  const LineReading reading{.line = [&](std::string_view line) {
    calls.line(line);
    return runs.put_if_full();
  }};
  TS_TRY(read.continued, read_store_lines(request, mark, reading));
  TS_CHECK(runs.finish(mark));
  return read;
}

}  // namespace ts
