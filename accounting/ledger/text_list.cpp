#include "accounting/ledger/text_list.hpp"

namespace ts::ledger {

std::string join_list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    for (const char c : item) {
      if (c == '\n')
        text += "\\n";
      else if (c == '\\')
        text += "\\\\";
      else
        text += c;
    }
    text += '\n';
  }
  return text;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  std::string item;
  bool open = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      items.push_back(std::move(item));
      item.clear();
      open = false;
      continue;
    }
    open = true;
    if (text[i] == '\\' && i + 1 < text.size()) {
      ++i;
      item += text[i] == 'n' ? '\n' : text[i];
    } else {
      item += text[i];
    }
  }
  if (open) items.push_back(std::move(item));
  return items;
}

}  // namespace ts::ledger
