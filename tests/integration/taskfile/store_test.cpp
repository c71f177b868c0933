#include "taskfile/store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

#include "taskfile/find.hpp"
#include "tests/support/file_store_fakes.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::taskfile {
namespace {

namespace fs = std::filesystem;
using ::ts::testing::FailingFileStore;
using ::ts::testing::TempDir;

const std::string kOld = "# TASK-1: t\n\n**Estimated Tokens:** 5K\n**Actual Tokens:** X\n";

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

Planner planner(const std::string& run = "aaaaaaaaaa") {
  Actual actual;
  actual.run.text = run;
  actual.agent = "claude";
  actual.count = 7'000;
  return actual_planner(actual, Role::engineer);
}

std::size_t entries_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(Store, KeepsModeLinkAndAttributesAndLeavesNoJunk) {
  const TempDir dir;
  const fs::path file = dir / "a.md";
  put(file, kOld);
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  const bool attributes = ::setxattr(file.c_str(), "user.team", "blue", 4, 0) == 0;
  fs::create_symlink("a.md", dir / "link.md");
  put(dir / ".a.md.swp", "an editor's");
  const auto report = update({dir / "link.md", ""}, planner());
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_TRUE(fs::is_symlink(dir / "link.md"));
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);
  if (attributes) {
    char value[8] = {};
    EXPECT_EQ(::getxattr(file.c_str(), "user.team", value, sizeof value), 4);
    EXPECT_STREQ(value, "blue");
  }
  EXPECT_EQ(entries_in(dir.path()), 3U);
  EXPECT_NE(bytes_of(file).find("**Actual Tokens:** 7,000"), std::string::npos);
}

TEST(Store, ClearErrorsAndNothingLost) {
  const TempDir dir;
  const auto error_of = [&](const std::string& name) { return update({dir / name, ""}, planner()).error(); };
  fs::create_directory(dir / "folder.md");
  EXPECT_EQ(error_of("folder.md").code, Errc::unsupported);
  EXPECT_EQ(error_of("absent.md").code, Errc::not_found);
  put(dir / "binary.md", std::string_view("# a\0b", 5));
  EXPECT_EQ(error_of("binary.md").code, Errc::unsupported);
  put(dir / "read_only.md", kOld);
  ASSERT_EQ(::chmod((dir / "read_only.md").c_str(), 0444), 0);
  EXPECT_EQ(error_of("read_only.md").code, Errc::permission_denied);
  EXPECT_EQ(bytes_of(dir / "read_only.md"), kOld);
  ASSERT_EQ(::mkfifo((dir / "pipe.md").c_str(), 0600), 0);
  EXPECT_EQ(error_of("pipe.md").code, Errc::unsupported);
  put(dir / "huge.md", "");
  fs::resize_file(dir / "huge.md", 100 << 20);
  const Error huge = error_of("huge.md");
  EXPECT_EQ(huge.code, Errc::too_large);
  EXPECT_NE(huge.message.find("huge.md"), std::string::npos);
  fs::create_symlink("loop.md", dir / "loop.md");
  EXPECT_TRUE(update({dir / "loop.md", ""}, planner()).has_error());
}

TEST(Store, FindsAMovedFileById) {
  const TempDir dir;
  fs::create_directories(dir / "repo/.git");
  put(dir / "repo/tasks/done/TASK-1-renamed.md", kOld);
  put(dir / "repo/tasks/TASK-12-other.md", "# TASK-12: o\n");
  const auto report = update({dir / "repo/tasks/TASK-1-t.md", "TASK-1"}, planner());
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_EQ(report->path.filename(), "TASK-1-renamed.md");
  put(dir / "repo/tasks/TASK-1-copy.md", kOld);
  EXPECT_EQ(update({dir / "repo/tasks/TASK-1-t.md", "TASK-1"}, planner("bbbbbbbbbb")).error().code, Errc::ambiguous);
}

