#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <random>

#include "accounting/base/text.hpp"
#include "accounting/report/budget_json.hpp"
#include "spawner/cli/budget_text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/session/admission.hpp"
#include "spawner/session/identity.hpp"

namespace ts::cli {
namespace {

using ledger::Claim;
using ledger::OpenMode;

struct ClaimWords {
  std::string key;
  std::string lease = "30m";
  std::string note;
  std::int64_t pid = 0;
  std::optional<std::int64_t> token;
  bool force = false;
  bool json = false;
};

/// A claim by hand belongs to nobody's process unless one is named; then a number tells it from others.
Result<ledger::Owner> owner_of(const ClaimWords& words) {
  const session::ProcessIdentity me = session::this_process();
  ledger::Owner owner{"", me.host, words.pid, 0, me.boot_id, words.note};
  if (words.pid == 0) {
    std::random_device random;
    owner.pid_start_ticks = (std::uint64_t{random()} << 31U) ^ random();
    return owner;
  }
  TS_TRY(const auto ticks, session::here().start_ticks(words.pid));
  if (!ticks) return Error{Errc::not_found, fmt::format("--pid {}: there is no such process", words.pid)};
  owner.pid_start_ticks = *ticks;
  return owner;
}

Result<std::chrono::seconds> lease_of(const ClaimWords& words) {
  const auto time = parse_duration(words.lease);
  if (time.has_error()) return with_context("--lease", time.error());
  if (*time < std::chrono::seconds{1} || *time > std::chrono::hours{24 * 30})
    return Error{Errc::invalid_argument, fmt::format("--lease {}: a lease lasts from 1s to 30d", printable(words.lease, 40))};
  return std::chrono::ceil<std::chrono::seconds>(*time);
}

/// Says who has it now. False: somebody else.
int tell(Context& context, const ClaimWords& words, const Claim& claim, bool granted) {
  const UtcTime now = utc_now();
  if (words.json) print(report::claim_json(claim, [now](const Claim& c) { return claim_state(c, now); }));
  if (!granted) {
    context.console.error(fmt::format("refused: {}: claimed by {} (until {} at the latest, unless renewed)", printable(claim.key), describe(claim), rfc3339(claim.expires)));
    return session::kExitRefused;
  }
  if (!words.json) print(fmt::format("{}: claimed until {} · token {}", printable(claim.key), rfc3339(claim.expires), claim.token));
  return 0;
}

Result<int> claim(Context& context, const ClaimWords& words) {
  TS_TRY(const std::chrono::seconds lease, lease_of(words));
  TS_TRY(const std::string key, session::claim_key(words.key, context.world));
  TS_TRY(const auto books, open_books(context, OpenMode::write));
  if (words.token) {
    const auto renewed = books->claims().renew(key, *words.token, lease, utc_now());
    if (renewed.has_value()) return tell(context, words, *renewed, true);
    if (renewed.error().code != Errc::conflict) return renewed.error();
    context.console.error("refused: " + renewed.error().message);
    return static_cast<int>(session::kExitRefused);
  }
  TS_TRY(ledger::Owner owner, owner_of(words));
  ledger::ClaimRequest request;
  request.key = key;
  request.owner = std::move(owner);
  request.lease = lease;
  request.is_dead = session::dead_owner_test();
  TS_TRY(const auto outcome, books->claims().take(request, utc_now()));
  if (outcome.granted && outcome.taken_from) context.console.say(fmt::format("taken over from {}", describe(*outcome.taken_from)));
  return tell(context, words, outcome.claim, outcome.granted);
}

/// A key as it stands in the ledger, else the key of a file or an id.
Result<Claim> claim_of(Context& context, ledger::Books& books, const std::string& word) {
  TS_TRY(auto found, books.claims().find(word));
  if (!found) {
    const auto key = session::claim_key(word, context.world);
    if (key.has_value()) {
      TS_TRY(found, books.claims().find(*key));
    }
  }
  if (!found) return Error{Errc::not_found, fmt::format("{}: nobody has claimed it: `tracked-spawn ps` lists the claims", printable(word))};
  return *found;
}

Result<int> release(Context& context, const ClaimWords& words) {
  {
    TS_TRY(const auto exists, open_books(context, OpenMode::read));  // giving back must not create a ledger
    TS_CHECK(claim_of(context, *exists, words.key));
  }
  TS_TRY(const auto books, open_books(context, OpenMode::write));
  TS_TRY(const Claim held, claim_of(context, *books, words.key));
  if (words.force) {
    TS_TRY(const auto taken, books->claims().revoke(held.key));
    if (taken) context.console.say(fmt::format("{}: taken from {}", printable(held.key), describe(*taken)));
    return 0;
  }
  if (words.token != held.token) {
    context.console.error(fmt::format("refused: {}: claimed by {}; give its --token, or --force to take it away", printable(held.key), describe(held)));
    return static_cast<int>(session::kExitRefused);
  }
  TS_CHECK(books->claims().release(held.key, held.token));
  context.console.say(fmt::format("{}: given back", printable(held.key)));
  return 0;
}

using Work = Result<int> (*)(Context&, const ClaimWords&);

void act(CLI::App& app, Context& context, const std::shared_ptr<ClaimWords>& words, Work work) {
  app.callback([&context, words, work] {
    context.action = [&context, words, work]() -> int {
      const auto status = work(context, *words);
      return status.has_error() ? fail(context, status.error()) : *status;
    };
  });
}

}  // namespace

void add_claim(CLI::App& program, Context& context) {
  auto words = std::make_shared<ClaimWords>();
  CLI::App* take = program.add_subcommand("claim", "Claim a task or an issue by hand, so that no run starts on it");
  take->add_option("KEY", words->key, "A task file, a task id, an issue's URL, or owner/project#12")->required();
  take->add_option("--lease", words->lease, "How long (default 30m)")->type_name("TIME");
  take->add_option("--note", words->note, "Who and why, for those who are refused")->type_name("TEXT");
  take->add_option("--pid", words->pid, "The process that it stands for: when that ends, it is free")->type_name("PID");
  take->add_option("--token", words->token, "Of a claim that is yours: renew it")->type_name("N");
  take->add_flag("--json", words->json, "As JSON");
  take->footer("Examples:\n  tracked-spawn claim https://example.org/project/issues/12 --note 'Ana, by hand'\n  tracked-spawn claim TASK-914 --token 3 --lease 1h\n"
               "`tracked-spawn run --task TASK-914 --claim-token 3` takes it over. Exit status: 0 it is yours; 121 somebody has it.");
  act(*take, context, words, claim);

  CLI::App* give = program.add_subcommand("release", "Give a claim back, or take it away");
  give->add_option("KEY", words->key, "What is claimed")->required();
  give->add_option("--token", words->token, "The token that `claim` gave")->type_name("N");
  give->add_flag("--force", words->force, "Whoever has it");
  give->footer("Examples:\n  tracked-spawn release TASK-914 --token 3\n  tracked-spawn release TASK-914 --force");
  act(*give, context, words, release);
}

}  // namespace ts::cli
