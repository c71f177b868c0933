#include <gtest/gtest.h>

#include <set>

#include "accounting/ledger/ledger.hpp"
#include "accounting/ledger/text_list.hpp"

namespace ts::ledger {
namespace {

TEST(OutcomeNames, RoundTrip) {
  for (const Outcome outcome :
       {Outcome::running, Outcome::completed, Outcome::failed, Outcome::cap, Outcome::stopped,
        Outcome::refused, Outcome::crashed, Outcome::time_limit, Outcome::idle_limit})
    EXPECT_EQ(outcome_named(name_of(outcome)), outcome);
  EXPECT_EQ(outcome_named("no such"), std::nullopt);
  EXPECT_EQ(outcome_named(""), std::nullopt);
}

TEST(TextList, RoundTripsAnyBytes) {
  const std::vector<std::vector<std::string>> lists = {{},
                                                       {""},
                                                       {"", ""},
                                                       {"claude", "-p", "line\nline"},
                                                       {"back\\slash", "\\n", "\\\\n\n"},
                                                       {"\xff\xfe", std::string("\0x", 2)},
                                                       {"trailing\\"}};
  for (const auto& list : lists) EXPECT_EQ(split_list(join_list(list)), list);
}

TEST(TextList, ReadsForeignText) {
  EXPECT_EQ(split_list("a\nb"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(split_list("a\\"), std::vector<std::string>{"a\\"});
  EXPECT_EQ(split_list("\\x\n"), std::vector<std::string>{"x"});
}

TEST(RunIds, AreTenLettersAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 10'000; ++i) {
    const RunId id = new_run_id();
    EXPECT_EQ(id.text.size(), 10U);
    EXPECT_EQ(id.text.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz"), std::string::npos) << id.text;
    EXPECT_TRUE(seen.insert(id.text).second) << id.text;
  }
}

}  // namespace
}  // namespace ts::ledger
