#include "spawner/process/cgroup.hpp"

#include <gtest/gtest.h>

#include <string>

#include "spawner/process/containment.hpp"

namespace ts::process {
namespace {

const std::string kV2 = "25 30 0:23 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string kBesideV1 =
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

TEST(OwnCgroup, IsBelowTheMount) {
  EXPECT_EQ(*own_cgroup_folder(kV2, "0::/user.slice/session.scope\n"), "/sys/fs/cgroup/user.slice/session.scope");
  EXPECT_EQ(*own_cgroup_folder(kV2, "0::/\n"), "/sys/fs/cgroup");
  EXPECT_EQ(*own_cgroup_folder(kBesideV1, "4:memory:/x\n0::/a b\n"), "/sys/fs/cgroup/unified/a b");
}

TEST(OwnCgroup, MountedSubfolderIsCutOff) {
  const std::string mount = "25 30 0:23 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
  EXPECT_EQ(*own_cgroup_folder(mount, "0::/docker/abc/run\n"), "/sys/fs/cgroup/run");
  EXPECT_EQ(own_cgroup_folder(mount, "0::/other\n").error().code, Errc::unsupported);
}

TEST(OwnCgroup, EscapedMountPoint) {
  EXPECT_EQ(*own_cgroup_folder("1 2 0:3 / /mnt/a\\040b\\134c rw - cgroup2 none rw\n", "0::/x\n"), "/mnt/a b\\c/x");
}

TEST(OwnCgroup, OddTextsAreUnsupportedWithAReason) {
  const std::string other = "36 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw\n";
  for (const auto& [mounts, cgroup] : {std::pair<std::string, std::string>{"", "0::/\n"}, {other, "0::/\n"}, {kV2, ""},
                                       {kV2, "4:memory:/x\n"}, {kV2, "0::/../outside\n"}, {"garbage", "0::"}}) {
    const auto folder = own_cgroup_folder(mounts, cgroup);
    ASSERT_TRUE(folder.has_error());
    EXPECT_EQ(folder.error().code, Errc::unsupported);
    EXPECT_FALSE(folder.error().message.empty());
  }
}

TEST(Tier, NamesRoundTrip) {
  for (const Tier tier : {Tier::cgroup, Tier::pid_namespace, Tier::subreaper, Tier::process_group})
    EXPECT_EQ(*parse_tier(name_of(tier)), tier);
  EXPECT_EQ(parse_tier("docker").error().code, Errc::invalid_argument);
}

TEST(Tier, BestIsTheFirstUsable) {
  EXPECT_EQ(best_of({{Tier::cgroup, false, ""}, {Tier::subreaper, true, ""}, {Tier::process_group, true, ""}}), Tier::subreaper);
  EXPECT_EQ(best_of({}), Tier::process_group);
}

}  // namespace
}  // namespace ts::process
