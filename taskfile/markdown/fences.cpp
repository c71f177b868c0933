#include "taskfile/markdown/fences.hpp"

#include <algorithm>
#include <optional>

#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

struct Fence {
  char mark = '`';
  std::size_t length = 0;
  bool has_info = false;
};

std::optional<Fence> fence_on(std::string_view line) {
  line = trim(line);
  if (line.empty() || (line[0] != '`' && line[0] != '~')) return std::nullopt;
  Fence fence;
  fence.mark = line[0];
  while (fence.length < line.size() && line[fence.length] == fence.mark) ++fence.length;
  if (fence.length < 3) return std::nullopt;
  const std::string_view info = trim(line.substr(fence.length));
  if (fence.mark == '`' && info.find('`') != std::string_view::npos) return std::nullopt;
  fence.has_info = !info.empty();
  return fence;
}

}  // namespace

bool is_fence_line(std::string_view line) { return fence_on(line).has_value(); }

std::vector<FencedBlock> nested_fences(const Document& document, int first_line) {
  std::vector<FencedBlock> blocks;
  std::vector<Fence> open;
  for (int number = first_line; number <= document.line_count(); ++number) {
    const std::optional<Fence> fence = fence_on(document.line(number));
    if (!fence) continue;
    if (open.empty()) {
      open.push_back(*fence);
      blocks.push_back({number, document.line_count(), false, 1});
    } else if (!fence->has_info && fence->mark == open.back().mark && fence->length >= open.back().length) {
      open.pop_back();
      if (open.empty()) {
        blocks.back().last = number;
        blocks.back().closed = true;
      }
    } else if (fence->has_info && fence->mark == open.back().mark && fence->length == open.back().length) {
      open.push_back(*fence);
      blocks.back().depth = std::max(blocks.back().depth, static_cast<int>(open.size()));
    }
  }
  return blocks;
}

}  // namespace ts::taskfile
