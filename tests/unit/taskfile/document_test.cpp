#include "taskfile/document.hpp"

#include <gtest/gtest.h>

namespace ts::taskfile {
namespace {

Document document_of(std::string bytes) { return Document::parse(std::move(bytes)).value(); }

TEST(Document, GivesBackTheBytesItGot) {
  for (const char* text : {"", "\n", "a", "a\nb", "a\r\nb\r\n", "a\rb\r", "\xEF\xBB\xBF# T\r\n", "\xff\xfd x\n", "a\n\r\n\r\r\n"})
    EXPECT_EQ(document_of(text).bytes(), text);
}

TEST(Document, LinesAndEndsTileTheBytes) {
  const Document document = document_of("\xEF\xBB\xBF" "a\r\nb\n\nc\rd");
  ASSERT_EQ(document.line_count(), 5);
  EXPECT_EQ(document.line(1), "a");
  EXPECT_EQ(document.line_info(1).end, LineEnd::crlf);
  EXPECT_EQ(document.line(3), "");
  EXPECT_EQ(document.line_info(4).end, LineEnd::cr);
  EXPECT_EQ(document.line(5), "d");
  EXPECT_EQ(document.line_info(5).end, LineEnd::none);
  EXPECT_EQ(document.body(), 3U);
  for (int number = 1; number <= 5; ++number)
    EXPECT_EQ(document.line_at(document.line_info(number).text.begin), number);
}

TEST(Document, NewLinesFollowTheMajority) {
  EXPECT_EQ(document_of("").newline(), "\n");
  EXPECT_EQ(document_of("a\r\nb\r\nc\n").newline(), "\r\n");
  EXPECT_EQ(document_of("a\r\nb\nc\n").newline(), "\n");
  EXPECT_EQ(document_of("a\rb\rc").newline(), "\r");
}

TEST(Document, RefusesWhatIsNoTaskFile) {
  EXPECT_EQ(Document::parse(std::string(11, 'a'), {10}).error().code, Errc::too_large);
  EXPECT_EQ(Document::parse(std::string("a\0b", 3)).error().code, Errc::unsupported);
  EXPECT_EQ(Document::parse("\xFF\xFE#").error().code, Errc::unsupported);
}

}  // namespace
}  // namespace ts::taskfile
