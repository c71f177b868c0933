#include "spawner/capture/event_log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ts::capture {
namespace {

std::string json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonString, EscapesWhatJsonNeeds) {
  EXPECT_EQ(json("plain"), "\"plain\"");
  EXPECT_EQ(json("a\"b\\c\n\r\t"), "\"a\\\"b\\\\c\\n\\r\\t\"");
  EXPECT_EQ(json(std::string_view("\0\x1b\x7f", 3)), "\"\\u0000\\u001b\\u007f\"");
  EXPECT_EQ(json("µ漢😀"), "\"µ漢😀\"");
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  for (std::string_view bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xE2\x82", "\xF5\x80\x80\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\x80"}) {
    const std::string text = json(std::string("a") + std::string(bad) + "z");
    const auto value = nlohmann::json::parse(text, nullptr, false);
    ASSERT_TRUE(value.is_string()) << text;
    EXPECT_NE(value.get<std::string>().find("\xEF\xBF\xBD"), std::string::npos);
    EXPECT_EQ(value.get<std::string>().back(), 'z');
  }
}

TEST(JsonString, EveryPairOfBytesIsValidJson) {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const char pair[] = {static_cast<char>(a), static_cast<char>(b)};
      ASSERT_TRUE(nlohmann::json::accept(json({pair, 2}))) << a << " " << b;
    }
}

TEST(EventLog, WithoutAFileTellsWhyOnce) {
  EventLog log(RawFile(Error{Errc::no_space, "state: full"}));
  log.note({}, "warning", {{"what", std::string_view("x")}, {"n", std::int64_t{3}}, {"yes", true}});
  log.flush();
  ASSERT_TRUE(log.take_trouble().has_value());
  EXPECT_FALSE(log.take_trouble().has_value());
}

}  // namespace
}  // namespace ts::capture
