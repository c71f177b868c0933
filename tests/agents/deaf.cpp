// deaf: says "ready", never reads its stdin, waits until a signal ends it.
#include <unistd.h>

int main() {
  if (::write(1, "ready\n", 6) != 6) return 1;
  for (;;) ::pause();
}
