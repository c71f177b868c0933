#include "spawner/tail/session_claims.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ts::tail {

namespace {

/// A session id as a file name: nothing in it may lead elsewhere.
std::string as_file_name(std::string_view session) {
  std::string name;
  for (char c : session.substr(0, 200)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    name += plain ? c : '_';
  }
  return name;
}

/// What a locked claim says: its first letter is the strength.
ClaimedBy read_other(int fd) {
  char strength = 'w';
  return ::pread(fd, &strength, 1, 0) == 1 && strength == 's' ? ClaimedBy::other_strongly : ClaimedBy::other_weakly;
}

void write_claim(int fd, ClaimStrength strength, const RunId& run) {
  const std::string text = (strength == ClaimStrength::strong ? "s " : "w ") + run.text + "\n";
  // A claim that can't be written is still held by its lock, and reads as weak.
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) < 0) return;
}

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool same_file(int fd, const std::string& path) {
  struct stat mine {};
  struct stat there {};
  return ::fstat(fd, &mine) == 0 && ::stat(path.c_str(), &there) == 0 && mine.st_ino == there.st_ino && mine.st_dev == there.st_dev;
}

}  // namespace

SessionClaims::SessionClaims(const std::string& state_home, std::string_view agent, RunId run)
    : folder_(state_home + "/tracked-spawn/sessions"), agent_(agent), run_(std::move(run)) {
  ::mkdir((state_home + "/tracked-spawn").c_str(), 0700);
  ::mkdir(folder_.c_str(), 0700);
}

SessionClaims::~SessionClaims() {
  for (const auto& [session, held] : held_) {
    ::unlink(path_of(session).c_str());  // under the lock, so nobody else's file of that name goes
    ::close(held.fd);
  }
}

std::string SessionClaims::path_of(std::string_view session) const {
  return folder_ + "/" + agent_ + "." + as_file_name(session);
}

ClaimedBy SessionClaims::claim(std::string_view session, ClaimStrength strength) {
  if (const auto mine = held_.find(session); mine != held_.end()) {
    if (strength == ClaimStrength::strong && mine->second.strength == ClaimStrength::weak) {
      mine->second.strength = strength;
      write_claim(mine->second.fd, strength, run_);
    }
    return ClaimedBy::this_run;
  }
  const std::string path = path_of(session);
  for (int attempt = 0; attempt < 8; ++attempt) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return ClaimedBy::nobody;
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(fd, F_OFD_SETLK, &lock) != 0) {
      const ClaimedBy other = read_other(fd);
      ::close(fd);
      return other;
    }
    if (same_file(fd, path)) {
      write_claim(fd, strength, run_);
      held_.emplace(std::string(session), Held{fd, strength});
      return ClaimedBy::this_run;
    }
    ::close(fd);  // its owner removed it between our open and our lock
  }
  return ClaimedBy::nobody;
}

ClaimedBy SessionClaims::owner(std::string_view session) const {
  if (held_.find(session) != held_.end()) return ClaimedBy::this_run;
  const int fd = ::open(path_of(session).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return ClaimedBy::nobody;
  ClaimedBy answer = ClaimedBy::nobody;
  struct flock lock = whole_file(F_WRLCK);  // only asked about: to take it for a moment would look like a claim
  if (::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) answer = read_other(fd);
  ::close(fd);
  return answer;
}

}  // namespace ts::tail
