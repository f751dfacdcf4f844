//! Histories from seeds: Atlas equals the provider's truth after each, and a planted defect is noticed.

use atlas_model::{Budget, Change, Plan, Planted, Start, Step, What, check, one};

/// On PostgreSQL every history makes its tables anew, so there are fewer; the rest of the seeds are for `cargo xtask bench model`.
fn seeds() -> u64 {
    if std::env::var("TEST_DATABASE_URL").is_ok() { 6 } else { 60 }
}

#[test]
fn after_every_history_atlas_equals_the_truth() {
    let verdict = check(Budget::of(seeds()));
    let failed: Vec<String> = verdict.failed.iter().map(ToString::to_string).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(verdict.played, seeds());
    let compared = verdict.compared;
    assert!(compared.contacts >= 6 && compared.companies >= 6 && compared.messages >= 12, "too little was compared: {compared:?}");
}

/// A history short enough to see through: everything is read, then a contact and a company go and no notice says so.
fn unnoticed() -> Plan {
    let gone = |what| Step::Change(Change::new(what, 1));
    let note = Step::Change(Change::new(What::TaskNote, 7));
    let steps = vec![Step::Work, note, Step::Pass(400), gone(What::DeleteContact), gone(What::DeleteCompany)];
    Plan { seed: 4, start: Start::default(), pace: (500, 20_000), pages: (2, 2, 2), steps }
}

#[test]
fn nothing_planted_nothing_found() {
    let outcome = one(&unnoticed(), Planted::Nothing);
    assert_eq!(outcome.differences, Vec::<String>::new());
    let compared = outcome.compared;
    assert_eq!((compared.contacts, compared.companies, compared.conversations, compared.tasks), (5, 2, 4, 1), "{compared:?}");
}

#[test]
fn a_planted_defect_is_noticed() {
    for (planted, word) in [
        (Planted::NoReconcile, "is not the provider's"),
        (Planted::PartTooMany, "part 999999999999 is missing"),
        (Planted::WrongField, "Somebody else"),
        (Planted::SecondEvent, "events of messages"),
        (Planted::LostTask, "the task of note"),
    ] {
        let differences = one(&unnoticed(), planted).differences;
        assert!(differences.iter().any(|difference| difference.contains(word)), "{planted:?}: {differences:?}");
    }
}

#[test]
fn a_seed_is_the_same_history_every_time_and_seeds_differ() {
    assert_eq!(Plan::new(11), Plan::new(11));
    assert_ne!(Plan::new(11).steps, Plan::new(12).steps);
}

#[test]
fn a_failing_history_is_cut_to_the_first_steps_that_fail() {
    let verdict = check(Budget { planted: Planted::PartTooMany, ..Budget::of(1) });
    assert_eq!(verdict.failed.len(), 1);
    assert_eq!(verdict.failed[0].plan.steps, [], "a part too many needs no step at all");
    assert!(verdict.failed[0].to_string().contains("--seed 1"), "{}", verdict.failed[0]);
}
