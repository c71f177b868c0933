#include "taskfile/token_ledger.hpp"

#include <gtest/gtest.h>

#include "accounting/base/text.hpp"

namespace ts::taskfile {
namespace {

const std::string kTable =
    "# Token Log - STORY-1\n\n| Timestamp | Phase | Input | Output | Total | Cumulative |\n|-----------|-------|-------|--------|-------|------------|\n"
    "| 2026-01-28 22:08 | plan | 92,175 | 6,695 | 98,870 | 98,870 |\n| 2026-01-30 22:00 | build | 8,000 | 5,000 | 13,000 | 111,870 |\n";

LedgerPhase phase(const std::string& name, Tokens input, Tokens output) {
  return {parse_rfc3339("2026-11-21T18:47:30Z").value(), name, input, output};
}

EditPlan plan_of(const std::string& text, const std::vector<LedgerPhase>& phases, const std::string& run = "7f3k2m") {
  const auto plan = plan_token_ledger(Document::parse(text).value(), RunId{run}, phases);
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return *plan;
}

std::string appended(const std::string& text, const std::vector<LedgerPhase>& phases, const std::string& run = "7f3k2m") {
  return apply(Document::parse(text).value(), plan_of(text, phases, run));
}

TEST(TokenLedger, AppendsARowWithTheRunningSum) {
  EXPECT_EQ(appended(kTable, {phase("review", 4'816, 600)}), kTable + "| 2026-11-21 18:47 | review (run 7f3k2m) | 4,816 | 600 | 5,416 | 117,286 |\n");
}

TEST(TokenLedger, HasARowForEachPhase) {
  EXPECT_EQ(appended(kTable, {phase("a", 1, 2), phase("b", 3, 4)}),
            kTable + "| 2026-11-21 18:47 | a (run 7f3k2m) | 1 | 2 | 3 | 111,873 |\n| 2026-11-21 18:47 | b (run 7f3k2m) | 3 | 4 | 7 | 111,880 |\n");
}

TEST(TokenLedger, OnceARun) {
  const std::string once = appended(kTable, {phase("review", 1, 2)});
  EXPECT_TRUE(plan_of(once, {phase("review", 1, 2)}).edits.empty());
  EXPECT_NE(appended(once, {phase("review", 1, 2)}, "8g4m3n"), once) << "another run is another row";
}

TEST(TokenLedger, KeepsWhatStandsBehindTheTable) {
  const std::string behind = "\n## Notes\n\n- kept by hand\n";
  EXPECT_EQ(appended(kTable + behind, {phase("x", 1, 2)}), kTable + "| 2026-11-21 18:47 | x (run 7f3k2m) | 1 | 2 | 3 | 111,873 |\n" + behind);
}

TEST(TokenLedger, KeepsLineEndsAndAMissingLastOne) {
  std::string crlf;
  for (const char c : kTable) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  crlf.resize(crlf.size() - 2);
  EXPECT_EQ(appended(crlf, {phase("x", 1, 2)}), crlf + "\r\n| 2026-11-21 18:47 | x (run 7f3k2m) | 1 | 2 | 3 | 111,873 |");
}

TEST(TokenLedger, NamesOldDefectsAndLeavesThem) {
  struct Case {
    const char* row;
    const char* defect;
    Tokens sum;
  };
  for (const Case& c : {Case{"| t | x | 45,000 | 12,000 | 57,000 | 257,653 |", "line 7: cumulative 257,653 is not 111,870 + 57,000 = 168,870", 168'870},
                        Case{"| t | x | 10 | 20 | 40 | 111,910 |", "line 7: total 40 is not 10 + 20 = 30", 111'910},
                        Case{"| t | x | 10 | 20 | ? | 111,900 |", "line 7: the total can't be read; input + output is taken for it", 111'900},
                        Case{"| t | x | n/a | 20 | TBD | 111,870 |", "line 7: neither total nor input and output can be read; it is not counted", 111'870},
                        Case{"| t | x | 10 | 20 | 30 | TBD |", "line 7: the cumulative can't be read", 111'900},
                        Case{"| t | x | 10 | 20 | 30 |", "line 7: 5 cells and not 6", 111'900},
                        Case{"| t | x | 10.000 | 20 | 10,020 | 121,890 |", "", 121'890}}) {
    const std::string old = kTable + c.row + "\n";
    const EditPlan plan = plan_of(old, {phase("x", 1, 2)});
    if (c.defect[0] != '\0') {
      ASSERT_FALSE(plan.notes.empty()) << c.row;
      EXPECT_EQ(plan.notes.front(), c.defect);
    }
    EXPECT_EQ(plan.task_count, c.sum + 3) << c.row;
    EXPECT_TRUE(apply(Document::parse(old).value(), plan).starts_with(old)) << "old bytes unchanged";
  }
}

TEST(TokenLedger, AnEstimatedRowMakesTheSumAnEstimate) {
  const std::string old = kTable + "| t | x | ~4,000 | ~100 | ~4,100 | ~115,970 |\n";
  EXPECT_EQ(appended(old, {phase("x", 1, 2)}), old + "| 2026-11-21 18:47 | x (run 7f3k2m) | 1 | 2 | 3 | ~115,973 |\n");
}

TEST(TokenLedger, BeginsOneWhereThereIsNone) {
  const std::string old = "# Token Log\n\n**Input**: ~50,000 tokens";
  const EditPlan plan = plan_of(old, {phase("x", 1, 2)});
  EXPECT_EQ(apply(Document::parse(old).value(), plan),
            old + "\n\n| Timestamp | Phase | Input | Output | Total | Cumulative |\n|-----------|-------|-------|--------|-------|------------|\n"
                  "| 2026-11-21 18:47 | x (run 7f3k2m) | 1 | 2 | 3 | 3 |\n");
  EXPECT_EQ(plan.notes.size(), 1U);
}

TEST(TokenLedger, TakesNoTableInAFenceOrAComment) {
  const std::string fenced = "```\n" + kTable + "```\n";
  EXPECT_TRUE(appended(fenced, {phase("x", 1, 2)}).ends_with("| 1 | 2 | 3 | 3 |\n"));
  const std::string comment = "<!--\n" + kTable + "-->\n";
  EXPECT_TRUE(appended(comment, {phase("x", 1, 2)}).ends_with("| 1 | 2 | 3 | 3 |\n"));
}

TEST(TokenLedger, NoNameBreaksTheTable) {
  const std::string text = appended(kTable, {phase("a | b\nc", 1, 2)});
  EXPECT_TRUE(text.ends_with("| a / b\xEF\xBF\xBD" "c (run 7f3k2m) | 1 | 2 | 3 | 111,873 |\n") || text.ends_with("| a / b/c (run 7f3k2m) | 1 | 2 | 3 | 111,873 |\n")) << text;
}

TEST(TokenLedger, RefusesAnUnresolvedMerge) {
  const auto plan = plan_token_ledger(Document::parse("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n" + kTable).value(), RunId{"r"}, {phase("x", 1, 2)});
  ASSERT_TRUE(plan.has_error());
  EXPECT_EQ(plan.error().code, Errc::conflict);
}

TEST(TokenLedger, RefusesToBeginWithinWhatIsStillOpen) {
  const auto plan = plan_token_ledger(Document::parse("# Log\n\n```text\nnever closed\n").value(), RunId{"r"}, {phase("x", 1, 2)});
  ASSERT_TRUE(plan.has_error());
  EXPECT_EQ(plan.error().code, Errc::conflict);
  EXPECT_NE(plan.error().message.find("close it first"), std::string::npos) << plan.error().message;
}

}  // namespace
}  // namespace ts::taskfile
