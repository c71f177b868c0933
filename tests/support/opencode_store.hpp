#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace ts::testing {

/// A database of the shape that opencode's has, as far as we read it. Ids, texts and JSON must not hold a single quote.
class OpencodeStore {
 public:
  explicit OpencodeStore(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
  }
  OpencodeStore(const OpencodeStore&) = delete;
  OpencodeStore& operator=(const OpencodeStore&) = delete;
  ~OpencodeStore() { sqlite3_close(db_); }

  void run(const std::string& sql) {
    char* why = nullptr;
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &why), SQLITE_OK) << (why != nullptr ? why : "") << sql.substr(0, 400);
    sqlite3_free(why);
  }
  /// A recording's.
  void load(const std::filesystem::path& sql) {
    std::ifstream file(sql);
    std::ostringstream text;
    text << file.rdbuf();
    run(text.str());
  }
  void tables() {
    run("CREATE TABLE project(id text PRIMARY KEY);"
        "CREATE TABLE session(id text PRIMARY KEY, parent_id text, time_created integer, version text, directory text);"
        "CREATE TABLE message(id text PRIMARY KEY, session_id text, time_created integer, time_updated integer, data text);"
        "CREATE TABLE part(id text PRIMARY KEY, message_id text, session_id text, time_created integer, time_updated integer, data text);");
  }
  void session(const std::string& id, std::int64_t created, const std::string& parent = "") {
    run(fmt::format("INSERT INTO session VALUES('{}', {}, {}, '1.18.33', '/p')", id, parent.empty() ? "NULL" : "'" + parent + "'", created));
  }
  void prompt(const std::string& id, const std::string& session, std::int64_t at, const std::string& text) {
    message(id, session, at, fmt::format(R"({{"role":"user","time":{{"created":{}}}}})", at));
    part(id, fmt::format(R"({{"type":"text","text":"{}"}})", text));
  }
  /// 100 tokens of input, 10 of cache writes, 1000 of cache reads, `output` of output.
  void answer(const std::string& id, const std::string& session, std::int64_t at, int output = 40) {
    message(id, session, at, fmt::format(R"({{"role":"assistant","modelID":"m1","time":{{"created":{},"completed":{}}},"tokens":{{"input":100,"output":{},"reasoning":0,"cache":{{"read":1000,"write":10}}}}}})",
                                         at, at + 900, output));
  }
  void text(const std::string& message, const std::string& words) { part(message, fmt::format(R"({{"type":"text","text":"{}"}})", words)); }
  /// `input`: a JSON object.
  void tool(const std::string& message, const std::string& call, const std::string& name, const std::string& input, const std::string& output,
            std::int64_t start, const std::string& metadata = "{}") {
    part(message, fmt::format(R"({{"type":"tool","tool":"{}","callID":"{}","state":{{"status":"completed","input":{},"output":"{}","metadata":{},"time":{{"start":{},"end":{}}}}}}})",
                              name, call, input, output, metadata, start, start + 5));
  }
  void part(const std::string& message, const std::string& data) {
    run(fmt::format("INSERT INTO part SELECT 'prt_{0:06}', id, session_id, time_created, time_created, '{1}' FROM message WHERE id = '{2}'", ++parts_, data, message));
  }
  void message(const std::string& id, const std::string& session, std::int64_t at, const std::string& data) {
    run(fmt::format("INSERT INTO message VALUES('{}', '{}', {}, {}, '{}')", id, session, at, at, data));
  }

 private:
  sqlite3* db_ = nullptr;
  int parts_ = 0;
};

}  // namespace ts::testing
