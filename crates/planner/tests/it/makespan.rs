//! Makespan mode on generated projects; the published sets are measured by the benchmark.

use atlas_planner::makespan::{ParseError, Project, ProjectError, parse, quick, solve};
use atlas_planner_testkit::projects::{bound, project, shortest, wrong};

use crate::cases;

#[test]
fn schedules_are_right_and_never_below_the_bound() {
    for seed in 0..cases(40) {
        let project = project(seed, 10 + seed as usize % 50);
        for solution in [quick(&project), solve(&project, 300, seed)] {
            assert_eq!(wrong(&project, &solution.starts), Vec::<String>::new(), "project {seed}");
            assert!(solution.makespan >= bound(&project), "project {seed}");
            let end = solution.starts.iter().zip(&project.durations).map(|(start, duration)| start + duration).max();
            assert_eq!(end, Some(solution.makespan));
            assert!(solution.schedules <= 300);
        }
    }
}

#[test]
fn small_projects_are_solved_to_the_optimum() {
    for seed in 0..cases(25) {
        let project = project(seed + 500, 6);
        assert_eq!(solve(&project, 600, 1).makespan, shortest(&project), "project {seed}");
    }
}

#[test]
fn more_schedules_are_not_worse_on_the_whole_and_the_same_seed_repeats() {
    let projects: Vec<Project> = (0..12).map(|seed| project(seed + 90, 40)).collect();
    let sum = |schedules: u32| -> u32 { projects.iter().map(|project| solve(project, schedules, 3).makespan).sum() };
    let (quickly, long) = (projects.iter().map(|project| quick(project).makespan).sum::<u32>(), sum(1500));
    assert!(long <= sum(100) && sum(100) <= quickly);
    assert_eq!(solve(&projects[0], 500, 9), solve(&projects[0], 500, 9));
}

#[test]
fn a_project_of_more_than_four_resources_is_scheduled_too() {
    let mut wide = project(5, 20);
    wide.capacity.extend([10, 10, 10]);
    wide.needs.iter_mut().enumerate().for_each(|(index, needs)| needs.extend([index as u32 % 10, 3, 1]));
    let solution = solve(&wide, 200, 1);
    assert_eq!(wrong(&wide, &solution.starts), Vec::<String>::new());
}

const TEXT: &str = "PRECEDENCE RELATIONS:
jobnr. #modes #successors successors
   1 1 2 2 3
   2 1 1 4
   3 1 1 4
   4 1 0
****
REQUESTS/DURATIONS:
jobnr. mode duration R 1 R 2
-----
  1 1 0 0 0
  2 1 3 2 0
  3 1 4 2 1
  4 1 0 0 0
****
RESOURCEAVAILABILITIES:
 R 1 R 2
 3 1
****
";

#[test]
fn the_text_format_is_read_and_errors_are_named() {
    let project = parse(TEXT).unwrap();
    assert_eq!((project.critical_path(), solve(&project, 10, 1).makespan), (4, 7));
    assert_eq!(parse("nothing"), Err(ParseError::Section("PRECEDENCE RELATIONS:")));
    assert_eq!(parse(&TEXT.replace("  2 1 3 2 0", "  2 1 x 2 0")), Err(ParseError::Line("  2 1 x 2 0".to_owned())));
    assert_eq!(parse(&TEXT.replace("2 1 3 2 0", "2 1 3 9 0")), Err(ParseError::Project(ProjectError::TooMuch(1))));
    assert_eq!(parse(&TEXT.replace("   4 1 0", "   4 1 1 2")), Err(ParseError::Project(ProjectError::Cycle(1))));
}
