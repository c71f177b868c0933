#include "accounting/ledger/plain_rows.hpp"

#include <utility>

namespace ts::ledger {

namespace sq = sqlite_api;

PlainRows::PlainRows(void* connection, const std::string& select, std::vector<std::string> parameters)
    : connection_(static_cast<sq::sqlite3*>(connection)), parameters_(std::move(parameters)) {
  check(sq::sqlite3_prepare_v2(connection_, select.c_str(), static_cast<int>(select.size()), &statement_, nullptr));
  int at = 0;
  for (const std::string& text : parameters_) sq::sqlite3_bind_text(statement_, ++at, text.data(), static_cast<int>(text.size()), nullptr);
}

PlainRows::~PlainRows() { sq::sqlite3_finalize(statement_); }

bool PlainRows::next() {
  const int code = sq::sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) check(code);
  return code == SQLITE_ROW;
}

void PlainRows::check(int code) const {
  if (code != SQLITE_OK) throw soci::sqlite3_soci_error(sq::sqlite3_errmsg(connection_), code);
}

}  // namespace ts::ledger
