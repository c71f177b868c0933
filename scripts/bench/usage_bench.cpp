// Seconds of CPU per GB of Claude-shaped stream-json through line splitter, dialect and meter. `usage_bench [blocks per response] [GB]`
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>

#include "accounting/budget/meter_sink.hpp"
#include "accounting/ledger/response_file.hpp"
#include "accounting/usage/dialects.hpp"
#include "accounting/usage/reader.hpp"

namespace {

/// About 64 MB of assistant lines of 1 to 4 KB; `blocks` lines repeat one response.
std::string stream(int blocks) {
  std::string text;
  std::uint32_t state = 1;
  for (int line = 0; text.size() < (std::size_t{64} << 20); ++line) {
    state = state * 1664525U + 1013904223U;
    std::string words;
    while (words.size() < 600 + state % 3000) words += R"(the quick \"brown\" fox\njumps over )";
    text += fmt::format(
        R"({{"type":"assistant","message":{{"id":"msg_{:011}","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{{"type":"text","text":"{}"}}],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":4,"cache_creation_input_tokens":{},"cache_read_input_tokens":15300,"cache_creation":{{"ephemeral_5m_input_tokens":{},"ephemeral_1h_input_tokens":0}},"output_tokens":1,"service_tier":"standard"}},"context_management":null}},"parent_tool_use_id":null,"session_id":"18a43acc-089a-40ed-9661-c59eba7b7fa7","uuid":"8214edeb-3a73-4293-9202-d140c9035997","request_id":"req_{:011}"}})",
        line / blocks, words, line / blocks % 977, line / blocks % 977, line / blocks);
    text += '\n';
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const int blocks = argc > 1 ? std::atoi(argv[1]) : 3;
  const int rounds = 16 * (argc > 2 ? std::atoi(argv[2]) : 1);
  const std::string text = stream(std::max(blocks, 1));
  const std::clock_t begin = std::clock();
  std::size_t bytes = 0;
  std::int64_t responses = 0;
  for (int round = 0; round < rounds; ++round) {
    // A meter for each round, so that its responses are new each time.
    ts::Meter meter([](ts::Source) { return ts::ledger::make_file_index("/tmp"); });
    ts::MeterSink sink(meter, ts::Source::stream);
    ts::UsageReader reader(ts::make_stream_dialect("claude"), sink);
    for (std::size_t at = 0; at < text.size(); at += 65536) {
      reader.push(std::string_view(text).substr(at, 65536));
      bytes += std::min<std::size_t>(65536, text.size() - at);
    }
    responses += meter.totals().requests;
  }
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  fmt::print("{} responses in {} MB: {:.3f} s of CPU per GB\n", responses, bytes / 1000000, seconds * 1e9 / static_cast<double>(bytes));
}
