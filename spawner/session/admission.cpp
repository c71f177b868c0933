#include "spawner/session/admission.hpp"

#include <fmt/format.h>

#include <csignal>
#include <filesystem>

#include "accounting/base/text.hpp"
#include "spawner/process/command.hpp"
#include "spawner/process/exit_status.hpp"
#include "spawner/session/identity.hpp"
#include "spawner/session/issue_key.hpp"
#include "taskfile/find.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ledger::ClaimRequest;
using ledger::GateAnswer;
using ledger::GateRequest;
using ledger::Verdict;

constexpr int kMostParents = 16;
constexpr auto kSettleEvery = 5s;
constexpr auto kPlace = 15s;  ///< how long a run that doesn't ask again keeps its place
constexpr auto kLongestPause = 1s;
constexpr std::int64_t kLeastShareOfCap = 10;

bool is_reference(const std::string& word) { return word.find("://") != std::string::npos || word.find('#') != std::string::npos; }

ClaimRequest claim_request(std::string key, const ledger::RunStart& run, const RunOptions& options) {
  ClaimRequest request;
  request.key = std::move(key);
  request.owner = {run.id.text, run.host, run.pid, run.pid_start_ticks, run.boot_id, ""};
  request.lease = options.gate.lease;
  request.is_dead = dead_owner_test();
  request.handed_over = options.gate.claim_token;
  return request;
}

/// The smallest cap that a cut may leave: what the user said, else a tenth of the cap.
Result<std::int64_t> least_cap(const RunOptions& options, const ledger::Cap& cap) {
  if (options.gate.least_cap.empty()) return std::max<std::int64_t>(cap.limit.value_or(0) / kLeastShareOfCap, 1);
  const auto least = parse_cap(options.gate.least_cap);
  if (least.has_error()) return with_context("--least-cap", least.error());
  const bool in_dollars = cap.formula == Formula::usd;
  if (const auto* tokens = std::get_if<TokenCap>(&*least); tokens != nullptr && !in_dollars) return tokens->tokens;
  if (const auto* dollars = std::get_if<DollarCap>(&*least); dollars != nullptr && in_dollars) return dollars->limit;
  return Error{Errc::invalid_argument, fmt::format("--least-cap {}: not in the cap's own unit", printable(options.gate.least_cap))};
}

std::string last_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return printable(text.substr(text.rfind('\n') + 1));
}

/// One run in front of the gate.
class Petitioner {
 public:
  Petitioner(ledger::Gate& gate, GateRequest& request, const Queue& queue) : gate_(gate), request_(request), queue_(queue) {
    if (!queue_.wait) return;
    request_.queue = kPlace;
    sigemptyset(&ending_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ending_, signal);
    ::pthread_sigmask(SIG_BLOCK, &ending_, &before_);
  }
  ~Petitioner() {
    if (queue_.wait) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Petitioner(const Petitioner&) = delete;
  Petitioner& operator=(const Petitioner&) = delete;

  Result<Passage> pass() {
    std::optional<GateAnswer> denied;
    while (true) {
      request_.run.started = queue_.now();  // waiting is not a part of the run
      auto answer = gate_.admit(request_, request_.run.started);
      const bool busy = answer.has_error() && answer.error().code == Errc::busy;
      const bool patient = queue_.wait && Clock::now() - begun_ < *queue_.wait;
      if (busy && patient) continue;
      if (busy && denied) return give_up(std::move(*denied));
      if (answer.has_error()) return answer.error();
      if (answer->verdict != Verdict::denied || !queue_.wait) return Passage{std::move(*answer)};
      if (answer->cancelled || answer->never || !patient) return give_up(std::move(*answer));
      if (!denied && queue_.tell) queue_.tell("waiting: " + answer->reason);
      denied = std::move(*answer);
      if (const int signal = look_until_it_may_start()) return leave(std::move(*denied), signal);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Looking only reads, so that who waits doesn't keep the writers waiting; nor does it keep the place, which is asked for in good time.
  /// Not 0: a signal that ends programs has come.
  int look_until_it_may_start() {
    const auto end = std::min(Clock::now() + kPlace / 3, begun_ + *queue_.wait);
    while (Clock::now() < end) {
      const timespec pause{pause_ / 1s, pause_ % 1s / 1ns};
      if (const int signal = ::sigtimedwait(&ending_, nullptr, &pause); signal > 0) return signal;
      if (queue_.is_abandoned && queue_.is_abandoned()) return SIGHUP;
      pause_ = std::min<std::chrono::milliseconds>(pause_ * 3 / 2, kLongestPause);
      if (queue_.settle && Clock::now() - settled_ >= kSettleEvery) {
        queue_.settle();
        settled_ = Clock::now();
      }
      const auto answer = gate_.ask(request_, queue_.now());
      if (answer.has_value() && answer->verdict != Verdict::denied) break;
    }
    return 0;
  }

  Passage give_up(GateAnswer answer) {
    (void)gate_.leave_queue(request_.run.id);  // else the place is lost in a few seconds
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_);
    if (answer.cancelled) answer.reason = fmt::format("stopped while it waited: {}", answer.reason);
    else if (!answer.never) answer.reason = fmt::format("waited {} in vain: {}", human_duration(waited), answer.reason);
    return {std::move(answer)};
  }

  Passage leave(GateAnswer answer, int signal) {
    (void)gate_.leave_queue(request_.run.id);
    answer.reason = fmt::format("{} came while it waited: {}", process::signal_name(signal), answer.reason);
    return {std::move(answer), signal};
  }

  ledger::Gate& gate_;
  GateRequest& request_;
  const Queue& queue_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point settled_ = begun_;
  std::chrono::milliseconds pause_{100};
  sigset_t ending_{}, before_{};
};

}  // namespace

std::string claim_key_of_file(const std::string& file) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(file, error);
  return error ? file : real.string();
}

