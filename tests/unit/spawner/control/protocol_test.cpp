#include "spawner/control/protocol.hpp"

#include <gtest/gtest.h>

namespace ts::control {
namespace {

TEST(Protocol, RequestsRoundTrip) {
  EXPECT_TRUE(std::holds_alternative<UsageRequest>(decode_request(encode(Request{UsageRequest{}})).value()));
  EXPECT_TRUE(std::holds_alternative<StopRequest>(decode_request(encode(Request{StopRequest{}})).value()));
  EXPECT_TRUE(std::holds_alternative<HoldRequest>(decode_request(encode(Request{HoldRequest{}})).value()));
  EXPECT_TRUE(std::holds_alternative<ResumeRequest>(decode_request(encode(Request{ResumeRequest{}})).value()));
  const Request extend = decode_request(encode(Request{ExtendRequest{40'000, std::nullopt}})).value();
  ASSERT_TRUE(std::holds_alternative<ExtendRequest>(extend));
  EXPECT_EQ(std::get<ExtendRequest>(extend).by, 40'000);
  EXPECT_FALSE(std::get<ExtendRequest>(extend).to);
}

TEST(Protocol, RequestsOfRunsWithinRoundTrip) {
  const Request draw = decode_request(encode(Request{DrawRequest{"7f3k2m", 12, std::nullopt, true}})).value();
  ASSERT_TRUE(std::holds_alternative<DrawRequest>(draw));
  EXPECT_EQ(std::get<DrawRequest>(draw).run, "7f3k2m");
  EXPECT_EQ(std::get<DrawRequest>(draw).spent, 12);
  EXPECT_FALSE(std::get<DrawRequest>(draw).want);
  EXPECT_TRUE(std::get<DrawRequest>(draw).over);
  const Request own = decode_request(encode(Request{OwnRequest{"7f3k2m", "a session\xff"}})).value();
  ASSERT_TRUE(std::holds_alternative<OwnRequest>(own));
  EXPECT_EQ(std::get<OwnRequest>(own).run, "7f3k2m");
  EXPECT_EQ(std::get<OwnRequest>(own).session, "a session\xEF\xBF\xBD");
}

TEST(Protocol, RefusesWhatItDoesNotKnow) {
  for (const char* line : {"", "{", "[]", "{\"do\":1}", "{\"do\":\"dance\"}", "{\"do\":\"own\",\"run\":\"x\"}", "{\"do\":\"own\",\"run\":\"x\",\"session\":3}", "{\"do\":\"extend\",\"by\":\"x\"}", "\xff\xfe"})
    EXPECT_TRUE(decode_request(line).has_error()) << line;
}

TEST(Protocol, AnswersRoundTrip) {
  Standing s{"7f3k2m", "TASK-914", "claude", Formula::total, 1234, 40'000, {1, 2, 3, 4, 5, 1}, 7, 900, "running", "stream"};
  const Answer answer = decode_answer(encode(Answer{s, ""})).value();
  ASSERT_TRUE(answer.standing);
  EXPECT_EQ(answer.standing->run, "7f3k2m");
  EXPECT_EQ(answer.standing->formula, Formula::total);
  EXPECT_EQ(answer.standing->cap, 40'000);
  EXPECT_EQ(answer.standing->counts, s.counts);
  EXPECT_EQ(answer.standing->requests, 7);
  EXPECT_EQ(answer.standing->source, "stream");
}

TEST(Protocol, AnAnswerWithoutStandingCarriesItsReason) {
  const Answer answer = decode_answer(encode(Answer{std::nullopt, "no \xff way"})).value();
  EXPECT_FALSE(answer.standing);
  EXPECT_NE(answer.error.find("way"), std::string::npos);
}

TEST(Protocol, StandingJsonSaysWhatIsLeft) {
  Standing s;
  s.spent = 30;
  s.cap = 100;
  EXPECT_NE(standing_json(s).find("\"left\": 70"), std::string::npos);
  s.cap.reset();
  EXPECT_NE(standing_json(s).find("\"left\": null"), std::string::npos);
}

}  // namespace
}  // namespace ts::control
