#pragma once

#include "accounting/ledger/rows.hpp"

namespace ts::ledger {

/// For statements without parameters.
inline constexpr auto kNoParameters = [](auto&&) {};

/// One parameter for each value, in their order.
template <class... T>
[[nodiscard]] auto values(const T&... each) {
  return [&each...](auto&& visit) { (visit("", each), ...); };
}

/// Executes one statement. `parameters` visits its values in their order.
template <class Parameters>
void execute(soci::session& sql, const std::string& text, const Parameters& parameters) {
  soci::statement statement(sql);
  RowWriter writer(statement);
  parameters(writer);
  prepare(statement, text);
  statement.execute(true);
}

/// A SELECT: what it says, its parameters, and the variables that receive its columns.
template <class Parameters, class Columns>
struct Select {
  std::string text;
  Parameters parameters;
  Columns columns;
};

/// Calls `each` for every row, with the row's values in the variables that `columns` visits.
template <class Parameters, class Columns, class Each>
void for_each_row(soci::session& sql, const Select<Parameters, Columns>& select, const Each& each) {
  soci::statement statement(sql);
  RowWriter writer(statement);
  select.parameters(writer);
  RowReader reader(statement);
  select.columns(reader);
  prepare(statement, select.text);
  for (bool more = statement.execute(true); more; more = statement.fetch()) {
    select.columns(reader.take());
    each();
  }
}

/// The first row. False: there is none.
template <class Parameters, class Columns>
[[nodiscard]] bool first_row(soci::session& sql, const Select<Parameters, Columns>& select) {
  bool found = false;
  for_each_row(sql, select, [&] { found = true; });
  return found;
}

/// Variables that receive columns, in their order.
template <class... T>
[[nodiscard]] auto into(T&... each) {
  return [&each...](auto&& visit) { (visit("", each), ...); };
}

}  // namespace ts::ledger
