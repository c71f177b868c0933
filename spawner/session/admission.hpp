#pragma once

#include "accounting/ledger/books.hpp"
#include "spawner/session/contract.hpp"

// What stands between a contract and a launch: budgets, claims, the user's own check.

namespace ts::session {

/// The key under which a word of the user's is claimed: a task file's real path, or issue_key() of it where it is a URL or has a
/// `#` ("owner/project#12"). Errors: not_found, ambiguous (as for --task).
[[nodiscard]] Result<std::string> claim_key(const std::string& word, const Surroundings& world);

/// The key of a task file.
[[nodiscard]] std::string claim_key_of_file(const std::string& file);

/// What the run of this contract asks of the gate. Its process and id are filled in from `contract.start`.
/// Errors: as claim_key().
[[nodiscard]] Result<ledger::GateRequest> gate_request(const Contract& contract, const RunOptions& options, const Surroundings& world);

/// A run that works for the run that has the task needs no claim of its own: leaves out what its parents hold.
void leave_out_parents_claims(ledger::Books& books, const std::string& parent_run, ledger::GateRequest& request);

/// Where time comes from, and what is done while waiting.
struct Queue {
  std::optional<std::chrono::milliseconds> wait;  ///< absent: ask once
  std::function<UtcTime()> now;
  std::function<void()> settle = {};                    ///< from time to time: what crashed is settled, so that its room is free again
  std::function<void(const std::string&)> tell = {};    ///< once, if it waits: why
  std::function<bool()> is_abandoned = {};              ///< nobody wants the run any more
};

/// How a run got past the gate, or not.
struct Passage {
  ledger::GateAnswer answer;
  int signal = 0;  ///< denied: this one came while it waited
};

/// Passes the gate, waiting in front of it if asked to; then `request.run.started` is the moment in which it was passed. A denial
/// is an answer, not an error. While it waits, signals that end programs end the waiting. Errors: the ledger's.
[[nodiscard]] Result<Passage> pass_gate(ledger::Gate& gate, ledger::GateRequest& request, const Queue& queue);

/// Runs `--check` with TRACKED_SPAWN_TASK, …_TASK_FILE and …_RUN in its environment. Errors: refused, with what it said.
[[nodiscard]] Result<void> run_check(const RunOptions& options, const ledger::RunStart& start, const Surroundings& world);

/// Whether the owner of a claim is certainly gone. Claims by hand never are before their lease has run out.
[[nodiscard]] std::function<bool(const ledger::Owner&)> dead_owner_test();

/// "budget 'month': 1,200 fresh tokens left of …" and the like, ready for people: the answer's reason with when to ask again.
[[nodiscard]] std::string denial_text(const ledger::GateAnswer& answer);

}  // namespace ts::session
