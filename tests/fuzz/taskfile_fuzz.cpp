// The document, the reader and the planner on arbitrary bytes. What must hold: parse gives the bytes back; a plan's edits are in order and
// inside the document; the same run twice is as once; a write does not change what the file says about its estimate and its cap.
#include <cstdlib>
#include <string>

#include "taskfile/plan.hpp"

namespace {

using namespace ts::taskfile;  // NOLINT: a test's own file

void require(bool holds) {
  if (!holds) std::abort();
}

Actual measured(const char* run) {
  Actual actual;
  actual.run.text = run;
  actual.agent = "claude";
  actual.model = "m";
  actual.count = 39'871;
  actual.cap = 40'000;
  actual.outcome = "cap";
  actual.duration = std::chrono::seconds(75);
  actual.cost = 34'293;
  actual.api_calls = 4;
  actual.input = 16;
  actual.output = 822;
  actual.agent_id = "ddf52d8f";
  actual.cap_stop = CapStop{"half", {}, ""};
  return actual;
}

bool same_limits(const Reading& a, const Reading& b) {
  const bool estimates = a.estimate.has_value() == b.estimate.has_value() && (!a.estimate || (a.estimate->high == b.estimate->high && a.estimate->line == b.estimate->line));
  const bool caps = a.cap.has_value() == b.cap.has_value() && (!a.cap || (a.cap->limit == b.cap->limit && a.cap->line == b.cap->line));
  return estimates && caps;
}

void check_plan(const Document& document, const EditPlan& plan) {
  std::size_t at = 0;
  for (const Edit& edit : plan.edits) {
    require(edit.range.begin >= at && edit.range.end >= edit.range.begin && edit.range.end <= document.bytes().size());
    require(edit.line >= 1);
    at = edit.range.end;
  }
}

void check_writing(const Document& document, const Reading& reading, Role role) {
  const auto plan = plan_actual(document, reading, measured("aaaaaaaaaa"), role);
  if (plan.has_error()) return;
  check_plan(document, *plan);
  const auto written = Document::parse(apply(document, *plan));
  require(written.has_value());
  const Reading now = read(*written);
  require(same_limits(reading, now));
  const auto again = plan_actual(*written, now, measured("aaaaaaaaaa"), role);
  require(again.has_value() && again->edits.empty());
  (void)unified_diff(document.bytes(), written->bytes(), "t.md");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto document = Document::parse(bytes, {std::size_t{1} << 20});
  if (document.has_error()) return 0;
  require(document->bytes() == bytes);
  std::size_t at = document->body();
  for (int number = 1; number <= document->line_count(); ++number) {
    require(document->line_info(number).text.begin == at);
    const ts::taskfile::LineEnd end = document->line_info(number).end;
    at = document->line_info(number).text.end + (end == LineEnd::crlf ? 2 : end == LineEnd::none ? 0 : 1);
  }
  require(at == size);
  const Reading reading = read(*document);
  check_writing(*document, reading, Role::engineer);
  check_writing(*document, reading, Role::reviewer);
  return 0;
}
