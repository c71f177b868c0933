#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "accounting/base/units.hpp"

namespace ts::report {

/// What the gateway wrote of some requests, added up. Costs are in the cap's unit, the parts in tokens.
struct RequestSum {
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;         ///< of them: never left
  std::uint64_t failed = 0;          ///< of them: the provider failed, or the agent left first
  Tokens predicted = 0;              ///< fresh input, of those that were billed
  Tokens input = 0;                  ///< fresh input that was billed
  Tokens cache_read = 0;
  Tokens output = 0;
  std::int64_t reserved = 0;
  std::int64_t billed = 0;
  std::int64_t unconfirmed = 0;      ///< may have been billed beyond that
  std::int64_t latency_us = 0;       ///< that the gateway added, of those that left
  std::int64_t held_us = 0;
  friend bool operator==(const RequestSum&, const RequestSum&) = default;
};

/// The gateway's request lines of one run. Empty: it had none.
struct RequestSums {
  std::map<std::string, RequestSum, std::less<>> by_model;
  std::map<std::string, RequestSum, std::less<>> by_agent;   ///< main, sub-1, …
  RequestSum all;
};

/// Reads the text of events.jsonl, a piece at a time. Lines of other kinds, and broken ones, are passed over. No I/O.
class RequestAdder {
 public:
  void push(std::string_view text);
  [[nodiscard]] RequestSums finish();

 private:
  void line(std::string_view text);
  std::string pending_;
  RequestSums sums_;
};

}  // namespace ts::report
