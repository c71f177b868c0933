#include "spawner/process/own_memory.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

// From the linker: the first byte of the program's image, and the first one behind its code. Between them nothing is ever written.
extern "C" const char __executable_start[];
extern "C" const char etext[];

namespace ts::process {

void give_back_code_pages() {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = (reinterpret_cast<std::uintptr_t>(__executable_start) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(etext) / page * page;
  // Advice: nothing is lost if it isn't taken.
  if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // NOLINT(performance-no-int-to-ptr)
}

void keep_heap_small() {
  constexpr int kLarge = 128 * 1024;
  (void)::mallopt(M_ARENA_MAX, 1);
  (void)::mallopt(M_MMAP_THRESHOLD, kLarge);  // a threshold that is set stays: else it grows with every large block that is freed
}

}  // namespace ts::process
