#include "accounting/base/ascii.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(Ascii, LowersLettersAndNothingElse) {
  EXPECT_EQ(ascii_lower("AZ az @[`{ 09"), "az az @[`{ 09");
  EXPECT_EQ(ascii_lower("\xC3\x84\xFF"), "\xC3\x84\xFF") << "bytes of other letters stay";
  std::string all, expected;
  for (int c = 0; c < 256; ++c) {
    all += static_cast<char>(c);
    expected += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  EXPECT_EQ(ascii_lower(all), expected);
}

TEST(Ascii, EqualIgnoringCaseComparesWholeTexts) {
  EXPECT_TRUE(equal_ignoring_case("Content-Length", "content-LENGTH"));
  EXPECT_FALSE(equal_ignoring_case("Content-Length", "content-lengt"));
  EXPECT_FALSE(equal_ignoring_case("@", "`")) << "32 apart, and no letters";
}

TEST(Ascii, BlanksGoAtBothEndsOnly) {
  EXPECT_EQ(without_blanks_around("\t a b \t"), "a b");
  EXPECT_EQ(without_blanks_around(" \t "), "");
  EXPECT_EQ(without_blanks_around("\na"), "\na");
}

}  // namespace
}  // namespace ts
