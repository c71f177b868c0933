#include "spawner/control/socket.hpp"
#include "spawner/loop/run_loop_impl.hpp"

/// Runs within runs: what this one gives to those within it, and what it has from the one around it.
namespace ts::loop {
namespace {

constexpr milliseconds kPatience{1000};
constexpr milliseconds kReportEvery{200};
constexpr milliseconds kHeartbeat{5000};

}  // namespace

/// A run within this one spends, and wants to spend.
control::Answer RunLoop::Impl::draw(const control::DrawRequest& request) {
  metering_.note_nested(request.run, request.spent);
  const bool ends = supervisor_.phase() == supervisor::Phase::stopping || supervisor_.phase() == supervisor::Phase::draining;
  const auto& cap = supervisor_.policy().limits.cap;
  control::Answer out;
  if (cap && supervisor_.policy().limits.on_cap != OnCap::report) {
    const std::int64_t under_way = gateway_ ? gateway_->stats().reserved + gateway_->stats().unconfirmed : 0;
    const auto free_now = [&] { return *cap - metering_.observed() - nested_.reserved() - under_way; };
    std::int64_t free = ends ? 0 : free_now();
    // A run that is itself within another one may get more for those within it.
    if (!ends && request.want && *request.want - request.spent > free && grow_lease(*request.want - request.spent)) free = free_now();
    out.granted = nested_.draw(request, std::max<std::int64_t>(free, 0), now());
  }
  if (request.over) {
    log_.note(utc(), "nested_run", {{"run", request.run}, {"spent", request.spent}});
    if (gateway_) gateway_->left_changed();
  }
  after_counts();
  out.standing = standing();
  return out;
}

/// Asks the run around this one for more. True: there is more now.
bool RunLoop::Impl::grow_lease(std::int64_t needed) {
  const auto cap = supervisor_.policy().limits.cap;
  if (!setup_.parent || !cap || finishing_) return false;
  const ParentLink& parent = *setup_.parent;
  if (parent.most && *cap >= *parent.most) return false;
  const std::int64_t spent = metering_.observed();
  const std::int64_t want = std::min(saturating_add(std::max(*cap, spent), std::max<std::int64_t>(needed, 1)), parent.most.value_or(kMaxTokens));
  const auto answer = control::ask(setup_.around->socket, control::DrawRequest{setup_.id.text, spent, want, false}, kPatience);
  if (answer.has_error() || !answer->granted || *answer->granted <= *cap) return false;
  reported_ = spent;
  log_.note(utc(), "lease", {{"from", *cap}, {"to", *answer->granted}});
  observer_.on_lease(*answer->granted);
  feed(supervisor::CapChanged{*answer->granted});
  if (gateway_) gateway_->left_changed();
  return true;
}

/// The run around this one counts what this one spends.
void RunLoop::Impl::report_around(Report report) {
  if (!setup_.around || setup_.around->formula != metering_.formula()) return;
  const std::int64_t spent = metering_.observed();
  const bool over = report == Report::over;
  const auto since = now() - last_report_;
  if (!over && (since < kReportEvery || (spent == reported_ && since < kHeartbeat))) return;
  last_report_ = now();
  reported_ = spent;
  const std::int64_t want = setup_.parent ? supervisor_.policy().limits.cap.value_or(0) : 0;
  (void)control::ask(setup_.around->socket, control::DrawRequest{setup_.id.text, spent, want, over}, kPatience);  // it may be gone: then so are we, soon
}

/// A run within this one records a session: where its output passes through ours, it is not counted twice.
control::Answer RunLoop::Impl::leave(const control::OwnRequest& request) {
  if (metering_.leave_to_nested(request.session)) {
    log_.note(utc(), "nested_session", {{"run", request.run}, {"nested_session", request.session}});
    log_.flush();  // a recovery reads stdout again
    own(request.run, request.session);
  }
  return {standing(), ""};
}

/// Tells the run around this one, before it sees anything of the session pass.
void RunLoop::Impl::own(std::string_view run, std::string_view session) {
  if (!setup_.around) return;
  (void)control::ask(setup_.around->socket, control::OwnRequest{std::string{run}, std::string{session}}, kPatience);  // it may be gone
}

/// Where requests don't pass a gateway nobody asks before spending: more is leased in time.
void RunLoop::Impl::lease_in_time() {
  const auto& cap = supervisor_.policy().limits.cap;
  if (!setup_.parent || !cap || observed_ <= *cap / 4 * 3 || guard() == supervisor::Guard::gateway) return;
  if (now() - last_no_ >= kReportEvery && !grow_lease(*cap)) last_no_ = now();
}

}  // namespace ts::loop
