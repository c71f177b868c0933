#include "taskfile/patterns.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

TEST(Reading, UsersPatternsBeatTheBuiltInOnes) {
  Patterns patterns = default_patterns();
  ASSERT_TRUE(patterns.add("estimate", "Aufwand").has_value());
  ASSERT_TRUE(patterns.add("actual", "Verbrauch").has_value());
  ASSERT_TRUE(patterns.add("placeholder", "offen").has_value());
  const Reading reading = read_text("# T\n\n**Estimated Tokens:** 40K\n**Aufwand:** 50K\n**Verbrauch:** offen\n", patterns);
  EXPECT_EQ(reading.estimate->high, 50'000);
  EXPECT_EQ(reading.actual.line, 5);
  EXPECT_EQ(reading.actual.state, FieldState::placeholder);
  EXPECT_EQ(patterns.add("colour", "x").error().code, Errc::invalid_argument);
  EXPECT_EQ(patterns.add("cap", " ** ").error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace ts::taskfile
