#include "spawner/notify/webhook.hpp"

#include <gtest/gtest.h>

namespace ts::notify {
namespace {

/// By `printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key`.
TEST(Webhook, SignsTimestampAndBody) {
  EXPECT_EQ(signature("key", "1700000000", R"({"a":1})"), "sha256=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
  EXPECT_NE(signature("key", "1700000001", R"({"a":1})"), signature("key", "1700000000", R"({"a":1})"));
  EXPECT_NE(signature("other", "1700000000", R"({"a":1})"), signature("key", "1700000000", R"({"a":1})"));
}

TEST(Webhook, KnowsItsUrls) {
  for (const char* good : {"https://example.org", "https://example.org/", "http://127.0.0.1:8080/a/b?c=d&e=%20f", "https://[::1]:8443/x", "https://example.org/x#part"})
    EXPECT_TRUE(check_url(good).has_value()) << good;
  for (const char* bad : {"", "example.org", "ftp://example.org", "https://", "https://user:word@example.org/", "https://example.org/a b", "https://example.org/\n", "https://example.org:99999/"})
    EXPECT_TRUE(check_url(bad).has_error()) << bad;
}

}  // namespace
}  // namespace ts::notify
