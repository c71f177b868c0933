#include "accounting/report/request_sums.hpp"

#include <charconv>
#include <utility>

#include "accounting/usage/json_reader.hpp"

namespace ts::report {
namespace {

std::int64_t number(std::string_view object, std::string_view key) {
  const std::string_view text = json::member(object, {key});
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0 && value <= kMaxTokens ? value : 0;
}

void add(RequestSum& sum, std::string_view object) {
  const std::string_view outcome = json::member(object, {"outcome"});
  const std::int64_t billed = number(object, "billed");
  ++sum.requests;
  if (outcome == "refused") ++sum.refused;
  if (outcome == "upstream_failed" || outcome == "client_gone") ++sum.failed;
  const auto put = [&](std::int64_t& into, std::string_view key) { into = saturating_add(into, number(object, key)); };
  const Tokens input = number(object, "input");
  const Tokens read = number(object, "cache_read");
  if (input > 0 || read > 0 || billed > 0) put(sum.predicted, "predicted");
  put(sum.input, "input");
  put(sum.cache_read, "cache_read");
  put(sum.output, "output");
  put(sum.reserved, "reserved");
  put(sum.billed, "billed");
  put(sum.unconfirmed, "unconfirmed");
  put(sum.latency_us, "latency_us");
  put(sum.held_us, "held_us");
}

}  // namespace

void RequestAdder::push(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) {
      pending_.append(text);
      return;
    }
    if (pending_.empty()) {
      line(text.substr(0, end));
    } else {
      line(pending_.append(text.substr(0, end)));
      pending_.clear();
    }
    text.remove_prefix(end + 1);
  }
}

void RequestAdder::line(std::string_view text) {
  if (text.find("\"kind\":\"request\"") == std::string_view::npos || !text.ends_with('}')) return;
  if (json::member(text, {"kind"}) != "request") return;
  add(sums_.all, text);
  add(sums_.by_model[std::string(json::member(text, {"model"}))], text);
  add(sums_.by_agent[std::string(json::member(text, {"agent"}))], text);
}

RequestSums RequestAdder::finish() {
  if (!pending_.empty()) line(pending_);
  pending_.clear();
  return std::exchange(sums_, {});
}

}  // namespace ts::report
