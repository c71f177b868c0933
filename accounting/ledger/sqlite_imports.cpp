#include "accounting/ledger/sqlite_imports.hpp"

#include "accounting/ledger/import_writer.hpp"

namespace ts::ledger {
namespace {

auto fields_of_mark(FileMark& mark) {
  return [&mark](auto&& visit) {
    visit("path", mark.path);
    visit("device", mark.device);
    visit("inode", mark.inode);
    visit("size", mark.size);
    visit("modified_ns", mark.modified_ns);
    visit("offset", mark.offset);
    visit("before", mark.before);
    visit("kind", mark.kind);
  };
}

void write_mark(Sql& sql, FileMark mark) {
  static const std::string text = [] {
    FileMark any;
    ColumnNames names;
    fields_of_mark(any)(names);
    return "REPLACE INTO import_files (" + names.list + ") VALUES (" + names.marks + ")";
  }();
  execute(sql, text, fields_of_mark(mark));
}

}  // namespace

ImportTally& ImportTally::operator+=(const ImportTally& other) {
  runs += other.runs;
  responses += other.responses;
  grown += other.grown;
  known += other.known;
  of_runs += other.of_runs;
  held += other.held;
  estimated += other.estimated;
  alerts += other.alerts;
  return *this;
}

Result<std::map<std::string, FileMark>> SqliteImports::marks() {
  std::map<std::string, FileMark> all;
  TS_CHECK(database_->read([&]() -> Result<void> {
    FileMark mark;
    ColumnNames names;
    fields_of_mark(mark)(names);
    for_each_row(database_->sql(), Select{"SELECT " + names.list + " FROM import_files", kNoParameters, fields_of_mark(mark)},
                 [&] { all.emplace(mark.path, mark); });
    return {};
  }));
  return all;
}

Result<ImportTally> SqliteImports::put(const ImportBatch& batch, UtcTime now) {
  ImportTally tally;
  const auto written = database_->write(Durability::full, kPatience, [&]() -> Result<void> {
    const Posting::Prices prices = [this]() -> const PriceBook& { return options_.prices ? options_.prices() : builtin_prices(); };
    ImportWriter writer(database_->sql(), prices, now);
    for (const ImportedRun& run : batch.runs) TS_CHECK(writer.add(run));
    for (const EstimatedFile& file : batch.estimated) writer.add(file);
    for (const ImportedAlert& alert : batch.alerts) writer.add(alert);
    writer.finish();
    tally = writer.tally();
    if (tally.held == 0)
      for (const FileMark& mark : batch.marks) write_mark(database_->sql(), mark);
    return {};
  });
  if (written.has_error()) return written.error();
  return tally;
}

Result<std::vector<EstimatedUsage>> SqliteImports::estimated() {
  std::vector<EstimatedUsage> all;
  TS_CHECK(database_->read([&]() -> Result<void> {
    EstimatedUsage row;
    for_each_row(database_->sql(),
                 Select{"SELECT file, line, at, task, phase, input, output, total FROM estimated_usage ORDER BY file, line", kNoParameters,
                        into(row.file, row.line, row.at, row.task, row.phase, row.input, row.output, row.total)},
                 [&] { all.push_back(row); });
    return {};
  }));
  return all;
}

}  // namespace ts::ledger
