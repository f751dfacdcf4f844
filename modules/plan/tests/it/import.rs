//! Meetings read from files and addresses as Google, Outlook and Apple write them.

use std::sync::{Arc, Mutex};

use atlas_connect::{Inside, Loss, Transport};
use atlas_identity::Vault;
use atlas_kernel::{Error, Timestamp};
use atlas_plan::calendar::import::store::Difference;
use atlas_plan::calendar::import::verbs::{self, NewCalendar};
use atlas_plan::calendar::import::{Calendar, MOST_MEETINGS, Reach, Reading, expand, job, read, store};
use atlas_plan::calendar::{Busy, store as calendar};
use atlas_store::query;
use axum::http::{Request, Response};
use futures::FutureExt;
use jiff::tz::TimeZone;

use crate::office::{Office, at, work};

const GOOGLE: &str = include_str!("../calendars/google.ics");
const OUTLOOK: &str = include_str!("../calendars/outlook.ics");
const APPLE: &str = include_str!("../calendars/apple.ics");

/// What a member in Dublin keeps of it between two moments.
fn kept(text: &str, from: &str, until: &str) -> Reading {
    let zone = TimeZone::get("Europe/Dublin").unwrap();
    let text = read(text).expect("it is a calendar");
    expand(&text, &zone, &["ines@example.org".to_owned()], at(from), at(until))
}

fn lines(reading: &Reading) -> Vec<String> {
    reading.taken.iter().map(|one| format!("{} {} {}{}", one.start, one.finish, one.title, if one.away { " (away)" } else { "" })).collect()
}

#[test]
fn google_repeats_excepts_moves_calls_off_and_declines() {
    let reading = kept(GOOGLE, "2026-11-23T00:00:00Z", "2027-01-10T00:00:00Z");
    let wanted = [
        "2026-11-23T09:00:00Z 2026-11-23T09:15:00Z Stand-up, team",
        "2026-11-26T10:00:00Z 2026-11-26T11:00:00Z Renewal call",
        "2026-11-30T14:00:00Z 2026-11-30T14:30:00Z Stand-up, team (later)",
        "2026-12-07T09:00:00Z 2026-12-07T09:15:00Z Stand-up, team",
        "2026-12-09T09:00:00Z 2026-12-09T09:15:00Z Stand-up, team",
        "2026-12-14T09:00:00Z 2026-12-14T09:15:00Z Stand-up, team",
        "2026-12-24T00:00:00Z 2026-12-27T00:00:00Z Christmas (away)",
    ];
    assert_eq!(lines(&reading), wanted);
    assert_eq!((reading.free, reading.cancelled, reading.declined, reading.unreadable.len()), (1, 1, 1, 0));
}

#[test]
fn outlook_describes_its_zone_hides_what_is_private_and_one_broken_event_spoils_nothing() {
    let reading = kept(OUTLOOK, "2026-11-23T00:00:00Z", "2027-06-30T00:00:00Z");
    let wanted = [
        "2026-12-01T07:00:00Z 2026-12-01T08:00:00Z Busy (away)",
        "2026-12-08T09:30:00Z 2026-12-08T10:30:00Z Board",
        "2027-01-12T09:30:00Z 2027-01-12T10:30:00Z Board",
        "2027-02-09T09:30:00Z 2027-02-09T10:30:00Z Board",
        "2027-03-09T09:30:00Z 2027-03-09T10:30:00Z Board",
        "2027-04-13T08:30:00Z 2027-04-13T09:30:00Z Board",
        "2027-05-11T08:30:00Z 2027-05-11T09:30:00Z Board",
    ];
    assert_eq!(lines(&reading), wanted);
    assert_eq!((reading.free, reading.unreadable.as_slice()), (1, &["“Broken”: “2026-12-03 10:00” is no date".to_owned()][..]));
}

