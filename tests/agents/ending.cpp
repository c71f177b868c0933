// ending exit N | ending signal N: ends that way.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int number = std::atoi(argv[2]);
  if (std::strcmp(argv[1], "exit") == 0) return number;
  ::signal(number, SIG_DFL);
  ::raise(number);
  for (;;) ::pause();  // SIGSTOP and the like
}
