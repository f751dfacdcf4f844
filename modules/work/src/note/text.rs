//! What a note says: whether it asks for a task, the line that says which, and the rest.

use super::{Rule, Which};

/// A note that becomes a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What becomes the title.
    pub line: Line,
    /// What becomes the description.
    pub rest: String,
}

/// The line of a note that becomes the title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// After `/task`: read as quick add.
    Command(String),
    /// Any other words: taken as they are.
    Words(String),
}

/// Titles taken from other people's words are at most this many characters; the whole text is in the description.
const TITLE_WORDS: usize = 160;

/// What the rule makes of a note (`text` without markup); none when it is left alone.
pub fn asked_by(rule: &Rule, text: &str) -> Option<Asked> {
    if !rule.enabled {
        return None;
    }
    let wanted = || match rule.which {
        Which::Command => false,
        Which::All => true,
        Which::Containing => contains(text, &rule.word),
    };
    command(text).or_else(|| if wanted() { words(text) } else { None })
}

/// What a click on a record makes of its text, whatever the rule says.
pub fn clicked(text: &str) -> Option<Asked> {
    command(text).or_else(|| words(text))
}

/// The first line that starts with `/task`.
fn command(text: &str) -> Option<Asked> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| after_command(line).is_some())?;
    let mut rest: Vec<&str> = lines.iter().enumerate().filter(|(n, line)| *n != at && !line.is_empty()).map(|(_, line)| *line).collect();
    let mut line = after_command(lines[at])?;
    if line.is_empty() && !rest.is_empty() {
        line = rest.remove(0);
    }
    (!line.is_empty()).then(|| Asked { line: Line::Command(line.to_owned()), rest: rest.join("\n\n") })
}

fn after_command(line: &str) -> Option<&str> {
    let rest = line.get(..5).filter(|start| start.eq_ignore_ascii_case("/task")).map(|_| &line[5..])?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest.trim())
}

/// The first line as title; the whole text as description when there is more of it.
fn words(text: &str) -> Option<Asked> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let first = lines.first()?;
    let title = shortened(first);
    let whole = lines.len() == 1 && title == *first;
    Some(Asked { rest: if whole { String::new() } else { lines.join("\n\n") }, line: Line::Words(title) })
}

/// At most so many characters, cut between words.
pub fn shortened(line: &str) -> String {
    if line.chars().count() <= TITLE_WORDS {
        return line.to_owned();
    }
    let cut: String = line.chars().take(TITLE_WORDS).collect();
    let kept = cut.rsplit_once(char::is_whitespace).map_or(cut.as_str(), |(kept, _)| kept);
    format!("{}…", kept.trim_end_matches([',', ';', '.', ':']))
}

fn contains(text: &str, word: &str) -> bool {
    let (text, word) = (format!(" {} ", atlas_store::fold(text)), atlas_store::fold(word));
    !word.is_empty() && text.contains(&format!(" {word} "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use atlas_kernel::{ConnectionId, Timestamp};

    fn rule(which: Which, word: &str) -> Rule {
        let usual = Rule::usual(ConnectionId::new(Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH);
        Rule { which, word: word.into(), ..usual }
    }

    #[test]
    fn the_usual_rule_reads_the_command_and_nothing_else() {
        let usual = rule(Which::Command, "");
        let line = |text: &str| asked_by(&usual, text).map(|asked| (asked.line, asked.rest));
        let command = |line: &str, rest: &str| Some((Line::Command(line.into()), rest.to_owned()));
        assert_eq!(line("/task Send the SLA tomorrow @me !high"), command("Send the SLA tomorrow @me !high", ""));
        assert_eq!(line("They asked again.\n/TASK: Send it\nBy mail"), command("Send it", "They asked again.\n\nBy mail"));
        assert_eq!(line("/task\nSend it"), command("Send it", ""));
        assert_eq!((line("/task"), line("/tasks are nice"), line("see /task"), line(""), line("é")), (None, None, None, None, None));
        assert_eq!(asked_by(&Rule { enabled: false, ..usual.clone() }, "/task Send it"), None);
    }

    #[test]
    fn other_rules_take_words_as_they_are() {
        let words = |rule: &Rule, text: &str| asked_by(rule, text).map(|asked| (asked.line, asked.rest));
        let urgent = rule(Which::Containing, "Follow-up");
        assert_eq!(words(&urgent, "Needs a follow up on fri"), Some((Line::Words("Needs a follow up on fri".into()), String::new())));
        assert_eq!(words(&urgent, "Followed up"), None);
        let (title, rest) = words(&rule(Which::All, ""), "One\nTwo").unwrap();
        assert_eq!((title, rest.as_str()), (Line::Words("One".into()), "One\n\nTwo"));
        let long = "word ".repeat(100);
        let Some(Asked { line: Line::Words(title), rest }) = clicked(&long) else { panic!("no task") };
        assert!(title.chars().count() <= 161 && title.ends_with("word…") && rest.len() > 400);
    }
}
