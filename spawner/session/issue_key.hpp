#pragma once

#include <string>
#include <string_view>

namespace ts::session {

/// One key for every way in which an issue is written: "https://github.com/Owner/Repo/issues/5/", "owner/repo#5", "owner/repo#05" and the
/// pull request of that number (the numbers are one series) are "owner/repo#5"; of other URLs scheme and host are in lower case and a `/` at the
/// end, a query and a fragment don't matter. Other words stay as they are.
[[nodiscard]] std::string issue_key(std::string_view word);

}  // namespace ts::session
