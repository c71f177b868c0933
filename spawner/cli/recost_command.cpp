#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "accounting/report/time_words.hpp"
#include "accounting/report/usage_report.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/session/paths.hpp"

namespace ts::cli {
namespace {

using Json = nlohmann::ordered_json;
using ledger::CostChange;
using ledger::RecostRecord;
using ledger::RecostTally;

struct RecostWords {
  std::string since, run;
  bool dry_run = false, history = false, json = false;
};

/// What names the prices in the history: the built-in ones' date, and the configured rows, told apart by what they say.
std::string name_of_prices(const Context& context) {
  std::string name = fmt::format("built-in of {}", builtin_prices_date());
  if (!context.settings || context.settings->prices.rows.empty()) return name;
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto mix = [&hash](const std::string& text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  };
  for (const PriceRow& row : context.settings->prices.rows) {
    mix(row.model);
    for (const auto& time : {row.from, row.until}) mix(time ? rfc3339(*time) : "-");
    for (const Rates* rates : {&row.rates, &row.long_rates})
      for (const auto part : {&Rates::input, &Rates::output, &Rates::cache_read, &Rates::cache_write_5m, &Rates::cache_write_1h})
        mix((rates->*part) ? std::to_string(*(rates->*part)) : "-");
    mix(row.long_over ? std::to_string(*row.long_over) : "-");
  }
  return name + fmt::format(", {} configured ({:08x})", context.settings->prices.rows.size(), hash >> 32U);
}

std::string cost_text(const ExactUsd& cost, Tokens unpriced) {
  ledger::UsageSum sum;
  sum.cost = cost;
  sum.unpriced = unpriced;
  return report::cost_text(sum);
}

/// Null where nothing has a price.
Json cost_json(const ExactUsd& cost, Tokens unpriced) { return unpriced > 0 && cost == ExactUsd{} ? Json(nullptr) : Json(cost.rounded()); }

Json tally_json(const RecostTally& tally) {
  return {{"runs", tally.runs},
          {"changed", tally.changed},
          {"before_micro_usd", cost_json(tally.before, tally.unpriced_before)},
          {"after_micro_usd", cost_json(tally.after, tally.unpriced_after)},
          {"unpriced_tokens_before", tally.unpriced_before},
          {"unpriced_tokens_after", tally.unpriced_after}};
}

std::string list_text(const std::vector<RecostRecord>& records) {
  if (records.empty()) return "no recost has changed anything yet\n";
  using enum Align;
  Table table({right, left, right, right, right, left});
  table.add({"N", "AT", "RUNS", "BEFORE", "AFTER", "PRICES"});
  for (const RecostRecord& r : records)
    table.add({std::to_string(r.n), rfc3339(r.at), with_commas(r.tally.changed), cost_text(r.tally.before, r.tally.unpriced_before),
               cost_text(r.tally.after, r.tally.unpriced_after), r.prices});
  return table.text();
}

std::string changes_text(const std::vector<CostChange>& changes) {
  if (changes.empty()) return "no recost has changed this run\n";
  using enum Align;
  Table table({right, left, left, right, right});
  table.add({"N", "AT", "MODEL", "BEFORE", "AFTER"});
  for (const CostChange& c : changes)
    table.add({std::to_string(c.recost), rfc3339(c.at), printable(report::key_text(c.model), 60), cost_text(c.before, c.unpriced_before),
               cost_text(c.after, c.unpriced_after)});
  return table.text();
}

int show_history(Context& context, const RecostWords& words) {
  auto books = open_books(context, ledger::OpenMode::read);
  if (books.has_error()) return fail(context, books.error());
  Json array = Json::array();
  if (!words.run.empty()) {
    const auto run = (*books)->runs().find(words.run);
    if (run.has_error()) return fail(context, run.error());
    const auto changes = (*books)->recosts().history(run->start.id.text);
    if (changes.has_error()) return fail(context, changes.error());
    for (const CostChange& c : *changes)
      array.push_back({{"recost", c.recost}, {"at", rfc3339(c.at)}, {"model", c.model}, {"before_micro_usd", cost_json(c.before, c.unpriced_before)},
                       {"after_micro_usd", cost_json(c.after, c.unpriced_after)}, {"unpriced_tokens_before", c.unpriced_before}, {"unpriced_tokens_after", c.unpriced_after}});
    print(words.json ? report::dump(array) : changes_text(*changes));
    return 0;
  }
  const auto records = (*books)->recosts().list();
  if (records.has_error()) return fail(context, records.error());
  for (const RecostRecord& r : *records) {
    Json j = {{"recost", r.n}, {"at", rfc3339(r.at)}, {"prices", r.prices}};
    j.update(tally_json(r.tally));
    array.push_back(std::move(j));
  }
  print(words.json ? report::dump(array) : list_text(*records));
  return 0;
}

int recost(Context& context, const RecostWords& words) {
  if (const auto configured = configure(context); configured.has_error()) return fail(context, configured.error());
  if (words.history) return show_history(context, words);
  if (!words.run.empty()) return fail(context, {Errc::invalid_argument, "recost " + printable(words.run) + ": a run is for --history; --since takes a part of all runs"});
  if (const auto known = open_books(context, ledger::OpenMode::read); known.has_error() && known.error().code == Errc::not_found) return fail(context, known.error());
  auto home = session::state_home(context.world.env);
  if (home.has_error()) return fail(context, home.error());
  const UtcTime now = utc_now();
  ledger::RecostRequest request;
  if (words.dry_run) request.keep = ledger::RecostRequest::Keep::no;
  if (!words.since.empty()) {
    const auto since = report::parse_moment(words.since, Zone(), now, "--since");
    if (since.has_error()) return fail(context, since.error());
    request.since = *since;
  }
  ledger::BooksOptions options;
  options.prices = [&context]() -> const PriceBook& { return *prices_of(context); };
  auto books = ledger::Books::open(session::ledger_path(*home), ledger::OpenMode::write, options);
  if (books.has_error()) return fail(context, books.error());
  const auto tally = (*books)->recosts().recost(request, name_of_prices(context), now);
  if (tally.has_error()) return fail(context, tally.error());
  if (words.json) {
    print(tally_json(*tally).dump(2));
  } else if (tally->changed == 0) {
    print(fmt::format("{} runs: all cost what they did\n", with_commas(tally->runs)));
  } else {
    print(fmt::format("{} of {} runs {} {} instead of {}\n", with_commas(tally->changed), with_commas(tally->runs), words.dry_run ? "would cost" : "cost",
                      cost_text(tally->after, tally->unpriced_after), cost_text(tally->before, tally->unpriced_before)));
  }
  return 0;
}

}  // namespace

void add_recost(CLI::App& program, Context& context) {
  auto words = std::make_shared<RecostWords>();
  CLI::App* command = program.add_subcommand("recost", "Price what is recorded anew, after prices have changed; what it had cost is kept");
  command->add_option("RUN", words->run, "With --history: of this run alone");
  command->add_option("--since", words->since, "Only runs that lived then or later: 2026-11-21, today, 7d (ago)")->type_name("TIME");
  command->add_flag("-n,--dry-run", words->dry_run, "Only say what would change");
  command->add_flag("--history", words->history, "What earlier recosts have changed");
  command->add_flag("--json", words->json, "As JSON");
  command->footer("Examples:\n  tracked-spawn recost --dry-run\n  tracked-spawn recost --since 30d\n  tracked-spawn recost --history 7f3k2m\n"
                  "Each response is priced at its own time: [prices.\"my-model\"] with from and until changes that time alone.");
  command->callback([&context, words] { context.action = [&context, words] { return recost(context, *words); }; });
}

}  // namespace ts::cli
