#pragma once

#include <string_view>

namespace ts::tail {

/// What is known about one transcript that grew, as evidence for or against its being the run's.
struct Evidence {
  bool named = false;             ///< its session stands on the agent's stdout or command line
  bool parent_ours = false;       ///< its parent session (sub-agent, fork) is the run's
  bool open_in_tree = false;      ///< a process of the run's tree held it open
  bool claimed_strongly = false;  ///< another live run has it by name or open file
  bool claimed_weakly = false;    ///< another live run has it by its folder alone
  bool cwd_known = false;         ///< it says in which folder it was recorded
  bool cwd_ours = false;          ///< … and that is the run's
  bool existed = false;           ///< it stood there before the launch
  bool resumable = false;         ///< the command line allows to go on with an older session
  bool session_known = false;     ///< the run's own session is already known by name
  bool name_expected = false;     ///< stdout is going to name it soon
  bool has_other_weak = false;    ///< the run already has a session by its folder alone
  bool interactive = false;       ///< sessions can change within one process
  bool nested = false;            ///< a second agent process was seen in the tree
};

/// Whose a transcript is, and by which evidence. The order is the rank; names are stored in the ledger's events.
enum class Belonging {
  undecided,   ///< wait: more evidence may come
  foreign,     ///< not the run's
  by_folder,   ///< its recorded cwd is the run's and nothing speaks against it
  by_open,     ///< a process of the tree held it open
  by_parent,   ///< its parent session is the run's
  by_name,     ///< stdout or the command line named it
};
[[nodiscard]] std::string_view name_of(Belonging belonging);
[[nodiscard]] constexpr bool is_ours(Belonging belonging) { return belonging >= Belonging::by_folder; }

/// The rank of evidence, strongest first:
///   1. named on stdout or on the command line → ours, whoever else claims it
///   2. its parent session is ours             → ours
///   3. a process of the tree held it open     → ours
///   4. another live run has it by 1–3, or had it first by 5 → foreign
///   5. its recorded cwd is the run's → ours, unless
///        it is older than the run and the command line can't resume one, or
///        the run has its session already (by name; or, not interactive, by folder) and no second agent runs in the tree;
///        while stdout is about to name the session → wait
///   6. its cwd is another one → foreign; unknown → wait
[[nodiscard]] Belonging decide_belonging(const Evidence& evidence);

}  // namespace ts::tail
