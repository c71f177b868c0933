#include <fmt/format.h>

#include <filesystem>

#include "accounting/report/run_json.hpp"
#include "spawner/control/socket.hpp"
#include "spawner/process/exit_status.hpp"
#include "spawner/session/admission.hpp"
#include "spawner/session/alerting.hpp"
#include "spawner/session/identity.hpp"
#include "spawner/session/paths.hpp"
#include "spawner/session/recover.hpp"
#include "spawner/session/run_impl.hpp"
#include "spawner/session/settle.hpp"
#include "spawner/session/words.hpp"

namespace ts::session {
namespace {

constexpr std::chrono::milliseconds kLeaseWait{2'000};
/// How much longer a run waits for a locked ledger that claims its task, and one that is covered by budgets.
constexpr std::chrono::milliseconds kPatienceForClaim{6'000};
constexpr std::chrono::milliseconds kPatienceForBudgets{20'000};
constexpr std::chrono::milliseconds kPatienceInQueue{1'000};

}  // namespace

/// What earlier crashes left open is settled by the next start, unless that would keep this run waiting.
void Run::settle_the_dead() {
  ledger::Books* const books = entry_.for_recovery();
  if (books == nullptr) return;
  const auto done = recover(*books, state_home_, world_, RecoverScope::open_rows);
  if (done.has_error()) return console_.detail(done.error().message);
  for (const Recovered& r : *done) {
    const std::string line = fmt::format("run {} had crashed and is settled now{}", r.run.text, r.note.empty() ? "" : ": " + r.note);
    if (!r.task_id.empty() && r.task_id == start().task_id) console_.say(line + "; its task is free for this one");
    else console_.detail(line);
  }
}

/// What the run around this one gives. False: nothing, and the user knows.
bool Run::take_lease(DetachedParent* detached) {
  if (!contract_.parent) return true;
  const loop::RunAround& around = *contract_.around;
  const auto answer = control::ask(around.socket, control::DrawRequest{start().id.text, 0, contract_.parent->most, false}, kLeaseWait);
  if (answer.has_error() || !answer->standing || !answer->granted) {
    console_.error(fmt::format("warning: run {}, which is around this one, does not answer; this one goes by its own cap", around.run));
    contract_.parent.reset();
    return true;
  }
  ledger::Cap& cap = start().cap;
  if (*answer->granted < 1) {
    return_lease();
    const std::string why = fmt::format("nothing is left of the cap of run {}, which is around this one: {}; `tracked-spawn extend {} +TOKENS` gives more",
                                        around.run, spent_of(answer->standing->spent, answer->standing->cap, answer->standing->formula), around.run);
    console_.error(why);
    if (detached != nullptr) detached->tell_refused(kExitRefused, why);
    return false;
  }
  if (!cap.limit || *answer->granted < *cap.limit) cap.source = fmt::format("lease of run {}{}", around.run, cap.limit ? ", more as it is needed" : "");
  cap.limit = answer->granted;
  contract_.policy.limits.cap = cap.limit;
  return true;
}

void Run::return_lease() const {
  if (contract_.parent) (void)control::ask(contract_.around->socket, control::DrawRequest{contract_.start.id.text, 0, std::nullopt, true}, kLeaseWait);
}

void Run::note_self() {
  const ProcessIdentity me = this_process();
  start().host = me.host;
  start().pid = me.pid;
  start().pid_start_ticks = me.start_ticks;
  start().boot_id = me.boot_id;
  start().started = utc_now();
  start().parent_run = env_of(world_, "TRACKED_SPAWN_RUN");
}

/// While it waits the ledger may be busy for a moment, and the run around it must not take it for dead.
Result<Passage> Run::wait_at_gate(ledger::Books& books, ledger::GateRequest& request, DetachedParent* parent) {
  books.runs().set_patience(kPatienceInQueue);
  Queue queue{options_.gate.wait, utc_now};
  queue.settle = [this, &books] {
    settle_the_dead();
    books.runs().set_patience(kPatienceInQueue);
    if (contract_.parent) (void)control::ask(contract_.around->socket, control::DrawRequest{start().id.text, 0, start().cap.limit, false}, kLeaseWait);
  };
  queue.tell = [this, parent](const std::string& text) {
    console_.say(text);
    if (parent != nullptr) parent->tell_waiting(fmt::format("run {} is {}", start().id.text, text));
  };
  if (parent != nullptr) queue.is_abandoned = [parent] { return parent->caller_is_gone(); };
  return pass_gate(books.gate(), request, queue);
}

/// Asks with the patience of a launch. Where something is at stake, which reading tells however locked the ledger is, it is worth more.
Result<Passage> Run::ask_gate(ledger::Books& books, DetachedParent* parent) {
  TS_CHECK(apply_budgets(books, world_, utc_now()));
  TS_TRY(ledger::GateRequest request, gate_request(contract_, options_, world_));
  leave_out_parents_claims(books, start().parent_run, request);
  auto passage = options_.gate.wait ? wait_at_gate(books, request, parent) : pass_gate(books.gate(), request, {{}, utc_now});
  start().started = request.run.started;
  if (passage.has_value() || passage.error().code != Errc::busy || options_.gate.wait) return passage;
  TS_TRY(const ledger::GateAnswer seen, books.gate().ask(request, utc_now()));
  if (!request.claim && request.also.empty() && seen.budgets.empty()) return passage;
  books.runs().set_patience(seen.budgets.empty() ? kPatienceForClaim : kPatienceForBudgets);
  passage = pass_gate(books.gate(), request, {{}, utc_now});
  start().started = request.run.started;
  if (passage.has_error() && passage.error().code == Errc::busy && !seen.budgets.empty())
    return Error{Errc::refused, "budgets cover this run, and nothing can be reserved: " + passage.error().message};
  return passage;
}

std::optional<int> Run::take_answer(const ledger::GateAnswer& answer, DetachedParent* parent) {
  if (answer.verdict == ledger::Verdict::denied) return refuse(std::string{ledger::name_of(answer.obstacle)}, denial_text(answer), parent);
  entry_.note_row();
  if (answer.verdict == ledger::Verdict::cut) contract_.notes.push_back("the cap is cut: " + answer.reason);
  if (answer.claim && answer.claim->taken_from)
    contract_.notes.push_back(fmt::format("{}: taken over from {}", answer.claim->claim.key, describe(*answer.claim->taken_from)));
  for (const ledger::BudgetState& state : answer.budgets) covering_.push_back(state.budget.name);
  start().cap = answer.cap;
  contract_.policy.limits.cap = answer.cap.limit;
  return std::nullopt;
}

/// The row with the claims and the reservations, in one transaction. The status to end with: somebody says no.
std::optional<int> Run::pass_the_gate(DetachedParent* parent) {
  ledger::Books* const books = entry_.for_launch();
  if (books == nullptr) return options_.gate.is_needed() ? std::optional<int>(refuse("ledger", "budgets and claims can't be looked at without the ledger", parent)) : std::nullopt;
  const auto passage = ask_gate(*books, parent);
  if (passage.has_value() && passage->signal != 0) {
    (void)refuse("signal", passage->answer.reason, parent);
    return process::shell_status(process::Signaled{passage->signal});
  }
  if (passage.has_value()) return take_answer(passage->answer, parent);
  const Errc code = passage.error().code;
  const bool by_ledger = code == Errc::busy || code == Errc::io || code == Errc::no_space || code == Errc::permission_denied || code == Errc::corrupt;
  if (!by_ledger || options_.gate.is_needed()) return refuse(by_ledger ? "ledger" : "budget or claim", passage.error().message, parent);
  return std::nullopt;  // begin() says what is the matter
}

/// The row before the launch. The status to end with: the run may not start.
std::optional<int> Run::begin(DetachedParent* parent) {
  note_self();
  if (const auto status = pass_the_gate(parent)) return status;
  (void)folder_->write_whole("run.json", report::encode_start(start()));
  if (entry_.has_ledger() && !entry_.begin())
    console_.error(fmt::format("warning: {}; the run goes on without budgets and claims, its count is kept in {}, and {}`tracked-spawn recover` brings it in later",
                               entry_.trouble().message, folder_->path(), entry_.is_pending() ? "if the ledger is not free by its end, " : ""));
  if (options_.gate.check.empty()) return std::nullopt;
  const auto checked = run_check(options_, start(), world_);
  if (checked.has_error()) return refuse("check", checked.error().message, parent);
  return std::nullopt;
}

/// A run that didn't come to be is recorded all the same, with the reason; it leaves no folder.
int Run::refuse(const std::string& obstacle, const std::string& reason, DetachedParent* parent) {
  return_lease();
  console_.error("refused: " + reason);
  if (parent != nullptr) parent->tell_refused(kExitRefused, "refused: " + reason);
  std::error_code ignored;
  if (!folder_->path().empty()) std::filesystem::remove_all(folder_->path(), ignored);
  start().run_dir.clear();
  ledger::RunEnd end;
  end.outcome = ledger::Outcome::refused;
  end.ended = utc_now();
  end.receipt_json = refusal_receipt(obstacle, reason);
  (void)entry_.finish({end, {}, {}, utc_now()});
  write_result(end);
  return kExitRefused;
}

}  // namespace ts::session
