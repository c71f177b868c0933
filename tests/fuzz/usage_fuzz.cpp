// Any bytes through every dialect, whole and in pieces: no crash, no undefined behaviour, the same counts however they are cut,
// counts within their range, statistics that add up; and what the pruner keeps is read as the original is.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "accounting/budget/meter_sink.hpp"
#include "accounting/usage/api.hpp"
#include "accounting/usage/dialects.hpp"
#include "accounting/usage/reader.hpp"

namespace {

using namespace ts;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

Totals read(std::unique_ptr<Dialect> dialect, std::string_view text, std::size_t step) {
  Meter meter;
  MeterSink sink(meter, Source::stream);
  UsageReader reader(std::move(dialect), sink);
  for (std::size_t at = 0; at < text.size(); at += step) reader.push(text.substr(at, step));
  reader.finish();
  const ParseStats stats = reader.stats();
  require(stats.lines == stats.events + stats.ignored + stats.malformed, "each line is an event, ignored or malformed");
  TokenCounts sum;
  for (const auto& [model, totals] : meter.models(Source::stream)) sum = sum + totals.counts;
  require(sum == meter.totals().counts, "the models' sum is the total");
  for (const auto part : kTokenParts) require(sum.*part >= 0 && sum.*part <= kMaxTokens, "counts stay in their range");
  return meter.totals();
}

void every_way(std::string_view text, std::size_t step) {
  for (const auto name : stream_dialect_names()) require(read(make_stream_dialect(name), text, text.size() + 1) == read(make_stream_dialect(name), text, step), "cuts change nothing");
  for (const auto name : transcript_dialect_names())
    require(read(make_transcript_dialect(name), text, text.size() + 1) == read(make_transcript_dialect(name), text, step), "cuts change nothing");
  (void)detect_dialect(text);
}

void bodies(std::string_view text, std::size_t step) {
  Meter meter;
  MeterSink sink(meter, Source::gateway);
  for (int shape = 0; shape < 4; ++shape)
    for (const ApiBody body : {ApiBody::sse, ApiBody::json}) {
      auto usage = make_api_usage({static_cast<ApiShape>(shape), body, "id", ""});
      for (std::size_t at = 0; at < text.size(); at += step) usage->push(text.substr(at, step), sink);
      usage->finish(sink);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(data + 1)), size - 1);
  const std::size_t step = 1 + data[0] % 61;
  every_way(text, step);
  bodies(text, step);
  std::string once;
  std::string pieces;
  ts::LinePruner whole([&](std::string_view d) { once.append(d).push_back('\n'); });
  ts::LinePruner cut([&](std::string_view d) { pieces.append(d).push_back('\n'); });
  whole.push(text);
  whole.finish();
  for (std::size_t at = 0; at < text.size(); at += step) cut.push(text.substr(at, step));
  cut.finish();
  require(once == pieces, "cuts change nothing in what is pruned");
  return 0;
}