/// What is left after the writer died by SIGKILL at `point`.
void expect_old_or_new(const fs::path& file, FailingFileStore::Point point, const std::string& after) {
  put(file, kOld);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    FailingFileStore store(file_system(), point, [] {
      ::kill(::getpid(), SIGKILL);
      return Error{};
    });
    const auto report = update({file, ""}, planner(), store);
    ::_exit(report.has_value() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  const std::string now = bytes_of(file);
  ASSERT_TRUE(now == kOld || now == after) << "call " << point.call << ", byte " << point.bytes;
  ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  ASSERT_TRUE(update({file, ""}, planner()).has_value());
  ASSERT_EQ(bytes_of(file), after);
  ASSERT_EQ(entries_in(file.parent_path()), 1U) << "junk is left";
}

TEST(Store, KilledAtEveryCallAndEveryByteLeavesOldOrNew) {
  const TempDir dir;
  const fs::path file = dir / "a.md";
  put(file, kOld);
  ASSERT_TRUE(update({file, ""}, planner()).has_value());
  const std::string after = bytes_of(file);
  for (int call = 0; call < 12; ++call) ASSERT_NO_FATAL_FAILURE(expect_old_or_new(file, {call, -1}, after));
  for (std::size_t bytes = 0; bytes <= after.size(); ++bytes)
    ASSERT_NO_FATAL_FAILURE(expect_old_or_new(file, {-1, static_cast<std::ptrdiff_t>(bytes)}, after));
}

TEST(Store, TwentyProcessesOnOneFileLoseNothing) {
  const TempDir dir;
  const fs::path file = dir / "a.md";
  put(file, kOld);
  std::vector<pid_t> children;
  for (int i = 0; i < 20; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) ::_exit(update({file, ""}, planner("run" + std::to_string(i))).has_value() ? 0 : 1);
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  const std::string now = bytes_of(file);
  for (int i = 0; i < 20; ++i) EXPECT_NE(now.find("| run" + std::to_string(i) + " |"), std::string::npos) << i;
  EXPECT_NE(now.find("**Actual Tokens:** 140,000"), std::string::npos);
  EXPECT_EQ(entries_in(dir.path()), 1U);
}

TEST(Store, AnEditorsWriteBetweenReadAndReplaceIsKept) {
  const TempDir dir;
  const fs::path file = dir / "a.md";
  put(file, kOld);
  int plans = 0;
  const Planner inner = planner();
  const auto report = update({file, ""}, [&](const Document& document) {
    if (plans++ == 0) put(file, "# TASK-1: new title\n\n**Actual Tokens:** X\n");
    return inner(document);
  });
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(plans, 2);
  EXPECT_TRUE(bytes_of(file).starts_with("# TASK-1: new title\n\n**Actual Tokens:** 7,000\n"));
}

TEST(Find, ResolvesPathsAndIds) {
  const TempDir dir;
  put(dir / "tasks/TASK-1-a.md", "# TASK-1: a\n");
  put(dir / "tasks/TASK-2-b.md", "# TASK-2: b\n");
  put(dir / "tasks/old/TASK-2-c.md", "# TASK-2: c\n");
  put(dir / "stories/story.md", "---\nid: ABC-0140\n---\n");
  put(dir / "node_modules/TASK-1-x.md", "# TASK-1: x\n");
  const auto found = [&](std::string_view what) { return resolve(what, dir.path()); };
  EXPECT_EQ(found("TASK-1")->filename(), "TASK-1-a.md");
  EXPECT_EQ(found("task-1")->filename(), "TASK-1-a.md");
  EXPECT_EQ(found("ABC-0140")->filename(), "story.md");
  EXPECT_EQ(found(dir / "tasks/TASK-2-b.md")->filename(), "TASK-2-b.md");
  EXPECT_EQ(found("TASK-9").error().code, Errc::not_found);
  EXPECT_EQ(found("tasks/none.md").error().code, Errc::not_found);
  const Error twice = found("TASK-2").error();
  EXPECT_EQ(twice.code, Errc::ambiguous);
  EXPECT_NE(twice.message.find("TASK-2-b.md"), std::string::npos);
  EXPECT_NE(twice.message.find("TASK-2-c.md"), std::string::npos);
}

}  // namespace
}  // namespace ts::taskfile
