#include "accounting/usage/reader.hpp"

#include <utility>

namespace ts {

UsageReader::UsageReader(std::unique_ptr<Dialect> dialect, UsageSink& sink)
    : dialect_(std::move(dialect)), sink_(sink), lines_([this](std::string_view line) { dialect_->line(line, sink_); }) {}

void UsageReader::finish() {
  lines_.finish();
  dialect_->finish(sink_);
}

ParseStats UsageReader::stats() const {
  ParseStats stats = dialect_->stats();
  stats.bytes_dropped += lines_.bytes_dropped();
  return stats;
}

}  // namespace ts
