#include "taskfile/store.hpp"

#include <gtest/gtest.h>

#include "tests/support/file_store_fakes.hpp"

namespace ts::taskfile {
namespace {

using ::ts::testing::FailingFileStore;
using ::ts::testing::FakeFileStore;

const std::string kOld = "# TASK-1: t\n\n**Estimated Tokens:** 5K\n**Actual Tokens:** X\n";

Actual run_named(std::string run) {
  Actual actual;
  actual.run.text = std::move(run);
  actual.count = 7'000;
  return actual;
}

Planner planner(std::string run = "aaaaaaaaaa") { return actual_planner(run_named(std::move(run)), Role::engineer); }

std::string new_text() {
  FakeFileStore store;
  store.files["/t/a.md"] = kOld;
  EXPECT_TRUE(update({"/t/a.md", ""}, planner(), store).has_value());
  return store.files["/t/a.md"];
}

TEST(Update, WritesOnceUnderTheLock) {
  FakeFileStore store;
  store.files["/t/a.md"] = kOld;
  const auto report = update({"/t/a.md", ""}, planner(), store);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->attempts, 1);
  EXPECT_EQ(report->lines, (std::vector<int>{4}));
  EXPECT_EQ(report->task_count, 7'000);
  EXPECT_NE(report->diff.find("+**Actual Tokens:** 7,000"), std::string::npos);
  EXPECT_EQ(store.locks, 1);
  EXPECT_EQ(store.locked, 0);
  EXPECT_EQ(store.temps, 0);
  const auto again = update({"/t/a.md", ""}, planner(), store);
  EXPECT_EQ(again->edits, 0U);
  EXPECT_EQ(again->diff, "");
}

TEST(Update, PlansAnewWhenSomebodyWroteMeanwhile) {
  FakeFileStore store;
  store.files["/t/a.md"] = kOld;
  store.before_replace = [&] { store.files["/t/a.md"] = "# Somebody else was here\n\n" + kOld; };
  const auto report = update({"/t/a.md", ""}, planner(), store);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->attempts, 2);
  EXPECT_EQ(report->lines, (std::vector<int>{6}));
  EXPECT_TRUE(store.files["/t/a.md"].starts_with("# Somebody else was here\n\n# TASK-1: t\n"));
}

TEST(Update, FollowsLinksAndMoves) {
  FakeFileStore store;
  store.files["/t/a.md"] = kOld;
  store.links["/link.md"] = "/t/a.md";
  EXPECT_EQ(update({"/link.md", ""}, planner(), store)->path, "/t/a.md");
  store.files["/done/a.md"] = kOld;
  store.moved["TASK-1"] = "/done/a.md";
  EXPECT_EQ(update({"/gone.md", "TASK-1"}, planner(), store)->path, "/done/a.md");
  EXPECT_EQ(update({"/gone.md", ""}, planner(), store).error().code, Errc::not_found);
}

TEST(Update, FindsAFileThatMovesAtTheWorstMoment) {
  FakeFileStore store;
  store.files["/t/a.md"] = kOld;
  store.before_replace = [&] {
    store.files["/done/a.md"] = store.files["/t/a.md"];
    store.files.erase("/t/a.md");
    store.moved["TASK-1"] = "/done/a.md";
  };
  const auto report = update({"/t/a.md", "TASK-1"}, planner(), store);
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->path, "/done/a.md");
}

TEST(Update, SaysWhichFileAndWhy) {
  FakeFileStore store;
  store.files["/t/a.md"] = std::string(9 << 20, 'a');
  store.files["/t/b.md"] = std::string("a\0b", 3);
  store.files["/t/c.md"] = "<<<<<<< a\n=======\n>>>>>>> b\n";
  const auto error_of = [&](const char* path) { return update({path, ""}, planner(), store).error(); };
  EXPECT_EQ(error_of("/t/a.md").code, Errc::too_large);
  EXPECT_EQ(error_of("/t/b.md").code, Errc::unsupported);
  EXPECT_EQ(error_of("/t/c.md").code, Errc::conflict);
  EXPECT_TRUE(error_of("/t/c.md").message.starts_with("/t/c.md: "));
  EXPECT_EQ(store.locked, 0);
}

TEST(Update, AFailureAtAnyPointLosesNothing) {
  const std::string after = new_text();
  for (int call = 0;; ++call) {
    FakeFileStore real;
    real.files["/t/a.md"] = kOld;
    FailingFileStore store(real, {call, -1}, [] { return Error{Errc::no_space, "disk full"}; });
    const auto report = update({"/t/a.md", ""}, planner(), store);
    const std::string& now = real.files["/t/a.md"];
    ASSERT_TRUE(now == kOld || now == after) << call;
    EXPECT_EQ(real.locked, 0);
    EXPECT_EQ(real.temps, 0);
    if (report.has_value() && report->attempts == 1) break;
    ASSERT_LT(call, 20);
    ASSERT_TRUE(update({"/t/a.md", ""}, planner(), real).has_value());
    EXPECT_EQ(real.files["/t/a.md"], after) << call;
  }
}

TEST(Update, AFailureAfterAnyByteLeavesTheOldFile) {
  const std::string after = new_text();
  for (std::ptrdiff_t bytes = 0; bytes <= static_cast<std::ptrdiff_t>(after.size()); ++bytes) {
    FakeFileStore real;
    real.files["/t/a.md"] = kOld;
    FailingFileStore store(real, {-1, bytes}, [] { return Error{Errc::io, "broken"}; });
    EXPECT_EQ(update({"/t/a.md", ""}, planner(), store).error().code, Errc::io);
    ASSERT_EQ(real.files["/t/a.md"], kOld);
  }
}

}  // namespace
}  // namespace ts::taskfile
