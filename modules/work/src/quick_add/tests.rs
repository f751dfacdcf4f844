//! The parser's table of cases, and what holds for every text.

use proptest::prelude::*;

use super::*;
use crate::people::Member;

fn people() -> People {
    let member =
        |n: i64, name: &str, email: &str| Member { id: format!("user_{n:026}").parse().unwrap(), name: name.into(), email: email.into() };
    People::new(vec![
        member(1, "Ines Okafor", "ines@kestrel.test"),
        member(2, "Jonas Weber", "jw@kestrel.test"),
        member(3, "Zoë Blå", "zb@kestrel.test"),
    ])
}

fn projects() -> Vec<Project> {
    let project = |n: i64, key: &str, name: &str| Project {
        id: format!("proj_{n:026}").parse().unwrap(),
        key: key.into(),
        name: name.into(),
        lead: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        archived_at: None,
        version: 1,
    };
    vec![project(1, "ACME", "Acme"), project(2, "ONB", "Onboarding 2.0")]
}

/// A Tuesday.
const NOW: &str = "2026-11-24T10:20:00";

fn with<T>(use_it: impl FnOnce(&Known<'_>) -> T) -> T {
    let (people, projects) = (people(), projects());
    let me = people.all().first().map(|member| member.id);
    use_it(&Known { people: &people, me, projects: &projects })
}

fn read(text: &str) -> Draft {
    with(|known| parse(text, NOW.parse().unwrap(), known))
}

/// The draft in one line: `title; due …; start …; !…; #…; +…; @…; ~…`.
fn said(draft: &Draft) -> String {
    let mut out = vec![draft.title.clone()];
    match (draft.due, draft.due_time) {
        (Some(day), Some(time)) => out.push(format!("due {day} {}", time.strftime("%H:%M"))),
        (Some(day), None) => out.push(format!("due {day}")),
        (None, _) => {}
    }
    out.extend(draft.start.map(|day| format!("start {day}")));
    out.extend(draft.priority.map(|priority| format!("!{priority}")));
    out.extend(draft.labels.iter().map(|label| format!("#{label}")));
    let (people, projects) = (people(), projects());
    out.extend(draft.project.and_then(|id| projects.iter().find(|p| p.id == id)).map(|p| format!("+{}", p.key)));
    out.extend(draft.assignees.iter().map(|id| format!("@{}", people.name(*id).split(' ').next().unwrap())));
    out.extend(draft.estimate.map(|minutes| format!("~{minutes}")));
    out.join("; ")
}

#[test]
fn each_line_reads_as_people_mean_it() {
    let cases = [
        ("Call the bank fri 15:00 #sales !high @me ~2h", "Call the bank; due 2026-11-27 15:00; !high; #sales; @Ines; ~120"),
        ("Send the SLA tomorrow @me !high", "Send the SLA; due 2026-11-25; !high; @Ines"),
        ("Buy milk", "Buy milk"),
        ("  Two   spaces  ", "Two spaces"),
        ("", ""),
        ("Ship today", "Ship; due 2026-11-24"),
        ("Ship tmr", "Ship; due 2026-11-25"),
        ("Ship Tomorrow.", "Ship; due 2026-11-25"),
        ("Ship mon", "Ship; due 2026-11-30"),
        ("Ship Wednesday", "Ship; due 2026-11-25"),
        ("Ship tue", "Ship; due 2026-12-01"),
        ("Ship tue 15:00", "Ship; due 2026-11-24 15:00"),
        ("Ship tue 9:00", "Ship; due 2026-12-01 09:00"),
        ("Ship next mon", "Ship; due 2026-11-30"),
        ("Ship next fri", "Ship; due 2026-12-04"),
        ("Ship next week", "Ship; due 2026-11-30"),
        ("Ship next month", "Ship; due 2026-12-01"),
        ("Ship by friday", "Ship; due 2026-11-27"),
        ("Ship on 24 dec", "Ship; due 2026-12-24"),
        ("Ship 24 nov", "Ship; due 2026-11-24"),
        ("Ship 23 nov", "Ship; due 2027-11-23"),
        ("Ship nov 30", "Ship; due 2026-11-30"),
        ("Ship 1st december", "Ship; due 2026-12-01"),
        ("Ship 3 Sept 2027", "Ship; due 2027-09-03"),
        ("Ship 29 feb", "Ship; due 2028-02-29"),
        ("Ship 31 feb", "Ship 31 feb"),
        ("Ship 24/11", "Ship; due 2026-11-24"),
        ("Ship 1/2", "Ship; due 2027-02-01"),
        ("Ship 24/11/2027", "Ship; due 2027-11-24"),
        ("Ship 24.12.2026", "Ship; due 2026-12-24"),
        ("Ship 2026-11-24", "Ship; due 2026-11-24"),
        ("Ship 2026-11-01", "Ship; due 2026-11-01"),
        ("Ship 2026-13-01", "Ship 2026-13-01"),
        ("Ship in 3 days", "Ship; due 2026-11-27"),
        ("Ship in a week", "Ship; due 2026-12-01"),
        ("Ship in 2 months", "Ship; due 2027-01-24"),
        ("Ship in 3 lorries", "Ship in 3 lorries"),
        ("Call 15:00", "Call; due 2026-11-24 15:00"),
        ("Call 9:00", "Call; due 2026-11-25 09:00"),
        ("Call 3pm", "Call; due 2026-11-24 15:00"),
        ("Call at 3:30 pm tomorrow", "Call; due 2026-11-25 15:30"),
        ("Call fri at 12am", "Call; due 2026-11-27 00:00"),
        ("15:00 call the bank fri", "call the bank; due 2026-11-27 15:00"),
        ("Call 25:00", "Call 25:00"),
        ("Prepare Friday report tomorrow", "Prepare Friday report; due 2026-11-25"),
        ("Support is 24/7", "Support is 24/7"),
        ("Pay 10.12 euros", "Pay 10.12 euros"),
        ("I may call 24 people", "I may call 24 people"),
        ("Monday.com login", "Monday.com login"),
        ("Plan starting mon by fri", "Plan; due 2026-11-27; start 2026-11-30"),
        ("Plan start:2026-11-25 next fri", "Plan; due 2026-12-04; start 2026-11-25"),
        ("Fix it !1", "Fix it; !urgent"),
        ("Fix it !4 !med", "Fix it; !medium"),
        ("Fix it now!", "Fix it now!"),
        ("Fix it !important", "Fix it !important"),
        ("Fix #12 #bug #Bug #ux-2", "Fix #12; #bug; #ux-2"),
        ("Ask @ines, @jw and @nobody", "Ask and @nobody; @Ines; @Jonas"),
        ("Ask @zoe", "Ask; @Zoë"),
        ("Mail a@b.test", "Mail a@b.test"),
        ("Set up +onb", "Set up; +ONB"),
        ("Set up +Onboarding2.0", "Set up; +ONB"),
        ("C++ and +1 and +XYZ", "C++ and +1 and +XYZ"),
        ("Write ~1h30", "Write; ~90"),
        ("Write ~30m", "Write; ~30"),
        ("Write ~45min", "Write; ~45"),
        ("Write ~1.5h", "Write; ~90"),
        ("Write ~1h30m ~2h", "Write; ~120"),
        ("About ~2000 people ~0h", "About ~2000 people ~0h"),
        ("Move in #home 3 days", "Move; due 2026-11-27; #home"),
        ("Überprüfe das Büro morgen", "Überprüfe das Büro morgen"),
        ("📞 the bank fri", "📞 the bank; due 2026-11-27"),
        ("fri 15:00", "; due 2026-11-27 15:00"),
    ];
    assert!(cases.len() >= 60);
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, want)| (text, want, said(&read(text))))
        .filter(|(_, want, got)| *want != got)
        .map(|(text, want, got)| format!("{text:?}\n  want {want}\n  got  {got}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn todays_weekday_is_in_a_week_unless_its_time_is_still_to_come() {
    let at = |now: &str, text: &str| with(|known| parse(text, now.parse().unwrap(), known)).due.unwrap().to_string();
    assert_eq!(at("2026-11-24T16:00:00", "Call tue 15:00"), "2026-12-01");
    assert_eq!(at("2026-11-24T14:59:00", "Call 15:00 tue"), "2026-11-24");
    assert_eq!(at("2026-11-22T10:00:00", "Call mon"), "2026-11-23");
    assert_eq!(at("2026-12-31T23:59:00", "Call tomorrow"), "2027-01-01");
    assert_eq!(at("2028-01-31T10:00:00", "Call in 1 month"), "2028-02-29");
}

#[test]
fn spans_say_where_in_the_text_things_were_understood() {
    let text = "Büro putzen fri 15:00, #home";
    let spans: Vec<(&str, Part)> = read(text).spans.iter().map(|span| (&text[span.start..span.end], span.kind)).collect();
    assert_eq!(spans, [("fri", Part::Due), ("15:00,", Part::Due), ("#home", Part::Label)]);
}

/// The draft written out again, everything understood at the end in its plainest form.
fn canonical(draft: &Draft) -> String {
    let (people, projects) = (people(), projects());
    let mut out = vec![draft.title.clone()];
    out.extend(draft.start.map(|day| format!("start:{day}")));
    out.extend(draft.due.map(|day| day.to_string()));
    out.extend(draft.due_time.map(|time| time.strftime("%H:%M").to_string()));
    out.extend(draft.priority.map(|priority| format!("!{priority}")));
    out.extend(draft.labels.iter().map(|label| format!("#{label}")));
    out.extend(draft.project.and_then(|id| projects.iter().find(|p| p.id == id)).map(|p| format!("+{}", p.key)));
    out.extend(draft.assignees.iter().map(|id| format!("@{}", people.all().iter().find(|m| m.id == *id).unwrap().email)));
    out.extend(draft.estimate.map(|minutes| format!("~{minutes}m")));
    out.join(" ")
}

fn phrase() -> impl Strategy<Value = String> {
    let words = [
        "call",
        "the",
        "bank",
        "fri",
        "mon,",
        "today",
        "tomorrow",
        "next",
        "week",
        "in",
        "3",
        "days",
        "24",
        "nov",
        "24/11",
        "31/2",
        "2026-11-24",
        "15:00",
        "3pm",
        "pm",
        "at",
        "by",
        "starting",
        "start:fri",
        "#sales",
        "#1",
        "!high",
        "!9",
        "@me",
        "@ines",
        "@x",
        "+ACME",
        "+Q",
        "~2h",
        "~x",
        "é",
        "2027",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..9).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), now in 0_i64..5_000_000_000) {
        let now = Timestamp::from_second(now).unwrap().to_zoned(jiff::tz::TimeZone::UTC).datetime();
        with(|known| parse(&text, now, known));
    }

    #[test]
    fn the_title_is_every_word_that_was_not_understood(text in prop_oneof![phrase(), ".{0,60}"]) {
        let draft = read(&text);
        let outside: Vec<&str> = text
            .split_whitespace()
            .filter(|word| {
                let at = word.as_ptr() as usize - text.as_ptr() as usize;
                !draft.spans.iter().any(|span| span.start == at)
            })
            .collect();
        prop_assert_eq!(&draft.title, &outside.join(" "));
        prop_assert!(draft.spans.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    #[test]
    fn written_out_again_it_reads_the_same(text in phrase()) {
        let first = read(&text);
        // "at" before the date that follows it in the written-out form would belong to that date.
        if ["at", "by", "starting"].iter().any(|lead| first.title.ends_with(lead)) {
            return Ok(());
        }
        let again = read(&canonical(&first));
        prop_assert_eq!(said(&first), said(&again), "{} → {}", text, canonical(&first));
    }
}
