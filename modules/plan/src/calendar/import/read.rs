//! A calendar's text, read into events: only the lines that planning needs, and each event for itself.

use icalendar::parser::{Component, Property, read_calendar, unfold};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// So many events of a calendar are read at most.
pub const MOST_EVENTS: usize = 20_000;

/// So many time zones of a calendar are read at most.
const MOST_ZONES: usize = 100;

const LINES: [&str; 24] = [
    "UID",
    "RECURRENCE-ID",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "SUMMARY",
    "TRANSP",
    "STATUS",
    "ATTENDEE",
    "SEQUENCE",
    "CLASS",
    "X-MICROSOFT-CDO-BUSYSTATUS",
    "TZID",
    "X-LIC-LOCATION",
    "TZOFFSETFROM",
    "TZOFFSETTO",
    "X-WR-CALNAME",
    "X-WR-TIMEZONE",
    "BEGIN",
    "END",
    "VERSION",
];

/// A calendar as it was written.
#[derive(Debug, Default)]
pub struct Text {
    /// What it calls itself.
    pub name: Option<String>,
    /// Its events.
    pub events: Vec<Event>,
    /// The time zones it describes.
    pub zones: Vec<Zone>,
    /// Events that could not be read, and why.
    pub unreadable: Vec<String>,
    /// Events beyond [`MOST_EVENTS`].
    pub beyond: usize,
}

/// A moment as a calendar writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// A whole day.
    Day(Date),
    /// A reading of the clock in the named zone, or in the reader's own.
    Local(DateTime, Option<String>),
    /// A moment everywhere.
    Utc(Timestamp),
}

/// How long an event takes.
#[derive(Clone, Debug)]
pub enum Length {
    /// Until then.
    Until(When),
    /// So long.
    For(jiff::Span),
    /// Not said.
    Unsaid,
}

/// One event, or one changed occurrence of a repeating one.
#[derive(Clone, Debug)]
pub struct Event {
    /// What stays the same over all copies of it.
    pub uid: String,
    /// The occurrence it stands for.
    pub instead_of: Option<When>,
    /// When it starts.
    pub start: When,
    /// How long it takes.
    pub length: Length,
    /// How it repeats.
    pub rule: Option<String>,
    /// More occurrences.
    pub also: Vec<When>,
    /// Occurrences that do not take place.
    pub except: Vec<When>,
    /// What people read.
    pub title: String,
    /// Whether it takes nobody's time.
    pub free: bool,
    /// Whether its people are not at work.
    pub away: bool,
    /// Whether it was called off.
    pub cancelled: bool,
    /// Addresses of those who declined, in lower case.
    pub declined: Vec<String>,
    /// The later of two copies has the higher one.
    pub sequence: i64,
}

/// A time zone as a calendar describes it.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its name in this calendar.
    pub id: String,
    /// Its name in the world's list, when it says so.
    pub location: Option<String>,
    /// When its clocks change.
    pub turns: Vec<Turn>,
}

/// One rule by which clocks change.
#[derive(Clone, Debug)]
pub struct Turn {
    /// First at this reading of the clock before.
    pub start: DateTime,
    /// From so many seconds east of UTC.
    pub from: i32,
    /// To so many.
    pub to: i32,
    /// How it repeats.
    pub rule: Option<String>,
    /// More moments.
    pub also: Vec<DateTime>,
}

