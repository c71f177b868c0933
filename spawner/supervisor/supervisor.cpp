#include "spawner/supervisor/supervisor.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace ts::supervisor {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr int kMostKills = 5;
constexpr std::string_view kReasonNames[] = {"cap", "time", "idle", "operator", "interrupt"};

StopReason reason_of(StopCause cause) {
  switch (cause) {
    case StopCause::time:
      return StopReason::time;
    case StopCause::idle:
      return StopReason::idle;
    case StopCause::cap:
      break;
  }
  return StopReason::cap;
}

}  // namespace

std::string_view name_of(StopReason reason) { return kReasonNames[static_cast<int>(reason)]; }

Supervisor::Supervisor(Policy policy) : policy_(std::move(policy)) {
  if (policy_.ladder.rungs.empty() || policy_.ladder.rungs.back().signal != SIGKILL)
    policy_.ladder.rungs.push_back({SIGKILL, milliseconds{2000}});
}

Actions Supervisor::on(const Event& event, MonoTime now) {
  Actions out;
  if (phase_ != Phase::finished) std::visit([&](const auto& e) { handle(e, now, out); }, event);
  return out;
}

std::optional<MonoTime> Supervisor::next_deadline() const {
  switch (phase_) {
    case Phase::running:
    case Phase::held: {
      std::optional<MonoTime> next;
      const auto consider = [&](MonoTime from, const std::optional<microseconds>& limit) {
        if (limit && (!next || from + *limit < *next)) next = from + *limit;
      };
      consider(launched_, policy_.limits.max_time);
      if (phase_ == Phase::running) consider(last_activity_, policy_.limits.max_idle);
      return next;
    }
    case Phase::stopping:
      return rung_deadline_;
    case Phase::draining:
      return leftovers_ended_ ? rung_deadline_ : drain_deadline_;
    case Phase::starting:
    case Phase::finished:
      break;
  }
  return std::nullopt;
}

void Supervisor::handle(const Launched&, MonoTime now, Actions& out) {
  launched_ = last_activity_ = now;
  if (phase_ != Phase::starting) return;  // a signal or an operator was quicker: the agent is being stopped, and stays so
  phase_ = Phase::running;
  judge(now, out);  // what the agent printed may have been heard before the news of its start
}

void Supervisor::handle(const Counted& event, MonoTime now, Actions& out) {
  if (event.observed != observed_) last_activity_ = now;
  observed_ = event.observed;
  guard_ = event.guard;
  over_cap_ = policy_.limits.cap && observed_ >= *policy_.limits.cap;
  wind_down(out);
  judge(now, out);
}

bool Supervisor::reached(int percent) const {
  __extension__ using Wide = __int128;
  return policy_.limits.cap && Wide{observed_} * 100 >= Wide{*policy_.limits.cap} * percent;
}

/// The agent hears the highest threshold that it has passed, once.
void Supervisor::wind_down(Actions& out) {
  if (phase_ != Phase::running && phase_ != Phase::held) return;
  int due = 0;
  for (const int percent : policy_.wind_down)
    if (percent > wound_down_ && reached(percent)) due = percent;
  if (due == 0) return;
  wound_down_ = due;
  out.emplace_back(WindDown{due, *policy_.limits.cap, observed_});
}

void Supervisor::handle(const Activity&, MonoTime now, Actions&) { last_activity_ = now; }

void Supervisor::handle(const AgentExited& event, MonoTime now, Actions& out) {
  status_ = event.status;
  if (alive()) {
    go_on(now, out);
    phase_ = Phase::draining;
    drain_deadline_ = now + policy_.drain;
  } else if (phase_ == Phase::stopping && below_ladder_) {
    climb(now, out);  // it has ended; what it left behind has not
  }
  finish_if_done(out);
}

void Supervisor::handle(const StreamsClosed&, MonoTime, Actions& out) {
  streams_closed_ = true;
  finish_if_done(out);
}

