// without WHAT[,WHAT…] -- COMMAND [ARGS…]: runs a command on a kernel that lacks something, by a seccomp filter that answers the
// system calls with an error. clone3, pidfd and close-range fail as on an old kernel (ENOSYS), inotify as where no instance is left
// (EMFILE), inotify-watch as where no watch is left (ENOSPC).
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Lack {
  const char* name;
  std::vector<long> calls;
  int error;
};

const std::vector<Lack>& lacks() {
  static const std::vector<Lack> all{
      {"clone3", {SYS_clone3}, ENOSYS},
      {"pidfd", {SYS_pidfd_open, SYS_pidfd_send_signal}, ENOSYS},
      {"close-range", {SYS_close_range}, ENOSYS},
      {"inotify", {SYS_inotify_init1}, EMFILE},
      {"inotify-watch", {SYS_inotify_add_watch}, ENOSPC},
  };
  return all;
}

sock_filter statement(int code, std::uint32_t value) { return {static_cast<std::uint16_t>(code), 0, 0, value}; }

/// "If the loaded value is this one, answer with that error."
void append_rule(std::vector<sock_filter>& program, long call, int error) {
  program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, static_cast<std::uint32_t>(call)});
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA)));
}

bool install(std::vector<sock_filter>& program) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4 || std::string(argv[2]) != "--") return std::fprintf(stderr, "without WHAT[,WHAT…] -- COMMAND [ARGS…]\n"), 2;
  std::vector<sock_filter> program{statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  std::istringstream names(argv[1]);
  for (std::string name; std::getline(names, name, ',');) {
    bool known = false;
    for (const Lack& lack : lacks()) {
      if (name != lack.name) continue;
      known = true;
      for (const long call : lack.calls) append_rule(program, call, lack.error);
    }
    if (!known) return std::fprintf(stderr, "without: %s: unknown\n", name.c_str()), 2;
  }
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  if (!install(program)) return std::perror("without: seccomp"), 3;
  ::execvp(argv[3], argv + 3);
  return std::perror(argv[3]), 127;
}
