//! Words with a mark before them: `#label`, `!priority`, `@person`, `+project`, `~estimate`.

use super::words::Word;
use super::{Draft, Known, Part, Span};
use crate::task::{ESTIMATE_LIMIT, Priority};

/// Takes every marked word that is understood.
pub(super) fn take(words: &mut Vec<Word<'_>>, known: &Known<'_>, draft: &mut Draft) {
    words.retain(|word| match read(word, known, draft) {
        Some(kind) => {
            draft.spans.push(Span { start: word.start, end: word.start + word.text.len(), kind });
            false
        }
        None => true,
    });
}

fn read(word: &Word<'_>, known: &Known<'_>, draft: &mut Draft) -> Option<Part> {
    let mut letters = word.bare().chars();
    let mark = letters.next()?;
    let rest = letters.as_str();
    match mark {
        '#' => {
            let name = label(rest)?;
            if !draft.labels.iter().any(|there| there.to_lowercase() == name.to_lowercase()) {
                draft.labels.push(name.to_owned());
            }
            Some(Part::Label)
        }
        '!' => {
            draft.priority = Some(priority(rest)?);
            Some(Part::Priority)
        }
        '@' => {
            // A writer who is no member says "me" in vain; it is understood all the same.
            let person = if rest.eq_ignore_ascii_case("me") { known.me } else { Some(known.people.called(rest)?) };
            draft.assignees.extend(person.filter(|person| !draft.assignees.contains(person)));
            Some(Part::Assignee)
        }
        '+' => {
            let project = known.projects.iter().find(|p| p.key.eq_ignore_ascii_case(rest) || squeezed(&p.name) == squeezed(rest))?;
            draft.project = Some(project.id);
            Some(Part::Project)
        }
        '~' => {
            draft.estimate = Some(minutes(&rest.to_lowercase())?);
            Some(Part::Estimate)
        }
        _ => None,
    }
}

fn squeezed(text: &str) -> String {
    atlas_store::fold(text).replace(' ', "")
}

/// A label is letters, digits, `-`, `_` and `/`, with a letter among them: `#12` is somebody's issue number.
fn label(text: &str) -> Option<&str> {
    let fits = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/')) && text.chars().any(char::is_alphabetic);
    (fits && text.chars().count() <= 60).then_some(text)
}

/// `!urgent` to `!low`, and by number as people say it: `!1` is urgent, `!4` low.
fn priority(text: &str) -> Option<Priority> {
    Some(match text.to_lowercase().as_str() {
        "urgent" | "1" => Priority::Urgent,
        "high" | "2" => Priority::High,
        "medium" | "med" | "3" => Priority::Medium,
        "low" | "4" => Priority::Low,
        "none" => Priority::None,
        _ => return None,
    })
}

/// `2h`, `30m`, `30min`, `1h30`, `1h30m`, `1.5h` in minutes.
pub(crate) fn minutes(text: &str) -> Option<i64> {
    let text = text.strip_suffix("in").filter(|rest| rest.ends_with('m')).unwrap_or(text);
    let total = match text.split_once('h') {
        Some((hours, "")) => hours_in_minutes(hours)?,
        Some((hours, rest)) => whole(hours)? * 60 + whole(rest.strip_suffix('m').unwrap_or(rest))?,
        None => whole(text.strip_suffix('m')?)?,
    };
    (1..=ESTIMATE_LIMIT).contains(&total).then_some(total)
}

fn hours_in_minutes(text: &str) -> Option<i64> {
    match text.split_once(['.', ',']) {
        None => Some(whole(text)? * 60),
        Some((hours, tenths)) if tenths.len() <= 2 => {
            let unit = 10_i64.pow(u32::try_from(tenths.len()).ok()?);
            Some(whole(hours)? * 60 + whole(tenths)? * 60 / unit)
        }
        Some(_) => None,
    }
}

fn whole(text: &str) -> Option<i64> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