void Supervisor::handle(const TreeEmpty&, MonoTime now, Actions& out) {
  tree_empty_ = true;
  if (phase_ == Phase::stopping) {
    // Nobody is left to write: what is still in the pipes is all there will be.
    phase_ = Phase::draining;
    drain_deadline_ = now + policy_.drain;
  }
  finish_if_done(out);
}

void Supervisor::handle(const SignalReceived& event, MonoTime now, Actions& out) {
  if (phase_ == Phase::stopping || (phase_ == Phase::draining && leftovers_ended_)) {
    climb(now, out);
    return;
  }
  if (event.signal == SIGINT || event.signal == SIGQUIT) {
    const bool again = interrupted_ && now - *interrupted_ <= policy_.ladder.rungs.front().grace;
    if (alive() && !again) {
      interrupted_ = now;
      out.emplace_back(ForwardSignal{event.signal});
      return;
    }
  }
  const bool interrupt = event.signal == SIGINT || event.signal == SIGQUIT;
  begin_stop({interrupt ? StopReason::interrupt : StopReason::operator_word, 0, 0, now}, out);
}

void Supervisor::handle(const StopRequested&, MonoTime now, Actions& out) {
  if (alive()) begin_stop({StopReason::operator_word, 0, 0, now}, out);
}

void Supervisor::handle(const RequestRefused&, MonoTime now, Actions& out) {
  if ((phase_ != Phase::running && phase_ != Phase::held) || policy_.limits.on_cap != OnCap::stop) return;
  begin_stop({StopReason::cap, policy_.limits.cap.value_or(0), observed_, now}, out, Pace::let_it_end);
}

void Supervisor::handle(const RequestHeld&, MonoTime now, Actions& out) {
  if (phase_ == Phase::running && policy_.limits.on_cap == OnCap::hold) hold(StopReason::cap, now, out);
}

void Supervisor::handle(const HoldRequested&, MonoTime now, Actions& out) {
  if (phase_ != Phase::running && phase_ != Phase::held) return;
  const bool again = std::exchange(held_by_operator_, true);
  if (!again) out.emplace_back(HoldRequests{});
  hold(StopReason::operator_word, now, out);
}

void Supervisor::handle(const ResumeRequested&, MonoTime now, Actions& out) { go_on(now, out); }

/// The agent waits from now on, and silence is no fault of its.
void Supervisor::hold(StopReason reason, MonoTime now, Actions& out) {
  if (phase_ != Phase::running) return;
  phase_ = Phase::held;
  held_since_ = now;
  out.emplace_back(AnnounceHold{reason, policy_.limits.cap.value_or(0), observed_});
}

void Supervisor::go_on(MonoTime now, Actions& out) {
  if (phase_ != Phase::held) return;
  phase_ = Phase::running;
  held_by_operator_ = false;
  held_for_ += duration_cast<milliseconds>(now - held_since_);
  last_activity_ = now;
  out.emplace_back(ResumeRequests{});
}

void Supervisor::handle(const CapChanged& event, MonoTime now, Actions& out) {
  policy_.limits.cap = event.limit;
  over_cap_ = event.limit && observed_ >= *event.limit;
  // Thresholds above where the run now stands are news again.
  const auto kept = [&](const std::vector<int>& percents, int said) {
    if (reached(said)) return said;
    int highest = 0;
    for (const int percent : percents)
      if (reached(percent)) highest = std::max(highest, percent);
    return highest;
  };
  warned_ = kept(policy_.limits.thresholds, warned_);
  wound_down_ = kept(policy_.wind_down, wound_down_);
  if (!held_by_operator_) go_on(now, out);
  judge(now, out);
}

void Supervisor::handle(const Tick&, MonoTime now, Actions& out) {
  if (phase_ == Phase::running || phase_ == Phase::held) {
    judge(now, out);
  } else if (phase_ == Phase::stopping) {
    if (now >= rung_deadline_) climb_or_give_up(now, out);
  } else if (phase_ == Phase::draining) {
    if (!leftovers_ended_ && now >= drain_deadline_) {
      end_leftovers(now, out);
    } else if (leftovers_ended_ && now >= rung_deadline_) {
      climb_or_give_up(now, out);
    }
  }
}

