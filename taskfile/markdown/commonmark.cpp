#include "taskfile/markdown/commonmark.hpp"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <memory>

namespace ts::taskfile {
namespace {

struct FreeParser {
  void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};
struct FreeNode {
  void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeIterator {
  void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};

std::unique_ptr<cmark_node, FreeNode> parse(std::string_view text) {
  cmark_gfm_core_extensions_ensure_registered();
  const std::unique_ptr<cmark_parser, FreeParser> parser(cmark_parser_new(CMARK_OPT_DEFAULT));
  if (cmark_syntax_extension* table = cmark_find_syntax_extension("table"))
    cmark_parser_attach_syntax_extension(parser.get(), table);
  cmark_parser_feed(parser.get(), text.data(), text.size());
  return std::unique_ptr<cmark_node, FreeNode>(cmark_parser_finish(parser.get()));
}

}  // namespace

CommonMark parse_commonmark(std::string_view text) {
  CommonMark found;
  const auto root = parse(text);
  const std::unique_ptr<cmark_iter, FreeIterator> iterator(cmark_iter_new(root.get()));
  for (cmark_event_type event; (event = cmark_iter_next(iterator.get())) != CMARK_EVENT_DONE;) {
    if (event != CMARK_EVENT_ENTER) continue;
    cmark_node* node = cmark_iter_get_node(iterator.get());
    const cmark_node_type type = cmark_node_get_type(node);
    if (type == CMARK_NODE_HEADING) {
      found.headings.push_back({cmark_node_get_start_line(node), cmark_node_get_heading_level(node)});
    } else if (type == CMARK_NODE_CODE_BLOCK) {
      int length = 0;
      int offset = 0;
      char mark = 0;
      if (cmark_node_get_fenced(node, &length, &offset, &mark) != 0)
        found.fences.push_back({cmark_node_get_start_line(node), cmark_node_get_end_line(node), true, 1});
    }
  }
  return found;
}

}  // namespace ts::taskfile
