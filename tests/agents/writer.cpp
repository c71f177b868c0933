// writer BYTES [CHUNK [PAUSE_US]]: that many bytes on stdout ("0123456789…" with a line end every 64), in chunks, with a pause after each.
// The slow writer and the big one.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  const auto number = [&](int i, unsigned long otherwise) { return argc > i ? std::strtoul(argv[i], nullptr, 10) : otherwise; };
  const std::size_t total = number(1, 0);
  const std::size_t chunk = std::max(number(2, 65536), 1UL);
  const auto pause = static_cast<useconds_t>(number(3, 0));
  std::string pattern(64, '\n');
  for (std::size_t i = 0; i < 63; ++i) pattern[i] = static_cast<char>('0' + i % 10);
  std::string data;
  while (data.size() < chunk + 64) data += pattern;
  for (std::size_t done = 0; done < total;) {
    const ssize_t written = ::write(1, data.data() + done % 64, std::min(chunk, total - done));
    if (written <= 0) return 1;
    done += static_cast<std::size_t>(written);
    if (pause > 0) ::usleep(pause);
  }
}
