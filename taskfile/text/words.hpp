#pragma once

#include <string>
#include <string_view>

namespace ts::taskfile {

/// Without blanks at both ends: space, tab, no-break and thin spaces, zero-width and text direction marks.
[[nodiscard]] std::string_view trim(std::string_view text);

/// `part` trimmed of blanks and of emphasis, quotes and code marks that enclose it (`**x**`, `_x_`, `` `x` ``).
[[nodiscard]] std::string_view bare(std::string_view part);

/// ASCII letters in lower case, every run of blanks one space, no emphasis, no emoji before it and no colon at the end: what labels are compared by.
[[nodiscard]] std::string label_of(std::string_view text);


/// Whether all of `text` fits `pattern`, in which `*` stands for any text. Time: at most |pattern| × |text|.
[[nodiscard]] bool fits(std::string_view pattern, std::string_view text);

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Length of the blank (one character, maybe of several bytes) at the start of `text`; 0: none.
[[nodiscard]] std::size_t blank_at(std::string_view text);

}  // namespace ts::taskfile
