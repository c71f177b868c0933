#pragma once

#include <string>
#include <vector>

#include "taskfile/document.hpp"
#include "taskfile/markdown/structure.hpp"

namespace ts::taskfile {

/// A value with a label somewhere in a document: `**Label:** value`, a cell of a table, a line without a label.
struct Entry {
  int line = 0;
  std::string label;   ///< label_of; of a cell: the first cell of its row
  std::string column;  ///< label_of the head of the cell's column; "value" for pairs
  std::string parent;  ///< the label that stands alone above the list; empty: none
  ByteRange value;     ///< trimmed, without enclosing emphasis
  int section = -1;    ///< index of the heading
  int table = -1;      ///< number of the table; -1: not in one
  enum class Shape { pair, two_columns, cell, plain } shape = Shape::pair;
  LineKind kind = LineKind::text;
};

/// All entries in the order of the document. Comments, front matter and the block of measured runs have none.
[[nodiscard]] std::vector<Entry> entries_of(const Document& document, const Structure& structure);

}  // namespace ts::taskfile
