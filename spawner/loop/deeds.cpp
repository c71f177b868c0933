#include <fmt/format.h>

#include <algorithm>

#include "spawner/loop/run_loop_impl.hpp"

namespace ts::loop {
namespace {

constexpr milliseconds kProgressEvery{100};
constexpr milliseconds kFlushEvery{200};
/// So many rows are not kept waiting for the next flush: memory stays bounded.
constexpr std::size_t kMostPendingRows = 1024;

std::string_view phase_name(supervisor::Phase phase) {
  constexpr std::string_view names[] = {"starting", "running", "held", "stopping", "draining", "finished"};
  return names[static_cast<int>(phase)];
}

}  // namespace

void RunLoop::Impl::feed(const supervisor::Event& event) {
  for (const auto& action : supervisor_.on(event, now())) act(action);
  arm_deadline();
}

void RunLoop::Impl::act(const supervisor::Action& action) {
  const auto tell = [this](const Result<void>& done) {
    if (done.has_error()) note_trouble("signal", done.error().message);
  };
  if (std::holds_alternative<supervisor::KillTree>(action)) {
    tell(child_->kill_tree());
  } else if (const auto* tree = std::get_if<supervisor::SignalTree>(&action)) {
    tell(child_->signal_tree(tree->signal));
  } else if (const auto* one = std::get_if<supervisor::ForwardSignal>(&action)) {
    tell(child_->signal_agent(one->signal));
  } else if (const auto* stop = std::get_if<supervisor::AnnounceStop>(&action)) {
    result_.observed_at_decision = metering_.observed();
    log_.note(utc(), "stop", {{"reason", supervisor::name_of(stop->decision.reason)},
                              {"limit", stop->decision.limit},
                              {"observed", stop->decision.observed}});
    observer_.on_stop_begun(stop->decision);
  } else if (const auto* warn = std::get_if<Warn>(&action)) {
    log_.note(utc(), "warning", {{"percent", std::int64_t{warn->threshold}}, {"limit", warn->limit}, {"observed", warn->observed}});
    observer_.on_warning(*warn);
  } else if (std::holds_alternative<supervisor::RefuseRequests>(action)) {
    if (gateway_) gateway_->refuse_all(refusal_text());
  } else if (std::holds_alternative<supervisor::HoldRequests>(action)) {
    if (gateway_) gateway_->hold();
  } else if (std::holds_alternative<supervisor::ResumeRequests>(action)) {
    log_.note(utc(), "resumed", {});
    if (gateway_) gateway_->resume();
  } else if (const auto* wind = std::get_if<supervisor::WindDown>(&action)) {
    wind_down(*wind);
  } else if (const auto* held = std::get_if<supervisor::AnnounceHold>(&action)) {
    log_.note(utc(), "held", {{"reason", supervisor::name_of(held->reason)}, {"limit", held->limit}, {"observed", held->observed}});
    observer_.on_hold(*held);
  } else if (std::holds_alternative<supervisor::CloseStreams>(action)) {
    for (const auto& pump : pumps_) pump->close_now();
  } else if (std::holds_alternative<supervisor::AnnounceLeftovers>(action)) {
    result_.leftovers = members().size();
  } else if (std::holds_alternative<supervisor::ReleaseTree>(action)) {
    tell(child_->release_tree());
  } else if (std::holds_alternative<supervisor::GiveUp>(action)) {
    count_survivors();
  } else if (std::holds_alternative<supervisor::Finish>(action)) {
    finish();
  }
}

/// The agent's next request will tell it what is left.
void RunLoop::Impl::wind_down(const supervisor::WindDown& wind) {
  if (!gateway_) return;
  log_.note(utc(), "wind_down", {{"percent", std::int64_t{wind.percent}}, {"limit", wind.limit}, {"observed", wind.observed}});
  result_.wind_downs.push_back({wind.percent, wind.limit, wind.observed, {}});
  gateway_->tell_agent(setup_.gateway->wind_down_text(wind));
}

/// Counts may have moved: first the decision, then the paperwork.
void RunLoop::Impl::after_counts() {
  if (!metering_.take_changed()) return;
  observed_ = metering_.observed();
  lease_in_time();
  feed(supervisor::Counted{observed_, guard()});
  flush_rows(false);
}

/// Whether the gateway can hold the cap: what was spent passed it. Where a person is to decide, one request that did is enough.
supervisor::Guard RunLoop::Impl::guard() const {
  const bool hold = supervisor_.policy().limits.on_cap == OnCap::hold;
  const bool passes = gateway_ && (hold ? gateway_->stats().requests > 0 : metering_.meter().ruling() == Source::gateway);
  return passes ? supervisor::Guard::gateway : supervisor::Guard::none;
}

/// Gives rows to the ledger: all of them at the end, else at most five times a second.
void RunLoop::Impl::flush_rows(bool all) {
  const MonoTime at = now();
  const bool due = at - last_flush_ >= kFlushEvery;
  const bool heartbeat = at - last_heartbeat_ >= setup_.heartbeat_every;
  if (!all && metering_.pending_rows() < kMostPendingRows && !(due && metering_.pending_rows() > 0) && !heartbeat) return;
  if (!all && !due && metering_.pending_rows() >= kMostPendingRows * 16) return;  // the ledger is busy: don't hammer it
  last_flush_ = at;
  auto rows = metering_.take_rows();
  if (observer_.record(rows, metering_.meter().totals())) {
    last_heartbeat_ = at;
  } else {
    metering_.put_back(std::move(rows));
  }
}

void RunLoop::Impl::arm_deadline() {
  const auto next = finishing_ ? std::nullopt : supervisor_.next_deadline();
  if (next == armed_) return;
  armed_ = next;
  if (!next) {
    deadline_.cancel();
    return;
  }
  deadline_.expires_at(*next);
  deadline_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    armed_.reset();
    feed(supervisor::Tick{});
  });
}

