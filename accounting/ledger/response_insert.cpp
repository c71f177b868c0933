#include "accounting/ledger/response_insert.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

#include "accounting/ledger/rows.hpp"

namespace ts::ledger {
namespace {

namespace sq = sqlite_api;

sq::sqlite3* raw(void* connection) { return static_cast<sq::sqlite3*>(connection); }
sq::sqlite3_stmt* compiled(void* statement) { return static_cast<sq::sqlite3_stmt*>(statement); }

/// Binds values in their order. Texts are not copied: they live until the statement has been executed.
class Binder {
 public:
  explicit Binder(sq::sqlite3_stmt* statement) : statement_(statement) {}

  template <class T>
  void operator()(const char*, const T& value) {
    if constexpr (std::same_as<T, UtcTime>)
      number(micros(value));
    else if constexpr (std::same_as<T, Source>)
      text(name_of(value));
    else if constexpr (std::integral<T>)
      number(static_cast<long long>(value));
    else
      text(value);
  }

 private:
  void number(long long value) { sq::sqlite3_bind_int64(statement_, ++at_, value); }
  void text(std::string_view value) { sq::sqlite3_bind_text(statement_, ++at_, value.data(), static_cast<int>(value.size()), nullptr); }

  sq::sqlite3_stmt* statement_;
  int at_ = 0;
};

}  // namespace

ResponseInsert::~ResponseInsert() { sq::sqlite3_finalize(compiled(statement_)); }

bool ResponseInsert::insert(long long run, const ResponseRow& row) {
  if (statement_ == nullptr) compile();
  sq::sqlite3_stmt* const statement = compiled(statement_);
  Binder bind(statement);
  bind("run", run);
  fields_of(row, bind);
  sq::sqlite3_step(statement);
  check(sq::sqlite3_reset(statement));  // says what the step met
  return sq::sqlite3_changes(raw(connection_)) > 0;
}

void ResponseInsert::compile() {
  ColumnNames names;
  const ResponseRow row;
  fields_of(row, names);
  const std::string text = "INSERT INTO responses (run, " + names.list + ") VALUES (?, " + names.marks + ") ON CONFLICT (run, source, response_id) DO NOTHING";
  sq::sqlite3_stmt* made = nullptr;
  check(sq::sqlite3_prepare_v2(raw(connection_), text.c_str(), static_cast<int>(text.size()), &made, nullptr));
  statement_ = made;
}

void ResponseInsert::check(int code) const {
  if (code != SQLITE_OK) throw soci::sqlite3_soci_error(sq::sqlite3_errmsg(raw(connection_)), code);
}

}  // namespace ts::ledger