Result<std::string> claim_key(const std::string& word, const Surroundings& world) {
  if (is_reference(word)) return issue_key(word);
  TS_TRY(const fs::path found, taskfile::resolve(word, taskfile::project_root(world.cwd)));
  return claim_key_of_file((found.is_absolute() ? found : fs::path{world.cwd} / found).string());
}

std::function<bool(const ledger::Owner&)> dead_owner_test() {
  return [](const ledger::Owner& owner) {
    if (owner.pid == 0) return false;
    ledger::RunStart process;
    process.host = owner.host;
    process.pid = owner.pid;
    process.pid_start_ticks = owner.pid_start_ticks;
    process.boot_id = owner.boot_id;
    return ledger::liveness_of(process, here()) == ledger::Liveness::dead;
  };
}

Result<GateRequest> gate_request(const Contract& contract, const RunOptions& options, const Surroundings& world) {
  const GateOptions& gate = options.gate;
  GateRequest request;
  request.run = contract.start;
  request.reserve = ledger::reserve_of(contract.start.cap);
  request.is_dead = dead_owner_test();
  request.when_short = gate.cap_to_headroom ? ledger::WhenShort::cut_cap : ledger::WhenShort::refuse;
  if (gate.cap_to_headroom) {
    TS_TRY(request.least, least_cap(options, contract.start.cap));
  }
  // A reviewer reads what the engineer wrote: it doesn't stand in his way.
  const bool works_on_it = taskfile::role_named(contract.start.role) != taskfile::Role::reviewer;
  if (!contract.start.task_file.empty() && gate.claim_task && works_on_it)
    request.claim = claim_request(claim_key_of_file(contract.start.task_file), contract.start, options);
  for (const std::string& word : gate.claims) {
    TS_TRY(std::string key, claim_key(word, world));
    const bool known = (request.claim && request.claim->key == key) ||
                       std::ranges::any_of(request.also, [&](const ClaimRequest& other) { return other.key == key; });
    if (!known) request.also.push_back(claim_request(std::move(key), contract.start, options));
  }
  return request;
}

void leave_out_parents_claims(ledger::Books& books, const std::string& parent_run, GateRequest& request) {
  if (!request.claim && request.also.empty()) return;
  std::string run = parent_run;
  for (int i = 0; i < kMostParents && !run.empty(); ++i) {
    const auto held_by_parent = [&](const ClaimRequest& claim) {
      const auto found = books.claims().find(claim.key);
      return found.has_value() && *found && (*found)->owner.run == run;
    };
    if (request.claim && held_by_parent(*request.claim)) request.claim.reset();
    std::erase_if(request.also, held_by_parent);
    const auto parent = books.runs().find(run);
    run = parent.has_value() ? parent->start.parent_run : std::string{};
  }
}

std::string denial_text(const GateAnswer& answer) {
  if (!answer.ask_again) return answer.reason;
  const bool by_claim = answer.obstacle == ledger::Obstacle::claim;
  return fmt::format("{} ({} {})", answer.reason, by_claim ? "its lease ends, unless it is renewed," : "the next period begins", rfc3339(*answer.ask_again));
}

Result<Passage> pass_gate(ledger::Gate& gate, GateRequest& request, const Queue& queue) {
  return Petitioner{gate, request, queue}.pass();
}

Result<void> run_check(const RunOptions& options, const ledger::RunStart& start, const Surroundings& world) {
  process::Command command = process::shell_command(options.gate.check);
  command.env = world.env_words;
  for (const auto& [name, value] : {std::pair{"TASK", start.task_id}, {"TASK_FILE", start.task_file}, {"CHECKED_RUN", start.id.text}})
    command.env.push_back(fmt::format("TRACKED_SPAWN_{}={}", name, value));
  command.cwd = world.cwd;
  command.limit = options.gate.check_limit;
  TS_TRY(const process::CommandResult result, process::run_command(command));
  if (result.timed_out)
    return Error{Errc::refused, fmt::format("--check '{}': gave no answer within {}", printable(options.gate.check, 80), human_duration(command.limit))};
  if (process::shell_status(result.status) == 0) return {};
  const std::string said = last_line(result.output);
  return Error{Errc::refused, fmt::format("--check '{}': {}{}", printable(options.gate.check, 80), process::describe(result.status), said.empty() ? "" : ": " + said)};
}

}  // namespace ts::session