/// The tree is empty and its streams are closed: read what is left to read, then leave.
void RunLoop::Impl::finish() {
  if (finishing_) return;
  finishing_ = true;
  follower_->finish(*follower_sink_);
  for (const tail::FollowWarning& warning : follower_->take_warnings()) note_trouble(warning.kind, warning.message);
  (void)metering_.take_changed();
  observed_ = metering_.observed();
  if (control_) control_->stop();
  if (gateway_) note_gateway();
  report_around(Report::over);
  for (const auto& [run, spending] : metering_.nested()) result_.nested.emplace_back(run, spending.spent());
  tick_.cancel();
  deadline_.cancel();
  leave_when_forwarded();
}

/// A slow reader of ours gets every byte before we go, unless the user is tired of it.
void RunLoop::Impl::leave_when_forwarded() {
  if (!finishing_) return;
  const bool waiting = std::ranges::any_of(tees_, [](const auto& tee) { return tee->wants_write(); });
  if (waiting && !give_up_forwarding_) return;
  io_.stop();
}

/// What a refused agent's user reads.
std::string RunLoop::Impl::refusal_text() const {
  const auto& limit = supervisor_.policy().limits.cap;
  const auto& decision = supervisor_.decision();
  if (!limit || (decision && decision->reason != supervisor::StopReason::cap)) return "tracked-spawn: this run is being stopped";
  return setup_.gateway->refusal_text(metering_.observed(), *limit, metering_.sessions().empty() ? std::string{} : metering_.sessions().front());
}

/// The gateway's own account, at the end.
void RunLoop::Impl::note_gateway() {
  const gateway::GatewayStats stats = gateway_->stats();
  gateway_->stop();
  result_.gateway = stats;
  log_.note(utc(), "gateway", {{"requests", static_cast<std::int64_t>(stats.requests)},
                               {"refused", static_cast<std::int64_t>(stats.refused)},
                               {"cut", static_cast<std::int64_t>(stats.cut)},
                               {"repeated", static_cast<std::int64_t>(stats.repeated)},
                               {"strangers", static_cast<std::int64_t>(stats.strangers)},
                               {"unconfirmed", stats.unconfirmed},
                               {"predicted", stats.error.predicted},
                               {"actual", stats.error.actual},
                               {"times_short", static_cast<std::int64_t>(stats.error.times_short)},
                               {"most_short", stats.error.most_short}});
}

/// Nothing ended them: what is left is said, and stays with the warden.
void RunLoop::Impl::count_survivors() {
  const auto left = child_->members();
  result_.survivors_known = left.has_value();
  result_.survivors = left.has_value() ? left->size() : 0;
  const std::string pids = left.has_value() ? fmt::format("{}", fmt::join(*left, ", ")) : "unknown: /proc is missing";
  log_.note(utc(), "survivors", {{"count", static_cast<std::int64_t>(result_.survivors)}, {"pids", std::string_view{pids}}});
}

void RunLoop::Impl::take_troubles() {
  const auto take = [this](std::string_view kind, std::optional<Error> trouble) {
    if (trouble) note_trouble(kind, trouble->message);
  };
  take("capture", raw_out_.take_trouble());
  take("capture", raw_err_.take_trouble());
  take("events", log_.take_trouble());
  for (const auto& tee : tees_) take("output", tee->take_trouble());
}

control::Standing RunLoop::Impl::standing() const {
  control::Standing s;
  s.run = setup_.id.text;
  s.task = setup_.task;
  s.agent = setup_.profile->name;
  s.formula = setup_.metering.formula;
  s.spent = metering_.observed();
  s.cap = supervisor_.policy().limits.cap;
  const Totals totals = metering_.meter().totals();
  s.counts = totals.counts;
  s.requests = totals.requests;
  s.elapsed_ms = std::chrono::duration_cast<milliseconds>(now() - launched_).count();
  s.phase = phase_name(supervisor_.phase());
  if (const auto ruling = metering_.meter().ruling()) s.source = name_of(*ruling);
  return s;
}

/// Processes of the tree that are alive; none where that can't be told.
std::vector<pid_t> RunLoop::Impl::members() const {
  if (!child_) return {};
  auto pids = child_->members();
  return pids ? std::move(*pids) : std::vector<pid_t>{};
}

void RunLoop::Impl::show_progress() {
  const MonoTime at = now();
  if (at - last_progress_ < kProgressEvery || finishing_) return;
  // Between the agent's bytes only where its last line is complete on our side.
  for (const auto& tee : tees_)
    if (!tee->at_line_start()) return;
  last_progress_ = at;
  observer_.on_progress(standing());
}

void RunLoop::Impl::note_trouble(std::string_view kind, const std::string& message) {
  log_.note(utc(), "notice", {{"about", kind}, {"message", std::string_view{message}}});
  result_.troubles.push_back(message);
  observer_.on_notice(kind, message);
}

}  // namespace ts::loop
