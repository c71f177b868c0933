#include "accounting/usage/lines.hpp"

#include <gtest/gtest.h>

#include "accounting/usage/json_reader.hpp"

namespace ts {
namespace {

using namespace std::string_literals;

std::vector<std::string> lines_of(std::string_view text, std::size_t step) {
  std::vector<std::string> lines;
  LineSplitter splitter([&](std::string_view line) { lines.emplace_back(line); });
  for (std::size_t at = 0; at < text.size(); at += step) splitter.push(text.substr(at, step));
  splitter.finish();
  return lines;
}

TEST(LineSplitter, KeepsLastLineWithoutNewline) { EXPECT_EQ(lines_of("a\nb", 100), (std::vector<std::string>{"a", "b"})); }

TEST(LineSplitter, EverySplitGivesTheSameLines) {
  const std::string text = "one\r\n\n\r\ntwo\0zwei\n\xff\xfe bad \xc3\nlast\r"s;
  const std::vector<std::string> expected{"one", "", "", "two\0zwei"s, "\xff\xfe bad \xc3", "last"};
  for (std::size_t step = 1; step <= text.size(); ++step) EXPECT_EQ(lines_of(text, step), expected) << step;
}

TEST(LineSplitter, PassesALineWithinOneChunkWithoutACopy) {
  const std::string chunk = "whole\npart";
  const char* seen = nullptr;
  LineSplitter splitter([&](std::string_view line) { seen = line.data(); });
  splitter.push(chunk);
  EXPECT_EQ(seen, chunk.data());
  EXPECT_EQ(splitter.pending_bytes(), 4U);
}

TEST(LineSplitter, PrunesALineOfManyMegabytes) {
  std::string filler(65530, 'x');
  filler.append(R"(\"\\)");
  std::vector<std::string> all;
  LineSplitter again([&](std::string_view line) { all.emplace_back(line); });
  again.push(R"({"text":")");
  for (int i = 0; i < 160; ++i) again.push(filler);
  again.push("\",\"short\":\"k\\\"ept\",\"usage\":{\"n\":12}}\nnext\n");
  EXPECT_EQ(all, (std::vector<std::string>{R"({"text":"","short":"k\"ept","usage":{"n":12}})", "next"}));
  EXPECT_EQ(again.bytes_dropped(), 0U);
}

TEST(LineSplitter, PassesTheElementsOfAHugeArrayOneByOne) {
  std::vector<std::string> all;
  LineSplitter splitter([&](std::string_view line) { all.emplace_back(line); });
  splitter.push(R"([{"a":")" + std::string(2 << 20, 'y') + R"("}, {"b":[1, 2]} ,3])");
  splitter.finish();
  EXPECT_EQ(all, (std::vector<std::string>{R"({"a":""})", R"({"b":[1,2]})", "3"}));
}

TEST(LineSplitter, DropsAndCountsWhatStaysTooLongWhenPruned) {
  std::vector<std::string> all;
  LineSplitter splitter([&](std::string_view line) { all.emplace_back(line); });
  const std::string numbers(3 << 20, '7');
  splitter.push(numbers);
  splitter.push("\nafter\n");
  EXPECT_EQ(all, (std::vector<std::string>{"after"}));
  EXPECT_EQ(splitter.bytes_dropped(), numbers.size());
}

TEST(LinePruner, EverySplitGivesTheSame) {
  const std::string text = R"({"a": ")" + std::string(300, 'q') + R"(\\\"", "b" : [1, {"c":"d\\"}], "k)" + std::string(255, 'k') + R"(": -1.5e3})";
  std::string whole;
  LinePruner once([&](std::string_view document) { whole = document; });
  once.push(text);
  EXPECT_TRUE(once.complete());
  once.finish();
  EXPECT_EQ(whole, R"({"a":"","b":[1,{"c":"d\\"}],"k)" + std::string(255, 'k') + R"(":-1.5e3})");
  for (std::size_t step = 1; step < text.size(); ++step) {
    std::string pieces;
    LinePruner pruner([&](std::string_view document) { pieces = document; });
    for (std::size_t at = 0; at < text.size(); at += step) pruner.push(std::string_view(text).substr(at, step));
    pruner.finish();
    ASSERT_EQ(pieces, whole) << step;
  }
}

TEST(JsonReader, BelievesOnlyCleanCounts) {
  const std::vector<std::pair<std::string, json::CountState>> cases{
      {"0", json::CountState::good},          {"12", json::CountState::good},       {R"("12")", json::CountState::good},
      {"9007199254740992", json::CountState::good}, {"9007199254740993", json::CountState::bad}, {"9223372036854775808", json::CountState::bad},
      {"18446744073709551617", json::CountState::bad}, {"-1", json::CountState::bad}, {"1.0", json::CountState::bad}, {"1e3", json::CountState::bad},
      {"01", json::CountState::bad},          {R"("")", json::CountState::bad},     {R"(" 1")", json::CountState::bad}, {R"("-1")", json::CountState::bad},
      {"true", json::CountState::bad},        {"{}", json::CountState::bad},        {"[1]", json::CountState::bad},     {"null", json::CountState::absent},
  };
  for (const auto& [text, expected] : cases) {
    const std::string array = "[" + text + "]";
    json::Reader reader(array);
    Tokens value = -7;
    ASSERT_TRUE(reader.enter_array() && reader.next_element());
    EXPECT_EQ(reader.count(value), expected) << text;
    EXPECT_EQ(value == -7, expected != json::CountState::good) << text;
  }
}

TEST(JsonReader, FailsOnBrokenStructure) {
  for (const std::string_view text : {R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":1 "b":2})", R"({"a":"x)", R"({a:1})", R"({"a":[1,2})", R"({"a":{]})",
                                      R"({"a":1,})", R"({,})", R"({"a":\})", R"({"a":"\"})"}) {
    json::Reader reader(text);
    std::string_view key;
    ASSERT_TRUE(reader.enter_object());
    while (reader.next_key(key)) reader.skip();
    EXPECT_FALSE(reader.ok()) << text;
  }
  const std::string deep = "{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + "}";
  json::Reader reader(deep);
  std::string_view key;
  ASSERT_TRUE(reader.enter_object() && reader.next_key(key));
  EXPECT_FALSE(reader.skip());
}

TEST(JsonFind, FindsWhatAPlainSearchFinds) {
  std::string text;
  unsigned state = 7;
  for (int i = 0; i < 400; ++i) text += "\"usage:{x"[(state = state * 1103515245U + 12345U) >> 16U & 7U];
  for (std::size_t begin = 0; begin < text.size(); ++begin)
    for (const std::string_view needle : {"us", "\"u", "age", "x{"}) {
      const std::string_view part = std::string_view(text).substr(begin);
      ASSERT_EQ(json::find(part, needle), part.find(needle)) << begin << needle;
    }
  EXPECT_TRUE(json::has_key(R"({"usage":1})", R"("usage")"));
  EXPECT_FALSE(json::has_key(R"({"text":"\"usage\":1 and \"usage"})", R"("usage")"));
}

}  // namespace
}  // namespace ts
