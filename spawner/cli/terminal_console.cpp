#include "spawner/cli/terminal_console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace ts::cli {
namespace {

constexpr std::string_view kName = "tracked-spawn: ";

/// stderr may be closed or full: our words are not worth dying for.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// The words that `columns` columns have room for (a code point counts as one): half a number would be another number.
std::string_view fit(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (!starts || used++ < columns) continue;
    const std::size_t blank = text[i] == ' ' ? i : text.rfind(' ', i);
    return text.substr(0, blank == std::string_view::npos ? i : blank);
  }
  return text;
}

bool live_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && term != nullptr && std::string_view{term} != "dumb";
}

}  // namespace

TerminalConsole::TerminalConsole(Verbosity verbosity) : verbosity_(verbosity), terminal_(live_terminal()) {}

TerminalConsole::~TerminalConsole() { let_go(); }

void TerminalConsole::say(std::string_view line) {
  if (verbosity_ != Verbosity::quiet) put(line);
}

void TerminalConsole::error(std::string_view line) { put(line); }

void TerminalConsole::detail(std::string_view line) {
  if (verbosity_ == Verbosity::verbose) put(line);
}

void TerminalConsole::put(std::string_view line) {
  if (held_) {
    waiting_.emplace_back(line);
    return;
  }
  clear_live();
  write_all(std::string{kName} + std::string{line} + "\n");
}

void TerminalConsole::live(std::string_view line) {
  if (!terminal_ || held_ || verbosity_ == Verbosity::quiet) return;
  if (live_shown_ && live_text_ == line) return;
  live_text_ = line;
  const std::size_t width = terminal_width();
  const std::string text = std::string{kName} + live_text_;
  write_all("\r\x1b[K" + std::string{fit(text, width > 1 ? width - 1 : 1)});
  live_shown_ = true;
}

void TerminalConsole::clear_live() {
  if (!live_shown_) return;
  live_shown_ = false;
  write_all("\r\x1b[K");
}

void TerminalConsole::hold_back() {
  clear_live();
  held_ = true;
}

void TerminalConsole::let_go() {
  clear_live();
  held_ = false;
  for (const std::string& line : waiting_) put(line);
  waiting_.clear();
}

}  // namespace ts::cli
