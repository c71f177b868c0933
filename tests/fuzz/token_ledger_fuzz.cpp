// The planner of token ledgers on arbitrary bytes. What must hold: a plan's edits are in order, inside the document, and put in without
// taking away; the same run twice is as once; what was readable before reads the same afterwards, with the new rows behind it.
#include <cstdlib>
#include <string>

#include "taskfile/token_ledger.hpp"

namespace {

using namespace ts::taskfile;  // NOLINT: a test's own file

void require(bool holds) {
  if (!holds) std::abort();
}

const ts::RunId kRun{"aaaaaaaaaa"};

std::vector<LedgerPhase> two_phases() {
  const ts::UtcTime began{std::chrono::seconds{1'780'000'000}};
  return {{began, "read", 12'000, 340}, {began + std::chrono::minutes{7}, "write | test", 30'500, 9'400}};
}

void check_plan(const Document& document, const EditPlan& plan) {
  std::size_t at = 0;
  for (const Edit& edit : plan.edits) {
    require(edit.range.begin >= at && edit.range.end == edit.range.begin && edit.range.end <= document.bytes().size());
    at = edit.range.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto document = Document::parse(bytes, {std::size_t{1} << 20});
  if (document.has_error()) return 0;
  const auto before = find_token_ledger(*document);
  const auto plan = plan_token_ledger(*document, kRun, two_phases());
  if (plan.has_error()) return 0;
  check_plan(*document, *plan);
  if (plan->edits.empty()) return 0;  // the bytes name the run already
  const auto written = Document::parse(apply(*document, *plan));
  require(written.has_value());
  const auto after = find_token_ledger(*written);
  require(after.has_value());
  const std::size_t old_rows = before ? before->rows.size() : 0;
  require(after->rows.size() == old_rows + two_phases().size());
  for (std::size_t i = 0; i < old_rows; ++i) require(after->rows[i].total == before->rows[i].total && after->rows[i].phase == before->rows[i].phase);
  require(after->rows.back().total == ts::Tokens{39'900} && after->rows.back().cumulative == after->sum);
  const auto again = plan_token_ledger(*written, kRun, two_phases());
  require(again.has_value() && again->edits.empty());
  return 0;
}