/// Reads a calendar; none when the text is none.
pub fn read(text: &str) -> Option<Text> {
    let text = unfold(&text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n"));
    let mut calendar = Text::default();
    let (mut found, mut block, mut skipped, mut inner) = (false, Vec::new(), 0_usize, false);
    for line in text.lines() {
        let name = line.split([':', ';']).next().unwrap_or_default().to_ascii_uppercase();
        let value = line.split_once(':').map_or("", |(_, value)| value.trim()).to_ascii_uppercase();
        match (name.as_str(), value.as_str()) {
            ("BEGIN", "VCALENDAR") => found = true,
            ("BEGIN", "VEVENT" | "VTIMEZONE") if block.is_empty() => block.push(line),
            // Only one level is ever handed to the parser, which descends as deep as it is told.
            ("BEGIN", "STANDARD" | "DAYLIGHT") if !block.is_empty() && !inner && skipped == 0 => {
                block.push(line);
                inner = true;
            }
            ("BEGIN", _) if !block.is_empty() => skipped += 1,
            ("END", "VEVENT" | "VTIMEZONE") if !block.is_empty() => {
                block.push(line);
                calendar.take(&block);
                (block, skipped, inner) = (Vec::new(), 0, false);
            }
            ("END", "STANDARD" | "DAYLIGHT") if inner && skipped == 0 => {
                block.push(line);
                inner = false;
            }
            ("END", _) if skipped > 0 => skipped -= 1,
            ("X-WR-CALNAME", _) if block.is_empty() => calendar.name = line.split_once(':').map(|(_, name)| plain(name)),
            (name, _) if !block.is_empty() && skipped == 0 && LINES.contains(&name) => block.push(line),
            _ => {}
        }
    }
    found.then_some(calendar)
}

impl Text {
    fn take(&mut self, block: &[&str]) {
        let text = format!("BEGIN:VCALENDAR\r\n{}\r\nEND:VCALENDAR\r\n", block.join("\r\n"));
        let Some(component) = read_calendar(&text).ok().and_then(|mut calendar| calendar.components.pop()) else {
            self.unreadable.push(format!("{}: not written as a calendar is", titled(block)));
            return;
        };
        if component.name == "VTIMEZONE" {
            self.zones.extend(zone(&component).filter(|_| self.zones.len() < MOST_ZONES));
            return;
        }
        if self.events.len() >= MOST_EVENTS {
            self.beyond += 1;
            return;
        }
        match event(&component) {
            Ok(event) => self.events.push(event),
            Err(why) => self.unreadable.push(format!("{}: {why}", titled(block))),
        }
    }
}

/// What an event that could not be read is called; one that is not for everybody is not told by its title.
fn titled(block: &[&str]) -> String {
    let value = |name: &str| {
        let is = |line: &&&str| line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name));
        let rest = |line: &&str| line[name.len()..].split_once(':').map(|(_, value)| plain(value));
        block.iter().filter(is).find_map(rest)
    };
    let private = value("CLASS").is_some_and(|class| !class.eq_ignore_ascii_case("PUBLIC"));
    match value("SUMMARY").filter(|title| !title.is_empty() && !private) {
        Some(title) => format!("“{}”", short(&title)),
        None => "An event".to_owned(),
    }
}

/// What is quoted of a calendar.
fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

fn plain(text: &str) -> String {
    let text = text.replace("\\n", " ").replace("\\N", " ").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn property<'a>(component: &'a Component<'_>, name: &str) -> Option<&'a Property<'a>> {
    component.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name))
}

fn value(component: &Component<'_>, name: &str) -> Option<String> {
    property(component, name).map(|property| property.val.as_str().trim().to_owned())
}

fn parameter<'a>(property: &'a Property<'_>, name: &str) -> Option<&'a str> {
    let found = property.params.iter().find(|parameter| parameter.key.as_str().eq_ignore_ascii_case(name))?;
    found.val.as_ref().map(|value| value.as_str().trim_matches('"'))
}

