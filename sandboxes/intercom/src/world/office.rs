//! The workspace itself and its small tables: admins, teams, tags and notes.

use super::{Slot, World, refusal::Refusal};

/// The imitated workspace, `app` in `GET /me`.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub id: String,
    pub name: String,
    pub created_at: i64,
    /// IANA name; contact search counts days in it.
    pub timezone: String,
    pub region: String,
}

/// A teammate.
#[derive(Clone, Debug)]
pub struct Admin {
    pub id: u64,
    pub name: String,
    pub email: String,
    pub job_title: String,
    pub away: bool,
    pub teams: Vec<u64>,
}

/// A team of admins.
#[derive(Clone, Debug)]
pub struct Team {
    pub id: u64,
    pub name: String,
}

/// A tag of the workspace.
#[derive(Clone, Debug)]
pub struct Tag {
    pub id: u64,
    pub name: String,
    pub deleted: bool,
}

/// A tag on a contact or a conversation: when it came, and from whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// Place in `World::tags`.
    pub tag: u32,
    pub at: i64,
    /// Place in `World::admins`.
    pub by: u32,
}

/// A note on a contact or a company; not the same as a note inside a conversation.
#[derive(Clone, Debug)]
pub struct Note {
    pub id: u64,
    pub created_at: i64,
    pub about: About,
    /// Place in `admins`.
    pub admin: usize,
    pub body: String,
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Contact(Slot),
    Company(Slot),
}

impl World {
    /// Writes a note; `admin` is a place in `admins`.
    pub fn add_note(&mut self, about: About, admin: usize, body: &str) -> u64 {
        let id = self.next.note;
        self.next.note += 1;
        let created_at = self.now();
        self.notes.push(Note { id, created_at, about, admin, body: as_html(body) });
        if let About::Contact(slot) = about {
            self.contacts[slot as usize].notes.push(self.notes.len() as u32 - 1);
            self.touch_contact(slot);
        }
        id
    }

    /// The tag of that name, made when missing; names are compared without case.
    pub fn tag_named(&mut self, name: &str) -> Result<usize, Refusal> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Refusal::invalid("invalid tag parameters"));
        }
        let known = self.tags.iter().position(|t| !t.deleted && t.name.eq_ignore_ascii_case(name));
        Ok(known.unwrap_or_else(|| {
            let id = self.next.tag;
            self.next.tag += 1;
            self.tags.push(Tag { id, name: name.to_owned(), deleted: false });
            self.tags.len() - 1
        }))
    }
}

/// Plain text as the provider stores it: one paragraph a line, escaped. Text that starts with a tag is kept as it is.
pub fn as_html(text: &str) -> String {
    if text.trim_start().starts_with('<') {
        return text.to_owned();
    }
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.lines().map(|line| format!("<p>{line}</p>")).collect::<Vec<_>>().join("\n")
}

/// The text of stored HTML: tags dropped, paragraphs and breaks as lines, entities resolved.
pub fn as_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('>') else { break };
        let tag = rest[open + 1..open + close].to_ascii_lowercase();
        if matches!(tag.as_str(), "br" | "br/" | "br /" | "/p" | "/li" | "/blockquote") && !text.ends_with('\n') {
            text.push('\n');
        }
        rest = &rest[open + close + 1..];
    }
    if !rest.starts_with('<') {
        text.push_str(rest);
    }
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    plain.replace("&nbsp;", " ").replace("&amp;", "&").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{as_html, as_text};

    #[test]
    fn html_and_text_go_back_and_forth() {
        assert_eq!(as_html("a < b\nc"), "<p>a &lt; b</p>\n<p>c</p>");
        assert_eq!(as_text("<p>a &lt; b</p>\n<p>c</p>"), "a < b\n\nc");
        assert_eq!(as_text("<p>Hi<br>there</p><img src=\"x\">"), "Hi\nthere");
        assert_eq!(as_html("<b>x</b>"), "<b>x</b>");
    }
}
