#include "accounting/import/scan_paths.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_dir.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;

class ScanPaths : public ::testing::Test {
 protected:
  fs::path put(const std::string& name, std::string_view text = "x\n") {
    const fs::path path = fs::path(folder_.path()) / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }

  static std::vector<std::string> names(const FoundFiles& found) {
    std::vector<std::string> names;
    for (const FoundFile& file : found.files) names.push_back(fs::path(file.path).filename());
    return names;
  }

 private:
  ts::testing::TempDir folder_;
};

TEST_F(ScanPaths, FindsFilesBelowFoldersInOrder) {
  put("b/.hidden/two.jsonl", "12345");
  put("a.jsonl");
  put("c.output");
  const FoundFiles found = find_files({root()});
  EXPECT_EQ(names(found), (std::vector<std::string>{"a.jsonl", "two.jsonl", "c.output"}));
  EXPECT_EQ(found.files[1].bytes, 5U);
  EXPECT_FALSE(found.files[0].named);
  EXPECT_TRUE(found.problems.empty());
}

TEST_F(ScanPaths, OneFileByManyNamesCountsOnce) {
  const fs::path file = put("tasks/one.jsonl");
  fs::create_symlink(file, root() / "tasks/a.output");
  fs::create_hard_link(file, root() / "tasks/b.output");
  const FoundFiles found = find_files({root(), file, root() / "tasks"});
  ASSERT_EQ(found.files.size(), 1U);
  EXPECT_TRUE(found.files[0].named);
}

TEST_F(ScanPaths, LoopsOfLinksEnd) {
  put("a/one.jsonl");
  fs::create_directory_symlink(root(), root() / "a/up");
  fs::create_symlink("self", root() / "self");
  EXPECT_EQ(find_files({root()}).files.size(), 1U);
}

TEST_F(ScanPaths, WhatIsNoFileIsAProblemOnlyIfNamed) {
  const fs::path pipe = root() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_TRUE(find_files({root()}).problems.empty());
  const FoundFiles found = find_files({pipe, root() / "missing"});
  ASSERT_EQ(found.problems.size(), 2U);
  EXPECT_EQ(found.problems[0].error.code, Errc::not_found);
  EXPECT_EQ(found.problems[1].error.code, Errc::invalid_argument);
  EXPECT_THAT(found.problems[0].error.message, ::testing::HasSubstr((root() / "missing").string()));
}

TEST_F(ScanPaths, AFolderThatCannotBeReadHidesNoOther) {
  if (::geteuid() == 0) {
    // The superuser reads everything; a folder that vanishes is the nearest thing.
    EXPECT_EQ(find_files({root() / "gone"}).problems.size(), 1U);
    return;
  }
  put("closed/one.jsonl");
  put("open/two.jsonl");
  fs::permissions(root() / "closed", fs::perms::none);
  const FoundFiles found = find_files({root()});
  fs::permissions(root() / "closed", fs::perms::owner_all);
  EXPECT_EQ(names(found), std::vector<std::string>{"two.jsonl"});
  EXPECT_EQ(found.problems.size(), 1U);
}

}  // namespace
}  // namespace ts
