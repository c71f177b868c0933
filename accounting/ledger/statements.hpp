#pragma once

#include <memory>
#include <unordered_map>

#include "accounting/ledger/rows.hpp"

namespace ts::ledger {

/// A SOCI session that keeps its compiled statements: a run writes the same dozen each time, and to compile
/// one takes longer than to execute it.
class Sql {
 public:
  struct Prepared {
    explicit Prepared(soci::session& session) : statement(session), writer(statement), reader(statement) {}
    soci::statement statement;
    RowWriter writer;
    RowReader reader;
    bool bound = false;  ///< its variables are exchanged and it is compiled
    bool busy = false;   ///< somebody reads its rows
  };

  explicit Sql(std::unique_ptr<soci::session> session) : session_(std::move(session)) {}

  [[nodiscard]] soci::session& session() { return *session_; }

  /// While it lives, statements are compiled and not executed.
  class Rehearsal {
   public:
    explicit Rehearsal(Sql& sql) : sql_(sql) { sql_.rehearsing_ = true; }
    ~Rehearsal() { sql_.rehearsing_ = false; }
    Rehearsal(const Rehearsal&) = delete;
    Rehearsal& operator=(const Rehearsal&) = delete;

   private:
    Sql& sql_;
  };
  [[nodiscard]] bool rehearsing() const { return rehearsing_; }

  /// Calls `use` with the statement of this text. If it throws, the statement is dropped, for it may stand at
  /// a row.
  template <class Use>
  void with(const std::string& text, const Use& use) {
    auto& kept = statements_[text];
    if (kept && kept->busy) {  // its rows are being read: this use gets its own
      Prepared own(*session_);
      return use(own);
    }
    if (!kept) kept = std::make_unique<Prepared>(*session_);
    Prepared& prepared = *kept;
    prepared.busy = true;
    try {
      use(prepared);
    } catch (...) {
      statements_.erase(text);
      throw;
    }
    prepared.busy = false;
    if (statements_.size() > kMostKept) statements_.erase(text);
  }

 private:
  static constexpr std::size_t kMostKept = 64;
  std::unique_ptr<soci::session> session_;
  std::unordered_map<std::string, std::unique_ptr<Prepared>> statements_;  ///< gone before the session
  bool rehearsing_ = false;
};

/// For statements without parameters.
inline constexpr auto kNoParameters = [](auto&&) {};

/// One parameter for each value, in their order.
template <class... T>
[[nodiscard]] auto values(const T&... each) {
  return [&each...](auto&& visit) { (visit("", each), ...); };
}

/// Variables that receive columns, in their order.
template <class... T>
[[nodiscard]] auto into(T&... each) {
  return [&each...](auto&& visit) { (visit("", each), ...); };
}

/// A SELECT: what it says, its parameters, and the variables that receive its columns. The kinds of both
/// follow from the text: the same text always comes with the same kinds.
template <class Parameters, class Columns>
struct Select {
  std::string text;
  Parameters parameters;
  Columns columns;
};
template <class Parameters, class Columns>
Select(const char*, Parameters, Columns) -> Select<Parameters, Columns>;
template <class Parameters, class Columns>
Select(std::string, Parameters, Columns) -> Select<Parameters, Columns>;

/// Calls `each` for every row, with the row's values in the variables that `columns` visits.
template <class Parameters, class Columns, class Each>
void for_each_row(Sql& sql, const Select<Parameters, Columns>& select, const Each& each) {
  sql.with(select.text, [&](Sql::Prepared& prepared) {
    if (prepared.bound) {
      select.parameters(prepared.writer.again());
    } else {
      select.parameters(prepared.writer);
      select.columns(prepared.reader);
      prepare(prepared.statement, select.text);
      prepared.bound = true;
    }
    if (sql.rehearsing()) return;
    for (bool more = prepared.statement.execute(true); more; more = prepared.statement.fetch()) {
      select.columns(prepared.reader.take());
      each();
    }
  });
}

/// The first row. False: there is none.
template <class Parameters, class Columns>
[[nodiscard]] bool first_row(Sql& sql, const Select<Parameters, Columns>& select) {
  static_assert(!std::same_as<Columns, std::remove_const_t<decltype(kNoParameters)>>, "without a variable for a column SOCI doesn't look for rows");
  bool found = false;
  for_each_row(sql, select, [&] { found = true; });
  return found;
}

/// Executes one statement that gives no rows. `parameters` visits its values in their order.
template <class Parameters>
void execute(Sql& sql, const std::string& text, const Parameters& parameters) {
  for_each_row(sql, Select{text, parameters, [](auto&&) {}}, [] {});
}

/// Executes an INSERT, UPDATE or DELETE and says how many rows it changed.
template <class Parameters>
[[nodiscard]] long long changed_rows(Sql& sql, const std::string& text, const Parameters& parameters) {
  execute(sql, text, parameters);
  long long changed = 0;
  sql.with(text, [&](Sql::Prepared& prepared) { changed = prepared.statement.get_affected_rows(); });
  return changed;
}

}  // namespace ts::ledger
