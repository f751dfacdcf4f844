//! Words from outside made safe: HTML sanitised to a small set of tags, Markdown rendered, plain text taken out.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use pulldown_cmark::{Event, Options, Parser, html};

use crate::ui::Safe;

/// What survives of HTML from outside: text structure and links; no images, styles, classes, ids or scripts.
static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "del",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "div",
        "span",
    ];
    let mut builder = ammonia::Builder::new();
    builder
        .tags(HashSet::from(tags))
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"])), ("ol", HashSet::from(["start"]))]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"))
        .clean_content_tags(HashSet::from(["script", "style", "title", "template", "noscript"]));
    builder
});

static TEXT_ONLY: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::empty();
    builder.clean_content_tags(HashSet::from(["script", "style", "title", "template", "noscript"]));
    builder
});

/// HTML from outside, made safe to show.
pub fn clean_html(html: &str) -> String {
    SANITISER.clean(html).to_string()
}

/// The words of HTML from outside: a line a block, entities decoded, no markup.
pub fn plain_text(html: &str) -> String {
    if !html.contains('<') && !html.contains('&') {
        return html.trim().to_owned();
    }
    let mut broken = html.to_owned();
    for block in ["</p>", "<br>", "<br/>", "<br />", "</div>", "</li>", "</h1>", "</h2>", "</h3>", "</tr>", "</blockquote>"] {
        broken = broken.replace(block, &format!("{block}\n"));
    }
    let text = TEXT_ONLY.clean(&broken).to_string();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&nbsp;", " ").replace("&amp;", "&");
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Markdown that a member wrote, as safe HTML; raw HTML in it is shown as text.
pub fn markdown(text: &str) -> Safe {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Event::Text(raw),
        Event::SoftBreak => Event::HardBreak,
        other => other,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    Safe::trusted(clean_html(&out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_html_loses_its_teeth_and_keeps_its_words() {
        let hostile = "<p onclick=\"x()\">Hi<script>alert(1)</script> <a href=\"javascript:x()\">a</a><img src=x onerror=y> <b hx-get=\"/x\">bold</b></p>";
        assert_eq!(clean_html(hostile), "<p>Hi <a rel=\"nofollow noopener noreferrer\">a</a> <b>bold</b></p>");
        assert_eq!(plain_text("<p>One &amp; two</p><p>Three<br>four</p><style>x</style>"), "One & two\nThree\nfour");
        assert_eq!(plain_text("1 < 2 is plain"), "1 < 2 is plain");
    }

    #[test]
    fn markdown_renders_and_raw_html_stays_text() {
        let html = markdown("**Bold** <script>alert(1)</script>\nnext [l](https://x.example)");
        assert!(html.as_str().contains("<strong>Bold</strong>") && html.as_str().contains("&lt;script&gt;"));
        assert!(html.as_str().contains("<br>") && html.as_str().contains("noopener"));
    }
}
