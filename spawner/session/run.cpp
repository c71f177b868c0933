#include "spawner/session/run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "accounting/base/text.hpp"
#include "accounting/budget/prices.hpp"
#include "accounting/ledger/books.hpp"
#include "accounting/ledger/response_file.hpp"
#include "accounting/report/run_json.hpp"
#include "spawner/capture/event_log.hpp"
#include "spawner/capture/run_folder.hpp"
#include "spawner/control/socket.hpp"
#include "spawner/loop/run_loop.hpp"
#include "spawner/process/local_launcher.hpp"
#include "spawner/process/own_memory.hpp"
#include "spawner/process/program_search.hpp"
#include "spawner/session/admission.hpp"
#include "spawner/session/alert_watch.hpp"
#include "spawner/session/alerting.hpp"
#include "spawner/session/books.hpp"
#include "spawner/session/contract.hpp"
#include "spawner/session/detach.hpp"
#include "spawner/session/identity.hpp"
#include "spawner/session/ledger_entry.hpp"
#include "spawner/session/paths.hpp"
#include "spawner/session/recover.hpp"
#include "spawner/session/reporter.hpp"
#include "spawner/session/settle.hpp"
#include "spawner/session/words.hpp"
#include "spawner/tail/session_claims.hpp"

namespace ts::session {
namespace {

constexpr std::chrono::milliseconds kLeaseWait{2'000};
/// How much longer a run waits for a locked ledger that claims its task, and one that is covered by budgets.
constexpr std::chrono::milliseconds kPatienceForClaim{6'000};
constexpr std::chrono::milliseconds kPatienceForBudgets{20'000};

UtcTime utc_now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }
MonoTime mono_now() { return std::chrono::steady_clock::now(); }

std::string env_of(const Surroundings& world, std::string_view name) {
  const auto found = world.env.find(name);
  return found == world.env.end() ? std::string{} : found->second;
}

/// One run on its way: each step is a function, so that the order can be read in one place (run_contract).
class Run {
 public:
  Run(const RunOptions& options, const Surroundings& world, Console& console, Contract contract)
      : options_(options), world_(world), console_(console), contract_(std::move(contract)) {}

  int go(process::ChildLauncher& launcher, DetachedParent* parent);

 private:
  void open_folder();
  [[nodiscard]] bool take_lease(DetachedParent* parent);
  void return_lease() const;
  void settle_the_dead();
  void note_self();
  [[nodiscard]] std::optional<int> begin(DetachedParent* parent);
  [[nodiscard]] std::optional<int> pass_the_gate(DetachedParent* parent);
  [[nodiscard]] Result<ledger::GateAnswer> ask_gate(ledger::Books& books);
  [[nodiscard]] std::optional<int> take_answer(const ledger::GateAnswer& answer, DetachedParent* parent);
  [[nodiscard]] int refuse(const std::string& obstacle, const std::string& reason, DetachedParent* parent);
  void announce();
  loop::LoopSetup setup();
  loop::GatewayPlan gateway_plan();
  loop::MeteringSetup metering_setup() const;
  Result<loop::LoopResult> loop(process::ChildLauncher& launcher, loop::Metering& metering, Reporter& reporter, capture::EventLog& log);
  void launch_failed(const loop::LoopResult& result);
  void settle(const loop::LoopResult& result, loop::Metering& metering);
  void give_to_ledger(const ledger::RunEnd& end, loop::Metering* metering);
  void write_back(const ledger::RunEnd& end);
  void write_result(const ledger::RunEnd& end);
  [[nodiscard]] ledger::RunStart& start() { return contract_.start; }

  const RunOptions& options_;
  const Surroundings& world_;
  Console& console_;
  Contract contract_;
  std::string state_home_;
  std::optional<capture::RunFolder> folder_;
  LedgerEntry entry_{contract_.start};
  std::vector<std::string> covering_;   ///< names of the budgets that the run's spending counts against
  std::unique_ptr<AlertWatch> alerts_;  ///< null: without a ledger
  std::unique_ptr<tail::SessionClaims> claims_;
  std::string resume_;
  bool task_written_ = false;
};

/// A folder for the evidence. Where state can't be written the run goes on, first in a fallback, then with nothing kept.
void Run::open_folder() {
  auto home = state_home(world_.env);
  for (int attempt = 0; home.has_value() && attempt < 3; ++attempt) {
    start().id = ledger::new_run_id();
    auto made = capture::RunFolder::create(*home, start().id);
    if (made.has_value()) {
      state_home_ = *home;
      folder_.emplace(std::move(*made));
      break;
    }
    if (made.error().code != Errc::already_exists) home = made.error();
  }
  if (!folder_) {
    const std::string why = home.has_value() ? "no free run id" : home.error().message;
    start().id = ledger::new_run_id();
    auto fallback = fallback_state_home(world_.env);
    auto made = fallback.has_value() ? capture::RunFolder::create(*fallback, start().id) : Result<capture::RunFolder>(fallback.error());
    if (made.has_value()) {
      console_.error(fmt::format("warning: {}; this run is kept in {} and not in the ledger", why, made->path()));
      folder_.emplace(std::move(*made));
    } else {
      console_.error(fmt::format("warning: {}; {}; nothing of this run is kept but its receipt here", why, made.error().message));
      folder_.emplace(capture::RunFolder::nowhere(made.error()));
    }
  }
  start().run_dir = folder_->path();
}

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
  const loop::ParentLink& parent = *contract_.parent;
  const auto answer = control::ask(parent.socket, control::DrawRequest{start().id.text, 0, parent.most, false}, kLeaseWait);
  if (answer.has_error() || !answer->standing || !answer->granted) {
    console_.error(fmt::format("warning: run {}, which is around this one, does not answer; this one goes by its own cap", parent.run));
    contract_.parent.reset();
    return true;
  }
  ledger::Cap& cap = start().cap;
  if (*answer->granted < 1) {
    return_lease();
    const std::string why = fmt::format("nothing is left of the cap of run {}, which is around this one: {}; `tracked-spawn extend {} +TOKENS` gives more",
                                        parent.run, spent_of(answer->standing->spent, answer->standing->cap, answer->standing->formula), parent.run);
    console_.error(why);
    if (detached != nullptr) detached->tell_refused(kExitRefused, why);
    return false;
  }
  if (!cap.limit || *answer->granted < *cap.limit) cap.source = fmt::format("lease of run {}{}", parent.run, cap.limit ? ", more as it is needed" : "");
  cap.limit = answer->granted;
  contract_.policy.limits.cap = cap.limit;
  return true;
}

void Run::return_lease() const {
  if (contract_.parent) (void)control::ask(contract_.parent->socket, control::DrawRequest{contract_.start.id.text, 0, std::nullopt, true}, kLeaseWait);
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

/// Asks with the patience of a launch. Where something is at stake, which reading tells however locked the ledger is, it is worth more.
Result<ledger::GateAnswer> Run::ask_gate(ledger::Books& books) {
  TS_CHECK(apply_budgets(books, world_, utc_now()));
  TS_TRY(ledger::GateRequest request, gate_request(contract_, options_, world_));
  leave_out_parents_claims(books, start().parent_run, request);
  const Queue queue{options_.gate.wait, utc_now, [this] { settle_the_dead(); }};
  auto answer = pass_gate(books.gate(), request, queue, console_);
  if (answer.has_value() || answer.error().code != Errc::busy) return answer;
  TS_TRY(const ledger::GateAnswer seen, books.gate().ask(request, utc_now()));
  if (!request.claim && request.also.empty() && seen.budgets.empty()) return answer;
  books.runs().set_patience(seen.budgets.empty() ? kPatienceForClaim : kPatienceForBudgets);
  answer = pass_gate(books.gate(), request, queue, console_);
  if (answer.has_error() && answer.error().code == Errc::busy && !seen.budgets.empty())
    return Error{Errc::refused, "budgets cover this run, and nothing can be reserved: " + answer.error().message};
  return answer;
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
  const auto answer = ask_gate(*books);
  if (answer.has_value()) return take_answer(*answer, parent);
  const Errc code = answer.error().code;
  const bool by_ledger = code == Errc::busy || code == Errc::io || code == Errc::no_space || code == Errc::permission_denied || code == Errc::corrupt;
  if (!by_ledger || options_.gate.is_needed()) return refuse(by_ledger ? "ledger" : "budget or claim", answer.error().message, parent);
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

void Run::announce() {
  for (const std::string& note : contract_.notes) console_.say(note);
  console_.say(contract_line(contract_));
}

loop::MeteringSetup Run::metering_setup() const {
  loop::MeteringSetup setup;
  setup.formula = contract_.start.cap.formula;
  setup.price = [prices = world_.prices](std::string_view model, const TokenCounts& counts, UtcTime at) {
    return (prices ? *prices : builtin_prices()).cost(model, counts, at);
  };
  setup.now = utc_now;
  setup.index = [folder = folder_->path()](Source) {
    return folder.empty() ? make_memory_index() : ledger::make_file_index(folder);
  };
  return setup;
}

loop::LoopSetup Run::setup() {
  loop::LoopSetup s;
  s.id = start().id;
  s.task = start().task_id;
  s.profile = contract_.agent.profile;
  s.policy = contract_.policy;
  s.metering = metering_setup();
  s.folder = &*folder_;
  s.control_socket = folder_->file("control.sock");
  s.interactive = world_.stdin_terminal && world_.stdout_terminal;
  s.heartbeat_every = std::min<std::chrono::milliseconds>(std::chrono::seconds{5}, std::chrono::milliseconds{options_.gate.lease} / 3);
  s.blind_after = contract_.start.cap.limit ? options_.blind_after : std::nullopt;
  s.launch.name = start().id.text;
  s.launch.argv = options_.argv;
  s.launch.env = world_.env_words;
  std::erase_if(s.launch.env, [](const std::string& word) { return word.starts_with("TRACKED_SPAWN_RUN=") || word.starts_with("TRACKED_SPAWN_SOCKET=") || word.starts_with("TRACKED_SPAWN_GATEWAY_URL="); });
  s.launch.env.push_back("TRACKED_SPAWN_RUN=" + start().id.text);
  if (!s.control_socket.empty()) s.launch.env.push_back("TRACKED_SPAWN_SOCKET=" + s.control_socket);
  s.launch.cwd = world_.cwd;
  s.launch.tier = contract_.tier;
  if (contract_.gateway) s.gateway = gateway_plan();
  s.parent = contract_.parent;
  s.follow.profile = contract_.agent.profile;
  s.follow.places = agents::transcript_places(*contract_.agent.profile, world_.env);
  s.follow.cwd = world_.cwd;
  s.follow.launched = start().started;
  s.follow.session = agents::session_on_command_line(contract_.agent, options_.argv).value_or("");
  s.follow.stdout_report = agents::stdout_report(contract_.agent, options_.argv);
  s.follow.may_resume = agents::may_resume(contract_.agent, options_.argv);
  s.follow.interactive = s.interactive;
  if (!state_home_.empty()) {
    claims_ = std::make_unique<tail::SessionClaims>(state_home_, contract_.agent.profile->name, start().id);
    s.follow.claims = claims_.get();
  }
  return s;
}

/// How the requests of the agent are led through the gateway.
loop::GatewayPlan Run::gateway_plan() {
  loop::GatewayPlan plan;
  plan.wiring = *contract_.gateway;
  const std::string around = env_of(world_, "TRACKED_SPAWN_GATEWAY_URL");
  for (gateway::Upstream& upstream : plan.wiring.upstreams)
    if (!around.empty() && upstream.base.text().starts_with(around)) upstream.run = start().id.text;
  plan.ca_file = env_of(world_, "NODE_EXTRA_CA_CERTS");
  plan.when_full = options_.on_cap == OnCap::hold ? gateway::WhenFull::hold : gateway::WhenFull::refuse;
  plan.count = options_.count;
  plan.wind_down_text = [formula = start().cap.formula](const supervisor::WindDown& wind) { return wind_down_line(wind, formula); };
  plan.refusal_text = [this](std::int64_t spent, std::int64_t limit, const std::string& session) {
    return refusal_line(start(), spent, limit, agents::resume_command(*contract_.agent.profile, session).value_or(""));
  };
  for (std::size_t i = 0; i < plan.wiring.slots.size(); ++i)
    console_.detail(fmt::format("gateway: {} points at it, in front of {}", plan.wiring.slots[i].name, plan.wiring.upstreams[i].base.text()));
  return plan;
}

int Run::go(process::ChildLauncher& launcher, DetachedParent* parent) {
  process::keep_heap_small();
  open_folder();
  if (!state_home_.empty()) entry_.open(ledger_path(state_home_), books_options({world_.prices, options_.gate.lease}));
  settle_the_dead();
  if (!take_lease(parent)) {
    std::error_code ignored;
    if (!start().run_dir.empty()) std::filesystem::remove_all(start().run_dir, ignored);
    return kExitRefused;
  }
  if (const auto status = begin(parent)) return *status;
  announce();
  loop::LoopSetup loop_setup = setup();
  capture::EventLog log(folder_->open_events());
  loop::Metering metering(metering_setup(), log);
  const auto on_started = [this, parent, report = loop_setup.follow.stdout_report, interactive = loop_setup.interactive](process::Tier tier) {
    const Safeguards safeguards{process::name_of(tier), start().cap.limit.has_value(), contract_.gateway.has_value()};
    console_.say(meters_line(start().id, *contract_.agent.profile, report, safeguards));
    if (parent != nullptr) parent->tell_started(start().id);
    if (interactive) console_.hold_back();
  };
  if (!state_home_.empty()) alerts_ = std::make_unique<AlertWatch>(ledger_path(state_home_), world_, console_, AlertWatch::Setup{start().id, covering_, utc_now, mono_now});
  Reporter reporter({start().id, start().cap.formula, start().cap, [this] { return entry_.live_books(); }, [this] { return entry_.recorder(); }, !covering_.empty(), alerts_.get(),
                     [this] { entry_.prepare_finish(); }, process::give_back_code_pages, on_started, utc_now, mono_now}, console_);
  loop::RunLoop run_loop(std::move(loop_setup), metering, reporter, log);
  auto result = run_loop.run(launcher);
  console_.let_go();
  log.flush();
  if (result.has_error()) {
    loop::LoopResult failed;
    failed.launch_error = result.error();
    launch_failed(failed);
    return process::launch_exit_status(result.error());
  }
  start().cap = reporter.cap();
  if (result->launch_error) {
    launch_failed(*result);
    return exit_status_of(*result);
  }
  settle(*result, metering);
  entry_.leave();
  return exit_status_of(*result);
}

void Run::launch_failed(const loop::LoopResult& result) {
  console_.error(result.launch_error->message);
  return_lease();
  ledger::RunEnd end;
  end.outcome = ledger::Outcome::failed;
  end.ended = utc_now();
  end.exit_code = process::launch_exit_status(*result.launch_error);
  give_to_ledger(end, nullptr);
  write_result(end);
}

void Run::settle(const loop::LoopResult& result, loop::Metering& metering) {
  ledger::RunEnd end = end_of(result, metering, start(), utc_now());
  if (!end.sessions.empty())
    resume_ = agents::resume_command(*contract_.agent.profile, end.sessions.front()).value_or("");
  end.receipt_json = receipt_of(result, metering, start(), resume_);
  if (!end.receipt_json.empty()) (void)folder_->write_receipt(end.receipt_json);
  give_to_ledger(end, &metering);
  console_.say(outcome_line(start(), end, result));
  if (alerts_) alerts_->on_end();
  if (end.parse.malformed > 0)
    console_.error(fmt::format("warning: {} line{} that may hold usage could not be read, so the count may be too low",
                               end.parse.malformed, end.parse.malformed == 1 ? "" : "s"));
  if (result.survivors > 0 || !result.survivors_known)
    console_.error(fmt::format("warning: {} could not be ended by SIGKILL (another user's, or stuck in the kernel); events.jsonl in {} names "
                               "them, and `tracked-spawn doctor` says what containment is possible here",
                               result.survivors_known ? fmt::format("{} process(es)", result.survivors) : "something", folder_->path()));
  write_back(end);
  write_result(end);
}

/// The outcome goes into the run's folder first: what the ledger can't take now, `recover` brings in.
void Run::give_to_ledger(const ledger::RunEnd& end, loop::Metering* metering) {
  (void)folder_->write_whole("end.json", report::encode_end(end));
  LedgerEntry::Ending ending{end, {}, {}, utc_now()};
  if (metering != nullptr && metering->pending_rows() > 0) {
    ending.rows = metering->take_rows();
    ending.totals = metering->meter().totals();
  }
  if (const auto finished = entry_.finish(ending); finished.has_error())
    console_.error(fmt::format("warning: {}; the outcome is kept in {}, and `tracked-spawn recover` brings it in later",
                               finished.error().message, folder_->path()));
}

void Run::write_back(const ledger::RunEnd& end) {
  const bool stopped = end.outcome == ledger::Outcome::cap || end.outcome == ledger::Outcome::stopped;
  const std::string resume = stopped && !resume_.empty() ? "resume with: " + resume_ : "";
  if (start().task_file.empty() || !options_.write_task) {
    if (!resume.empty()) console_.say(resume);
    return;
  }
  const auto actual = actual_of(start(), end, resume_);
  if (!actual) {
    console_.say(fmt::format("{}: not written, because the count is unknown", shown_path(start().task_file, world_.cwd)));
    return;
  }
  const auto fence = [this] { return entry_.may_write_task(); };
  const auto written = write_task(start(), *actual, world_.patterns, fence);
  if (written.has_error() && written.error().code == Errc::conflict && entry_.may_write_task().has_error()) {
    console_.error(fmt::format("warning: the task file is not written, for the task has another owner: {}; the ledger has the count", written.error().message));
    if (!resume.empty()) console_.say(resume);
    return;
  }
  if (written.has_error()) {
    console_.error(fmt::format("warning: {}; the ledger has the count, and `tracked-spawn task sync {}` writes it again",
                               written.error().message, start().id.text));
    if (!resume.empty()) console_.say(resume);
    return;
  }
  task_written_ = true;
  entry_.mark_task_written();
  console_.say(written_line(start(), *actual, *written) + (resume.empty() ? "" : " · " + resume));
  for (const std::string& note : written->notes) console_.detail(note);
}

void Run::write_result(const ledger::RunEnd& end) {
  if (options_.result_file.empty()) return;
  ledger::RunRecord record;
  record.start = start();
  record.heartbeat = end.ended;
  record.end = end;
  record.task_written = task_written_;
  const std::string text = report::run_json(record) + "\n";
  const int fd = ::open(options_.result_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool fine = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!fine) console_.error("warning: --result " + errno_error(options_.result_file, errno).message);
  if (fd >= 0) ::close(fd);
}

/// What `--dry-run` shows.
int show_plan(const Contract& contract, const Surroundings& world, Console& console) {
  for (const std::string& note : contract.notes) console.say(note);
  console.say(contract_line(contract));
  console.say(fmt::format("agent {} · would run: {}", contract.agent.profile->name, fmt::join(contract.start.argv, " ")));
  if (contract.start.task_file.empty()) return 0;
  const auto document = taskfile::load(contract.start.task_file);
  if (document.has_error()) return kExitRefused;
  const auto reading = taskfile::read(*document, world.patterns);
  console.say(reading.actual.line > 0 ? fmt::format("the count would be written at line {}", reading.actual.line)
                                      : std::string{"the file has no field for the count: a marked block would be appended"});
  return 0;
}

}  // namespace

int run(const RunOptions& options, const Surroundings& world, Console& console) {
  const auto program = process::find_program(options.argv.front(), env_of(world, "PATH"), world.cwd);
  if (program.has_error()) {
    console.error(program.error().message);
    return process::launch_exit_status(program.error());
  }
  std::optional<DetachedParent> parent;
  if (options.detach && !options.dry_run) {
    Agreement first = agree(options, world);  // a refusal belongs to the caller's terminal
    if (first.refusal) {
      console.error(first.refusal->message);
      return first.refusal->exit_status;
    }
    auto split = DetachedParent::split(options.json);
    if (split.has_error()) {
      console.error(split.error().message);
      return kExitFailed;
    }
    if (split->exit_status) return *split->exit_status;
    parent.emplace(std::move(*split));
  }
  std::unique_ptr<process::ChildLauncher> launcher;
  if (!options.dry_run) {
    auto prepared = process::prepare_local_launcher();
    if (prepared.has_error()) {
      console.error(prepared.error().message);
      return kExitFailed;
    }
    launcher = std::move(*prepared);
  }
  Agreement agreement = agree(options, world);
  if (agreement.refusal) {
    console.error(agreement.refusal->message);
    return agreement.refusal->exit_status;
  }
  if (options.dry_run) return show_plan(*agreement.contract, world, console);
  return Run(options, world, console, std::move(*agreement.contract)).go(*launcher, parent ? &*parent : nullptr);
}

}  // namespace ts::session
