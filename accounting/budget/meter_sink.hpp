#pragma once

#include "accounting/budget/meter.hpp"

namespace ts {

/// Puts what a dialect understood into a meter, as one source. What stood in a file before the launch goes through the same
/// dialect with a PastSink first, so that the dialect's state is right when the new lines come.
/// Lifetime: the meter must outlive the sink.
class MeterSink : public UsageSink {
 public:
  MeterSink(Meter& meter, Source source) : meter_(meter), source_(source) {}
  void on_usage(const UsageEvent& event) override { meter_.add(source_, event); }
  void on_settlement(const SettlementEvent& event) override { meter_.settle(source_, event); }
  void on_session(const SessionEvent&) override {}

 private:
  Meter& meter_;
  Source source_;
};

/// Notes everything as the past. Lifetime: the meter must outlive the sink.
class PastSink : public UsageSink {
 public:
  PastSink(Meter& meter, Source source) : meter_(meter), source_(source) {}
  void on_usage(const UsageEvent& event) override { meter_.note_past(source_, event); }
  void on_settlement(const SettlementEvent& event) override { meter_.note_past(source_, event); }
  void on_session(const SessionEvent&) override {}

 private:
  Meter& meter_;
  Source source_;
};

}  // namespace ts
