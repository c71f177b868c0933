#include "spawner/process/proc_scan.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ts::process {
namespace {

TEST(ProcStat, ReadsPidStateParentAndStart) {
  const auto stat = parse_proc_stat("42 (agent) S 7 42 42 0 -1 4194560 96 0 0 0 0 0 0 0 20 0 1 0 555 2 1 18446744073709551615\n");
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->pid, 42);
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->start_ticks, 555U);
}

TEST(ProcStat, NamesCanHoldAnything) {
  for (const std::string name : {"a b", "x) S 1", ") Z 99 (", "(((", ")))", "line\nend", "", "\xff\x01"}) {
    const auto stat = parse_proc_stat("9 (" + name + ") T 8 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 66 2 1\n");
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->pid, 9) << name;
    EXPECT_EQ(stat->state, 'T') << name;
    EXPECT_EQ(stat->parent, 8) << name;
    EXPECT_EQ(stat->start_ticks, 66U) << name;
  }
}

TEST(ProcStat, OddTextIsAbsent) {
  for (const std::string text : {"", "1", "1 (a)", "1 (a) S", "x (a) S 1", "1 (a) SS 1 1", "1 (a) S x", ") 1 (", "1 (a) S 2 3 4", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22\n"})
    EXPECT_FALSE(parse_proc_stat(text)) << text;
}

}  // namespace
}  // namespace ts::process
