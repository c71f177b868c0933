#include "spawner/cli/program.hpp"

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  const int status = ts::cli::run_program(argc, argv);
#ifdef TS_EXIT_AT_ONCE
  // What is left to take down is memory and descriptors, which the kernel does faster.
  std::fflush(nullptr);
  std::_Exit(status);
#else
  return status;
#endif
}