fn event(component: &Component<'_>) -> Result<Event, String> {
    let start = property(component, "DTSTART").ok_or("it does not say when it starts")?;
    let start = one(start)?;
    let length = match (property(component, "DTEND"), value(component, "DURATION")) {
        (Some(end), _) => Length::Until(one(end)?),
        (None, Some(text)) => {
            Length::For(text.trim_start_matches('+').parse().map_err(|_| format!("“{}” is no length of time", short(&text)))?)
        }
        (None, None) => Length::Unsaid,
    };
    let is = |name: &str, wanted: &str| value(component, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    let busy = value(component, "X-MICROSOFT-CDO-BUSYSTATUS").unwrap_or_default().to_ascii_uppercase();
    let private = ["PRIVATE", "CONFIDENTIAL"].iter().any(|class| is("CLASS", class));
    let title = value(component, "SUMMARY").map(|title| plain(&title)).filter(|title| !title.is_empty() && !private);
    Ok(Event {
        uid: value(component, "UID").map(uid).unwrap_or_default(),
        instead_of: property(component, "RECURRENCE-ID").map(one).transpose()?,
        start,
        length,
        rule: value(component, "RRULE"),
        also: many(component, "RDATE")?,
        except: many(component, "EXDATE")?,
        title: short(&title.unwrap_or_else(|| "Busy".to_owned())),
        free: is("TRANSP", "TRANSPARENT") || matches!(busy.as_str(), "FREE" | "WORKINGELSEWHERE"),
        away: busy == "OOF",
        cancelled: is("STATUS", "CANCELLED"),
        declined: declined(component),
        sequence: value(component, "SEQUENCE").and_then(|text| text.parse().ok()).unwrap_or(0),
    })
}

fn declined(component: &Component<'_>) -> Vec<String> {
    let attendees = component.properties.iter().filter(|property| property.name.as_str().eq_ignore_ascii_case("ATTENDEE"));
    let declined = attendees.filter(|one| parameter(one, "PARTSTAT").is_some_and(|said| said.eq_ignore_ascii_case("DECLINED")));
    declined.map(|one| one.val.as_str().trim().to_ascii_lowercase().trim_start_matches("mailto:").to_owned()).collect()
}

fn one(property: &Property<'_>) -> Result<When, String> {
    moment(property.val.as_str().trim(), parameter(property, "TZID"))
}

fn many(component: &Component<'_>, name: &str) -> Result<Vec<When>, String> {
    let mut all = Vec::new();
    for property in component.properties.iter().filter(|property| property.name.as_str().eq_ignore_ascii_case(name)) {
        for text in property.val.as_str().split(',').map(str::trim).filter(|text| !text.is_empty()) {
            // Of a period only its start is an occurrence.
            all.push(moment(text.split('/').next().unwrap_or(text), parameter(property, "TZID"))?);
        }
    }
    Ok(all)
}

/// `20261124`, `20261124T090000` or `20261124T090000Z`.
pub fn moment(text: &str, zone: Option<&str>) -> Result<When, String> {
    let wrong = || format!("“{}” is no date", short(text));
    if text.len() == 8 {
        return Ok(When::Day(Date::strptime("%Y%m%d", text).map_err(|_| wrong())?));
    }
    let local = DateTime::strptime("%Y%m%dT%H%M%S", text.trim_end_matches(['Z', 'z'])).map_err(|_| wrong())?;
    if text.ends_with(['Z', 'z']) {
        let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
        return Ok(When::Utc(zoned.timestamp()));
    }
    Ok(When::Local(local, zone.map(str::to_owned)))
}

fn zone(component: &Component<'_>) -> Option<Zone> {
    let turns = component.components.iter().filter_map(|turn| {
        let local = |when| if let When::Local(at, _) = when { Some(at) } else { None };
        Some(Turn {
            start: property(turn, "DTSTART").and_then(|start| one(start).ok()).and_then(local)?,
            from: offset(&value(turn, "TZOFFSETFROM")?)?,
            to: offset(&value(turn, "TZOFFSETTO")?)?,
            rule: value(turn, "RRULE"),
            also: many(turn, "RDATE").ok()?.into_iter().filter_map(local).collect(),
        })
    });
    Some(Zone { id: value(component, "TZID")?, location: value(component, "X-LIC-LOCATION"), turns: turns.collect() })
}

/// `+0100`, `-053000`.
fn offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let part = |at: usize| digits.get(at..at + 2).map_or(Some(0), |part| part.parse::<i32>().ok());
    Some(sign * (part(0)? * 3600 + part(2)? * 60 + part(4)?))
}

/// What names an event, which stands in each of its occurrences; a very long one stands there by its digest.
fn uid(text: String) -> String {
    use sha2::Digest as _;
    if text.len() <= 255 { text } else { hex::encode(sha2::Sha256::digest(text.as_bytes())) }
}