#[test]
fn apple_says_lengths_and_floating_times() {
    let reading = kept(APPLE, "2026-11-22T00:00:00Z", "2027-06-30T00:00:00Z");
    let wanted = [
        "2026-11-23T16:00:00Z 2026-11-23T17:30:00Z Call with New York",
        "2026-11-25T16:00:00Z 2026-11-25T17:30:00Z Call with New York",
        "2026-11-25T16:00:00Z 2026-11-25T16:30:00Z By whatever clock there is",
    ];
    assert_eq!(lines(&reading), wanted);
    assert_eq!(reading.free, 1);
}

fn weekly(zone: &str, describes: &str, start: &str, end: &str, rule: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{describes}BEGIN:VEVENT\r\nUID:w\r\nSUMMARY:W\r\nDTSTART;TZID={zone}:{start}\r\n\
         DTEND;TZID={zone}:{end}\r\nRRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

const DESCRIBED: &str = "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19701025T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0000\r\n\
     RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19700329T010000\r\nTZOFFSETFROM:+0000\r\n\
     TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n";

#[test]
fn both_changes_of_clocks_leave_meetings_where_the_clock_says() {
    for (zone, describes) in [("Europe/Dublin", ""), ("Ours", DESCRIBED), ("GMT Standard Time", ""), ("/example.org/1/Europe/Dublin", "")] {
        let text = weekly(zone, describes, "20261019T090000", "20261019T100000", "FREQ=WEEKLY;COUNT=2");
        let autumn = kept(&text, "2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z");
        assert_eq!(
            lines(&autumn),
            ["2026-10-19T08:00:00Z 2026-10-19T09:00:00Z W", "2026-10-26T09:00:00Z 2026-10-26T10:00:00Z W"],
            "{zone}"
        );
        let text = weekly(zone, describes, "20270322T090000", "20270322T100000", "FREQ=WEEKLY;COUNT=2");
        let spring = kept(&text, "2027-03-01T00:00:00Z", "2027-05-01T00:00:00Z");
        assert_eq!(
            lines(&spring),
            ["2027-03-22T09:00:00Z 2027-03-22T10:00:00Z W", "2027-03-29T08:00:00Z 2027-03-29T09:00:00Z W"],
            "{zone}"
        );
        // Half past one is skipped on 28 March 2027, and comes twice on 25 October 2026: then the first counts.
        let text = weekly(zone, describes, "20270327T013000", "20270327T014500", "FREQ=DAILY;COUNT=2");
        let skipped = kept(&text, "2027-03-01T00:00:00Z", "2027-05-01T00:00:00Z");
        assert_eq!(
            lines(&skipped),
            ["2027-03-27T01:30:00Z 2027-03-27T01:45:00Z W", "2027-03-28T01:30:00Z 2027-03-28T01:45:00Z W"],
            "{zone}"
        );
        let text = weekly(zone, describes, "20261025T013000", "20261025T014500", "FREQ=DAILY;COUNT=1");
        assert_eq!(
            lines(&kept(&text, "2026-10-01T00:00:00Z", "2026-12-01T00:00:00Z")),
            ["2026-10-25T00:30:00Z 2026-10-25T00:45:00Z W"],
            "{zone}"
        );
        // The end of the series is a moment in UTC, which the clock of the series reads otherwise.
        let text = weekly(zone, describes, "20270323T003000", "20270323T010000", "FREQ=WEEKLY;UNTIL=20270329T233000Z");
        assert_eq!(kept(&text, "2027-03-01T00:00:00Z", "2027-05-01T00:00:00Z").taken.len(), 2, "{zone}");
    }
}

#[test]
fn what_is_no_calendar_and_what_is_too_much_is_said() {
    assert!(read("<html>Sign in</html>").is_none() && read("").is_none());
    let strange = weekly("Nowhere", "", "20261124T090000", "20261124T100000", "FREQ=DAILY;COUNT=2");
    let reading = kept(&strange, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
    assert_eq!((reading.taken.len(), reading.unreadable.len()), (2, 1), "{reading:?}");
    let often = weekly("Europe/Dublin", "", "20261124T090000", "20261124T090001", "FREQ=SECONDLY");
    assert!(kept(&often, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").unreadable[0].contains("more often than daily"));
    let nonsense = weekly("Europe/Dublin", "", "20261124T090000", "20261124T100000", "FREQ=FORTNIGHTLY");
    assert!(kept(&nonsense, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").unreadable[0].contains("rule"));
    let one = |n: usize| format!("BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:20261124T0900{:02}Z\r\nDURATION:PT30M\r\nEND:VEVENT\r\n", n % 60);
    let many = format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", (0..MOST_MEETINGS + 7).map(one).collect::<String>());
    let reading = kept(&many, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
    assert_eq!((reading.taken.len(), reading.beyond), (MOST_MEETINGS, 7));
}

/// A calendar of so many repeating events.
fn repeating(count: usize, start: &str, rule: &str) -> String {
    let one = |n: usize| format!("BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:{start}\r\nDURATION:PT30M\r\nRRULE:{rule}\r\nEND:VEVENT\r\n");
    format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", (0..count).map(one).collect::<String>())
}

#[test]
fn a_calendar_that_would_never_end_is_read_in_seconds_and_says_what_was_left_out() {
    let every = |upto: usize| (0..upto).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
    let each_second = format!("BYHOUR={};BYMINUTE={};BYSECOND={}", every(24), every(60), every(60));
    for rule in [format!("FREQ=DAILY;{each_second}"), format!("FREQ=YEARLY;{each_second}")] {
        let reading = kept(&repeating(3, "19700101T000000Z", &rule), "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z");
        assert!(reading.taken.is_empty() && reading.unreadable.iter().all(|why| why.contains("more often than daily")), "{reading:?}");
    }
    // Rules that are far from their first day, that never come true, and thousands of daily ones.
    let begun = std::time::Instant::now();
    for (count, start, rule) in [
        (2_000, "00010101T090000Z", "FREQ=DAILY"),
        (2_000, "19700101T090000Z", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        (5_000, "20251101T090000Z", "FREQ=DAILY"),
    ] {
        let reading = kept(&repeating(count, start, rule), "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z");
        assert!(reading.taken.len() <= MOST_MEETINGS);
        let said = reading.beyond > 0 || reading.unreadable.iter().any(|why| why.contains("too long"));
        assert!(said, "{count} of {rule}: {} taken, {} unread", reading.taken.len(), reading.unreadable.len());
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn however_deep_or_long_its_parts_are_it_is_read() {
    let deep = format!("BEGIN:VTIMEZONE\r\n{}END:VTIMEZONE\r\n", "BEGIN:STANDARD\r\n".repeat(100_000));
    let hidden = format!("BEGIN:VEVENT\r\nUID:h\r\nSUMMARY:{}\r\nEND:VEVENT\r\n", "\rBEGIN:STANDARD".repeat(100_000));
    let still = "BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20261124T090000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n";
    for first in [deep, hidden] {
        let text = format!("BEGIN:VCALENDAR\r\n{first}{still}END:VCALENDAR\r\n");
        assert_eq!(kept(&text, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").taken.len(), 1);
    }
    let long = repeating(1, "20261124T090000Z", "FREQ=DAILY").replace("UID:0", &format!("UID:{}", "u".repeat(100_000)));
    let reading = kept(&long, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
    assert!(reading.taken.len() == 7 && reading.taken.iter().all(|one| one.key.len() < 300));
}

#[test]
fn mangled_calendars_are_read_as_far_as_they_go() {
    let strange = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART:00010101T000000Z\r\nDTEND:99991230T000000Z\r\nRDATE:20260101T000000Z\r\n\
         END:VEVENT\r\nBEGIN:VEVENT\r\nUID:b\r\nDTSTART:20261124T090000Z\r\nDURATION:PT30M\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    assert!(lines(&kept(strange, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")).iter().any(|line| line.contains("T09:00:00Z")));
    // The same mangled calendars in every run: a digit, a name or a line of a real one replaced by another.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for text in [GOOGLE, OUTLOOK, APPLE] {
        for _ in 0..300 {
            let mut mangled: Vec<char> = text.chars().collect();
            for _ in 0..=next(12) {
                let at = next(mangled.len());
                mangled[at] = ['0', '9', '-', ';', ',', 'Z', '\n', 'T', ':', '\u{0}'][next(10)];
            }
            if let Some(text) = read(&mangled.into_iter().collect::<String>()) {
                let zone = TimeZone::get("Pacific/Apia").unwrap();
                let reading = expand(&text, &zone, &[], at("2026-11-01T00:00:00Z"), at("2027-11-01T00:00:00Z"));
                assert!(reading.taken.len() <= MOST_MEETINGS && reading.taken.iter().all(|one| one.start < one.finish));
            }
        }
    }
}

#[test]
fn what_is_private_is_not_told_by_its_title_even_when_it_cannot_be_read() {
    let event = |class: &str| {
        format!("BEGIN:VEVENT\r\nUID:{class}\r\nSUMMARY:Doctor\r\nCLASS:{class}\r\nDTSTART:tomorrow{}\r\nEND:VEVENT\r\n", "x".repeat(900))
    };
    let text = format!("BEGIN:VCALENDAR\r\n{}{}{}END:VCALENDAR\r\n", event("PRIVATE"), event("CONFIDENTIAL"), event("PUBLIC"));
    let unreadable = kept(&text, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").unreadable;
    assert_eq!(unreadable.iter().map(|why| why.contains("Doctor")).collect::<Vec<_>>(), [false, false, true], "{unreadable:?}");
    assert!(unreadable.iter().all(|why| why.chars().count() < 300));
}

async fn hand_in(o: &Office, name: &str, text: &str) -> atlas_kernel::Result<(Calendar, Difference)> {
    let new = &NewCalendar { name: name.into(), own_address: "ines@example.org".into(), from: text.into() };
    let ines = &o.ines;
    let file = &verbs::read_file(&o.db, ines, ines.user.unwrap(), new).await?;
    o.db.write(|tx| async move { verbs::add_file(&tx, ines, new, file).await }).await
}

async fn meetings(o: &Office) -> Vec<Busy> {
    calendar::busy_between(&o.db, o.ines.workspace, o.ines.user.unwrap(), Timestamp::UNIX_EPOCH, Timestamp::MAX).await.unwrap()
}

async fn count(o: &Office, sql: &'static str) -> i64 {
    query(sql).bind(o.ines.workspace).value(&o.db).await.unwrap()
}

const EVENTS: &str = "SELECT COUNT(*) FROM events WHERE workspace_id = $1 AND operation LIKE 'plan.calendar%'";
const JOBS: &str = "SELECT COUNT(*) FROM jobs WHERE workspace_id = $1 AND kind = 'plan.replan'";

#[tokio::test]
async fn a_file_is_planned_around_and_twice_changes_nothing_and_removing_it_removes_its_meetings() {
    let o = Office::new().await;
    let task = o.task(work("Write", 60, &o.ines)).await;
    o.busy(&o.ines, atlas_plan::calendar::BusyKind::Meeting, "Entered here", "2026-11-24T09:00:00Z", "2026-11-24T09:30:00Z").await;
    o.plan().await;
    let (first, difference) = hand_in(&o, "", GOOGLE).await.unwrap();
    assert_eq!(first.name, "ines@example.org");
    assert_eq!((difference.added, difference.changed, difference.removed), (first.summary.meetings, 0, 0));
    assert_eq!((count(&o, EVENTS).await, count(&o, JOBS).await), (1, 1), "one event, and one wish for a plan");
    o.plan().await;
    let before = meetings(&o).await;
    let (again, difference) = hand_in(&o, "", GOOGLE).await.unwrap();
    assert!(difference.is_none() && again.id == first.id);
    assert_eq!((count(&o, EVENTS).await, count(&o, JOBS).await), (1, 0));
    assert_eq!(meetings(&o).await, before);

    let moved = GOOGLE.replace("DTSTART:20261126T100000Z", "DTSTART:20261126T090000Z").replace("SUMMARY:Christmas", "SUMMARY:Winter break");
    let (_, difference) = hand_in(&o, "", &moved).await.unwrap();
    assert_eq!((difference.added, difference.changed, difference.removed), (0, 2, 0));
    let fewer = moved.replace("UNTIL=20261214T090000Z", "UNTIL=20261209T090000Z");
    assert_eq!(hand_in(&o, "", &fewer).await.unwrap().1.removed, 1);

    let read_one = meetings(&o).await.into_iter().find(|busy| busy.source.is_some() && busy.finish_at > o.clock.now()).unwrap();
    let (planning, ines, jonas) = (&o.planning, &o.ines, &o.jonas);
    let refused = o.db.write(|tx| async move { atlas_plan::calendar::verbs::remove(planning, &tx, ines, read_one.id).await }).await;
    assert!(matches!(refused, Err(Error::Conflict { code: "imported", .. })));
    let refused = o.db.write(|tx| async move { verbs::remove(&tx, jonas, first.id).await }).await;
    assert!(matches!(refused, Err(Error::Denied { .. })));
    o.db.write(|tx| async move { verbs::remove(&tx, ines, first.id).await }).await.unwrap();
    assert_eq!(meetings(&o).await.iter().map(|busy| busy.title.as_str()).collect::<Vec<_>>(), ["Entered here"]);
    assert_eq!(count(&o, JOBS).await, 1);
    o.plan().await;
    assert_eq!(o.blocks(&task).await, [crate::office::span("2026-11-24T09:30:00Z", "2026-11-24T10:30:00Z")]);
}

#[tokio::test]
async fn what_is_no_calendar_leaves_what_was_read() {
    let o = Office::new().await;
    hand_in(&o, "Mine", APPLE).await.unwrap();
    let before = meetings(&o).await;
    for wrong in ["", "BEGIN:VCARD", "<html></html>"] {
        assert!(matches!(hand_in(&o, "Mine", wrong).await, Err(Error::Invalid(_))));
    }
    assert_eq!(meetings(&o).await, before);
    let (_, difference) = hand_in(&o, "Another", OUTLOOK).await.unwrap();
    assert!(difference.added > 0 && difference.removed == 0, "another file takes nothing away");
    for n in 0..8 {
        hand_in(&o, &format!("Calendar {n}"), "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").await.unwrap();
    }
    assert!(matches!(hand_in(&o, "One too many", APPLE).await, Err(Error::Conflict { code: "too_many", .. })));
}

/// A host that answers what is set, and keeps what it was asked.
#[derive(Clone, Default)]
struct Host {
    asked: Arc<Mutex<Vec<Request<Vec<u8>>>>>,
    answers: Arc<Mutex<Vec<Response<Vec<u8>>>>>,
}

impl Host {
    fn will(&self, answer: axum::http::response::Builder, body: &str) {
        self.answers.lock().unwrap().insert(0, answer.body(body.as_bytes().to_vec()).unwrap());
    }

    fn reach(&self) -> Reach {
        let host = self.clone();
        let inside: Inside = Arc::new(move |request| {
            let host = host.clone();
            async move {
                host.asked.lock().unwrap().push(request);
                host.answers.lock().unwrap().pop().ok_or(Loss::Connect)
            }
            .boxed()
        });
        Reach { vault: Vault::from_master([7; 32]), allow_private: false, transport: Transport::Inside(inside) }
    }

    fn last_asked(&self, header: &str) -> Option<String> {
        let asked = self.asked.lock().unwrap();
        asked.last()?.headers().get(header).map(|value| value.to_str().unwrap().to_owned())
    }
}

async fn again(o: &Office, reach: &Reach, calendar: &Calendar) -> Calendar {
    let first = |_| async { Ok(()) };
    job::again(&o.db, o.ines.workspace, Some(reach), calendar.id, &first).await.unwrap();
    store::one(&o.db, o.ines.workspace, calendar.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_address_is_read_again_only_when_it_changed_and_trouble_keeps_what_was_read() {
    let (o, host) = (Office::new().await, Host::default());
    let (reach, ines, me) = (&host.reach(), &o.ines, o.ines.user.unwrap());
    let address = "webcal://calendar.example.org/ines/secret-word/basic.ics";
    let new = &NewCalendar { from: address.into(), own_address: "ines@example.org".into(), ..NewCalendar::default() };
    let added = o.db.write(|tx| async move { verbs::add_address(&tx, ines, reach, me, new).await }).await.unwrap();
    assert_eq!(count(&o, "SELECT COUNT(*) FROM jobs WHERE workspace_id = $1 AND kind = 'plan.calendar'").await, 1);
    assert!(!String::from_utf8_lossy(added.address.as_ref().unwrap()).contains("secret-word"), "the address is sealed");
    let twice = o.db.write(|tx| async move { verbs::add_address(&tx, ines, reach, me, new).await }).await;
    assert!(matches!(twice, Err(Error::Invalid(_))));

    host.will(Response::builder().status(302).header("location", "https://cdn.example.org/basic.ics"), "");
    host.will(Response::builder().header("etag", "\"v1\"").header("last-modified", "Mon, 23 Nov 2026 10:00:00 GMT"), GOOGLE);
    let read = again(&o, reach, &added).await;
    assert!(read.problem.is_none() && read.summary.meetings == meetings(&o).await.len() && read.summary.meetings > 5, "{read:?}");
    assert_eq!(host.last_asked("if-none-match"), None);
    let kept = meetings(&o).await;

    host.will(Response::builder().status(304), "");
    assert_eq!(again(&o, reach, &added).await.etag.as_deref(), Some("\"v1\""));
    assert_eq!(host.last_asked("if-none-match").as_deref(), Some("\"v1\""));
    assert_eq!(host.last_asked("if-modified-since").as_deref(), Some("Mon, 23 Nov 2026 10:00:00 GMT"));
    assert_eq!((count(&o, EVENTS).await, meetings(&o).await == kept), (2, true), "added and read; nothing since");

    host.will(Response::builder().status(404), "");
    let lost = again(&o, reach, &added).await;
    assert!(lost.problem.unwrap().starts_with("There is no calendar at this address any more. The "), "what was kept is said");
    host.will(Response::builder(), "<html>Sign in</html>");
    assert!(again(&o, reach, &added).await.problem.unwrap().starts_with("What its host answers is no calendar."));
    host.will(Response::builder().status(302).header("location", "https://169.254.169.254/latest/meta-data"), "");
    let asked = host.asked.lock().unwrap().len();
    assert!(again(&o, reach, &added).await.problem.unwrap().contains("may not be called"));
    assert_eq!(host.asked.lock().unwrap().len(), asked + 1, "the address inside was never asked");
    assert!(again(&o, reach, &added).await.problem.unwrap().starts_with("Its host does not answer"));
    assert_eq!(meetings(&o).await, kept, "every meeting is still there");
    host.will(Response::builder().header("etag", "\"v2\""), APPLE);
    let mended = again(&o, reach, &added).await;
    assert!(mended.problem.is_none() && mended.summary.meetings == meetings(&o).await.len());
    assert_ne!(meetings(&o).await, kept);
}

#[tokio::test]
async fn addresses_inside_are_refused_before_anything_is_kept() {
    let (o, host) = (Office::new().await, Host::default());
    let (reach, ines, me) = (&host.reach(), &o.ines, o.ines.user.unwrap());
    for wrong in [
        "http://calendar.example.org/a.ics",
        "https://127.0.0.1/a.ics",
        "https://[::1]/",
        "https://intranet/a.ics",
        "file:///etc/passwd",
        "nothing",
    ] {
        let new = &NewCalendar { from: wrong.into(), ..NewCalendar::default() };
        let refused = o.db.write(|tx| async move { verbs::add_address(&tx, ines, reach, me, new).await }).await;
        assert!(matches!(&refused, Err(Error::Invalid(fields)) if fields[0].field == "address"), "{wrong}: {refused:?}");
    }
    assert!(store::of_member(&o.db, ines.workspace, me).await.unwrap().is_empty());
}
