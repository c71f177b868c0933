#include "spawner/cli/table.hpp"

#include <gtest/gtest.h>

namespace ts::cli {
namespace {

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({Align::left, Align::right});
  table.add({"RUN", "SPENT"});
  table.add({"a-very-long-task-id-0123456789", "1"});
  EXPECT_EQ(table.text(), "RUN                             SPENT\n"
                          "a-very-long-task-id-0123456789      1\n");
}

TEST(Table, CountsCodePointsAndDropsBlanksAtLineEnds) {
  Table table({Align::left, Align::left});
  table.add({"µ×", "b"});
  table.add({"abc", ""});
  table.add({"only"});
  EXPECT_EQ(table.text(), "µ×    b\nabc\nonly\n");
}

}  // namespace
}  // namespace ts::cli
