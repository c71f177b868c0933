// make_corpus FOLDER [FILES RESPONSES BYTES SEED]: a made-up Claude Code home, and what a reader must find in it as JSON.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "tests/support/transcript_corpus.hpp"

int main(int argc, char** argv) {
  if (argc != 2 && argc != 6) {
    fmt::print(stderr, "usage: make_corpus FOLDER [FILES RESPONSES BYTES SEED]\n");
    return 2;
  }
  ts::test::CorpusSpec spec;
  if (argc == 6) {
    spec.files = std::atoi(argv[2]);
    spec.responses = std::atoi(argv[3]);
    spec.bytes = std::atoll(argv[4]);
    spec.seed = std::strtoull(argv[5], nullptr, 10);
  }
  const auto truth = ts::test::write_claude_corpus(argv[1], spec);
  if (truth.has_error()) {
    fmt::print(stderr, "make_corpus: {}\n", truth.error().message);
    return 1;
  }
  const ts::TokenCounts& c = truth->totals.counts;
  fmt::print("{{\"files\":{},\"bytes\":{},\"requests\":{},\"input\":{},\"cache_write\":{},\"cache_read\":{},\"output\":{}}}\n",
             truth->files, truth->bytes, truth->totals.requests, c.input, c.cache_write(), c.cache_read, c.output);
  return 0;
}
