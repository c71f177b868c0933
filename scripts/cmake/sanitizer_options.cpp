// How the sanitizers of the presets asan and tsan behave in every program of the build. It is compiled in because tests start programs with
// environments of their own, detached ones among them, whose stderr nobody reads: so reports go to files, and the test sanitizer.end
// shows them. By hand: ASAN_OPTIONS=log_path=stderr (TSAN_OPTIONS=…).
//
// A suppression names the function and says why it isn't a defect of ours.

#include <unistd.h>

extern "C" {

const char* __asan_default_options() { return "exitcode=66:log_path=" TS_SANITIZER_REPORTS; }
const char* __ubsan_default_options() { return "print_stacktrace=1"; }
const char* __tsan_default_options() { return "exitcode=66:log_path=" TS_SANITIZER_REPORTS; }

/// Tests take /proc away, and there LeakSanitizer finds the threads of its process (and the environment with its options).
int __lsan_is_turned_off() { return access("/proc/self", F_OK); }

const char* __lsan_default_suppressions() { return ""; }
const char* __tsan_default_suppressions() { return ""; }

}  // extern "C"