/// Weighs the run against its limits and does what the decision says.
void Supervisor::judge(MonoTime now, Actions& out) {
  if (phase_ != Phase::running && phase_ != Phase::held) return;
  const auto idle = phase_ == Phase::held ? microseconds{0} : duration_cast<microseconds>(now - last_activity_);
  const Observed seen{observed_, duration_cast<microseconds>(now - launched_), idle, warned_};
  const Decision decision = decide(policy_.limits, seen);
  if (const auto* warn = std::get_if<Warn>(&decision)) {
    warned_ = warn->threshold;
    out.emplace_back(*warn);
  } else if (const auto* stop = std::get_if<Stop>(&decision)) {
    const bool gently = stop->cause == StopCause::cap && guard_ == Guard::gateway;
    begin_stop({reason_of(stop->cause), stop->limit, stop->observed, now}, out, gently ? Pace::let_it_end : Pace::at_once);
  } else if (const auto* held = std::get_if<Hold>(&decision)) {
    // What does not pass the gateway can't wait: there the cap stops.
    if (guard_ == Guard::none) return begin_stop({StopReason::cap, held->limit, held->observed, now}, out);
    warned_ = 100;
  }
}

void Supervisor::begin_stop(const StopDecision& decision, Actions& out, Pace pace) {
  if (!decision_ && phase_ != Phase::draining) decision_ = decision;
  if (phase_ == Phase::held) held_for_ += duration_cast<milliseconds>(decision.at - held_since_);
  if (phase_ == Phase::draining) {
    end_leftovers(decision.at, out);
    return;
  }
  phase_ = Phase::stopping;
  out.emplace_back(RefuseRequests{});
  rung_ = 0;
  below_ladder_ = pace == Pace::let_it_end && policy_.ladder.rungs.front().signal != SIGKILL;
  if (below_ladder_) {
    rung_deadline_ = decision.at + policy_.ladder.rungs.front().grace;
  } else {
    apply_rung(decision.at, out);
  }
  out.emplace_back(AnnounceStop{decision});
}

void Supervisor::climb(MonoTime now, Actions& out) {
  if (std::exchange(below_ladder_, false)) return apply_rung(now, out);
  if (rung_ + 1 < policy_.ladder.rungs.size()) ++rung_;
  apply_rung(now, out);
}

void Supervisor::climb_or_give_up(MonoTime now, Actions& out) {
  if (kills_ < kMostKills) return climb(now, out);
  out.emplace_back(GiveUp{});
  if (!streams_closed_) out.emplace_back(CloseStreams{});
  phase_ = Phase::finished;
  out.emplace_back(Finish{});
}

void Supervisor::apply_rung(MonoTime now, Actions& out) {
  const process::StopRung& rung = policy_.ladder.rungs[rung_];
  rung_deadline_ = now + rung.grace;
  if (rung.signal == SIGKILL) {
    ++kills_;
    out.emplace_back(KillTree{});
  } else {
    out.emplace_back(SignalTree{rung.signal});
  }
}

/// The agent is gone and the drain time is over.
void Supervisor::end_leftovers(MonoTime now, Actions& out) {
  if (tree_empty_ || policy_.leftovers == Leftovers::keep) {
    if (!tree_empty_) out.emplace_back(ReleaseTree{});
    tree_empty_ = true;
    if (!streams_closed_) out.emplace_back(CloseStreams{});
    streams_closed_ = true;
    finish_if_done(out);
    return;
  }
  leftovers_ended_ = true;
  out.emplace_back(AnnounceLeftovers{});
  rung_ = 0;
  apply_rung(now, out);
}

void Supervisor::finish_if_done(Actions& out) {
  if (phase_ == Phase::stopping) return;  // the tree has to be empty first
  if (!status_ || !streams_closed_ || !tree_empty_) return;
  phase_ = Phase::finished;
  out.emplace_back(Finish{});
}

}  // namespace ts::supervisor
