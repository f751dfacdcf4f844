//! Branches: what is tried on one never shows on the other.

use atlas_planner::{Event, PersonId, Planner, Span};
use atlas_planner_testkit::worlds::{MONDAY, Team, team};

#[test]
fn a_branch_is_planned_for_itself() {
    let planner = Planner::new(team(2, Team { people: 6, tasks: 120, weeks: 4 })).unwrap();
    let before = planner.plan();
    let mut branch = planner.branch();
    let absence = Event::AbsenceAdded { person: PersonId(2), span: Span::new(MONDAY, MONDAY + 10 * 1440) };
    let changes = branch.apply(&absence).unwrap();
    assert!(!changes.moves.is_empty());
    assert_eq!(planner.plan(), before);
    assert_ne!(branch.plan(), before);
    assert_eq!(planner.world().people[1].absences.len() + 1, branch.world().people[1].absences.len());
    crate::worlds::assert_right(&branch.world(), &branch.plan(), "branch");
}
