#include "spawner/session/alert_watch.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "accounting/budget/forecast.hpp"
#include "spawner/process/command.hpp"
#include "spawner/session/alerting.hpp"

namespace ts::session {
namespace {

using namespace std::chrono_literals;
using ledger::Alert;

constexpr auto kLookEvery = 1s;
constexpr auto kHelpEvery = 60s;
/// Longer than this the loop must not wait for the ledger.
constexpr std::chrono::milliseconds kShortWait{15};
constexpr std::size_t kMostIntervals = 24 * 60;

}  // namespace

AlertWatch::AlertWatch(std::filesystem::path ledger, const Surroundings& world, Console& console, Setup setup)
    : ledger_(std::move(ledger)), world_(world), console_(console), setup_(std::move(setup)) {
  last_look_ = last_help_ = setup_.clock();
  interval_end_ = last_look_ + world_.alerts.rate_interval;
  if (setup_.budgets.empty() && world_.sinks.empty()) return;
  if (books() == nullptr) return;
  const auto newest = books_->alerts().list({.newest = 1});
  if (newest.has_value() && !newest->empty()) last_said_ = newest->back().n;
  // What an earlier run could not deliver.
  const auto due = next_delivery(*books_, world_, setup_.now());
  if (due.has_value() && *due && **due <= setup_.now()) start_helper();
}

ledger::Books* AlertWatch::books() {
  if (books_) return books_.get();
  ledger::BooksOptions options;
  options.patience = kShortWait;
  auto opened = ledger::Books::open(ledger_, ledger::OpenMode::write, std::move(options));
  if (opened.has_value()) books_ = std::move(*opened);
  return books_.get();
}

AlertWatch::~AlertWatch() { (void)helper_lives(); }

void AlertWatch::on_recorded(Tokens fresh) {
  follow_rate(fresh);
  if (setup_.budgets.empty() && world_.sinks.empty()) return;
  const MonoTime now = setup_.clock();
  if (now - last_look_ < kLookEvery) return;
  last_look_ = now;
  look_after_delivery(say_new());
}

void AlertWatch::on_end() {
  if (setup_.budgets.empty() && world_.sinks.empty()) return;
  const bool is_news = say_new();
  if (is_news && !world_.sinks.empty()) start_helper();
}

/// Fresh tokens by interval; a run that is silent has intervals of zero.
void AlertWatch::follow_rate(Tokens fresh) {
  if (rate_told_ || world_.alerts.rate_factor == 0) return;
  const MonoTime now = setup_.clock();
  while (now >= interval_end_ && per_interval_.size() < kMostIntervals) {
    per_interval_.push_back(fresh - at_interval_start_);
    at_interval_start_ = fresh;
    interval_end_ += world_.alerts.rate_interval;
    if (is_spend_spike(per_interval_, world_.alerts.rate_factor)) return raise_rate(per_interval_.back());
  }
  if (now >= interval_end_) interval_end_ = now + world_.alerts.rate_interval;  // long suspended
  if (per_interval_.size() >= kMostIntervals) per_interval_.erase(per_interval_.begin(), per_interval_.begin() + kMostIntervals / 2);
}

void AlertWatch::raise_rate(Tokens in_interval) {
  std::vector<std::int64_t> before(per_interval_.begin(), per_interval_.end() - 1);
  const std::int64_t median = percentile(std::move(before), 50).value_or(0);
  Alert alert;
  alert.event = ledger::AlertEvent::rate;
  alert.level = "rate";
  alert.used = in_interval;
  alert.at = setup_.now();
  alert.run = setup_.run.text;
  alert.text = fmt::format("run {}: {} fresh tokens in the last {}, more than {} times its own median of {}", setup_.run.text, with_commas(in_interval),
                           human_duration(world_.alerts.rate_interval), world_.alerts.rate_factor, with_commas(median));
  if (books() == nullptr) return;
  const auto raised = books_->alerts().raise_once(alert, setup_.run.text, kShortWait);
  if (raised.has_error()) return;  // the next fast interval raises it
  rate_told_ = true;
  if (!*raised) return;
  if (world_.alerts.on_stderr) console_.say("alert: " + alert.text);
  if (!world_.sinks.empty()) start_helper();
}

bool AlertWatch::say_new() {
  if (books() == nullptr) return false;
  const auto alerts = books_->alerts().list({.after = last_said_});
  if (alerts.has_error()) return false;
  bool any = false;
  for (const Alert& alert : *alerts) {
    last_said_ = std::max(last_said_, alert.n);
    const bool concerns = alert.run == setup_.run.text || std::ranges::find(setup_.budgets, alert.budget) != setup_.budgets.end();
    if (!concerns) continue;
    any = true;
    if (world_.alerts.on_stderr && alert.event != ledger::AlertEvent::rate) console_.say("alert: " + alert.text);
  }
  return any;
}

/// Once a minute the helper looks ahead; where there is news for somebody, at once.
void AlertWatch::look_after_delivery(bool is_news) {
  const MonoTime now = setup_.clock();
  const bool due = now - last_help_ >= kHelpEvery;
  if (!due && (!is_news || world_.sinks.empty())) return;
  if (helper_lives()) return;
  start_helper();
}

bool AlertWatch::helper_lives() {
  if (helper_ < 0) return false;
  if (::waitpid(helper_, nullptr, WNOHANG) == 0) return true;
  helper_ = -1;
  return false;
}

void AlertWatch::start_helper() {
  if (helper_lives()) return;
  last_help_ = setup_.clock();
  process::Command command;
  command.argv = {"/proc/self/exe", "alerts", "deliver", "--for", "2m", "--quiet"};
  command.env = world_.env_words;
  command.cwd = world_.cwd;
  if (const auto started = process::start_command(command); started.has_value()) helper_ = *started;
  else console_.detail("alerts are not delivered now: " + started.error().message);
}

}  // namespace ts::session
