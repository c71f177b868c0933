#include "spawner/tail/belonging.hpp"

namespace ts::tail {

std::string_view name_of(Belonging belonging) {
  constexpr std::string_view names[] = {"undecided", "foreign", "by folder", "by open file", "by parent", "by name"};
  return names[static_cast<int>(belonging)];
}

namespace {

Belonging by_folder_alone(const Evidence& e) {
  if (e.claimed_weakly) return Belonging::foreign;
  if (!e.cwd_known) return Belonging::undecided;
  if (!e.cwd_ours) return Belonging::foreign;
  if (e.existed && !e.resumable) return Belonging::foreign;
  if (e.nested) return Belonging::by_folder;
  if (e.session_known) return Belonging::foreign;
  if (e.name_expected) return Belonging::undecided;
  return e.has_other_weak && !e.interactive ? Belonging::foreign : Belonging::by_folder;
}

}  // namespace

Belonging decide_belonging(const Evidence& e) {
  if (e.named) return Belonging::by_name;
  if (e.parent_ours) return Belonging::by_parent;
  if (e.open_in_tree) return Belonging::by_open;
  if (e.claimed_strongly) return Belonging::foreign;
  return by_folder_alone(e);
}

}  // namespace ts::tail
