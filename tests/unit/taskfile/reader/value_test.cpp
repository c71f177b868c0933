#include "taskfile/reader/value.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

struct StateCase {
  const char* cell;
  FieldState state;
  const char* text;
};

TEST(Reading, StatesOfTheActualField) {
  const StateCase cases[] = {
      {"X", FieldState::placeholder, "X"},
      {"~XK", FieldState::placeholder, "~XK"},
      {"___K", FieldState::placeholder, "___K"},
      {"TBD (auto-captured)", FieldState::placeholder, "TBD (auto-captured)"},
      {"`<from the log>`", FieldState::placeholder, "`<from the log>`"},
      {"_[From hook]_", FieldState::placeholder, "_[From hook]_"},
      {"-", FieldState::placeholder, "-"},
      {"", FieldState::placeholder, ""},
      {"~XK (Est: 25K)", FieldState::placeholder, "~XK"},
      {"~15K (estimated)", FieldState::value, "~15K"},
      {"12,345", FieldState::value, "12,345"},
      {"(manual estimate ~9K)", FieldState::value, "~9K"},
      {"~XK / ~25K", FieldState::placeholder, "~XK"},
      {"~XK [Est: 25K]", FieldState::placeholder, "~XK"},
      {"~XK, est 25K", FieldState::placeholder, "~XK"},
      {"~XK \u2014 Est: 25K", FieldState::placeholder, "~XK"},
      {"TBD (cap 100K)", FieldState::placeholder, "TBD"},
      {"X (X% of 25K)", FieldState::placeholder, "X"},
      {"~24K / ~25K est", FieldState::value, "~24K"},
      {"X,XXX", FieldState::placeholder, "X,XXX"},
      {"~XK tokens", FieldState::placeholder, "~XK tokens"},
      {"___ tokens", FieldState::placeholder, "___ tokens"},
      {"(auto)", FieldState::placeholder, "(auto)"},
      {"N/A", FieldState::placeholder, ""},
      {"Combined with TASK-9", FieldState::placeholder, ""},
  };
  for (const StateCase& c : cases) {
    const Reading reading = read_text(std::string("# T\n\n| Metric | Value |\n|---|---|\n| **Total Tokens** | ") + c.cell + " |\n");
    EXPECT_EQ(reading.actual.state, c.state) << c.cell;
    EXPECT_EQ(reading.actual.line, 5) << c.cell;
    ASSERT_FALSE(reading.fields.empty()) << c.cell;
    EXPECT_EQ(reading.fields[0].text, c.text) << c.cell;
  }
}

}  // namespace
}  // namespace ts::taskfile
