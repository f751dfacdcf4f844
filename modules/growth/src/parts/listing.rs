//! What the pages of lists share: the search, the filters that are set and that there are, and the table's frame.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Result, UserId};
use atlas_web::Ctx;
use atlas_web::ui::Safe;

use super::{Address, Choice, Pager, SortHead, count_words, part};
use crate::list::Slice;
use crate::people::Member;

/// A kind of record as its list names it.
pub(crate) struct Collection {
    /// The heading, such as `Contacts`.
    pub title: &'static str,
    /// One of them in a sentence.
    pub one: &'static str,
    /// Many of them in a sentence; also the topic that open lists watch.
    pub many: &'static str,
    /// The page's address.
    pub path: &'static str,
    /// What to say and offer while there are none.
    pub empty: &'static str,
    /// Whether a connection brings them too.
    pub connected: bool,
}

pub(crate) const CONTACTS: Collection = Collection {
    title: "Contacts",
    one: "contact",
    many: "contacts",
    path: "/growth/contacts",
    empty: "Contacts appear when you add one or connect Intercom.",
    connected: true,
};
pub(crate) const COMPANIES: Collection = Collection {
    title: "Companies",
    one: "company",
    many: "companies",
    path: "/growth/companies",
    empty: "Companies appear when you add one or connect Intercom.",
    connected: true,
};
pub(crate) const DEALS: Collection = Collection {
    title: "Deals",
    one: "deal",
    many: "deals",
    path: "/growth/deals",
    empty: "A deal says what may be sold, to whom, for how much and when.",
    connected: false,
};

/// A filter that is set, with the link that takes it away.
pub(crate) struct Chip {
    pub icon: &'static str,
    pub name: &'static str,
    pub value: String,
    pub href: String,
}

/// A filter that can be set.
pub(crate) struct Filter {
    pub name: &'static str,
    pub label: &'static str,
    pub choices: Vec<Choice>,
}

impl Filter {
    /// A filter that is off, or one of `pairs` of value and label.
    pub(crate) fn of(name: &'static str, label: &'static str, pairs: impl IntoIterator<Item = (String, String)>, current: &str) -> Self {
        let any = Choice::new("", "Any", current.is_empty());
        let choices = pairs.into_iter().map(|(value, label)| {
            let chosen = value == current;
            Choice::new(value, label, chosen)
        });
        Self { name, label, choices: [any].into_iter().chain(choices).collect() }
    }

    /// The filter by the member who looks after a record.
    pub(crate) fn owner(members: &[Member], current: &str) -> Self {
        let nobody = ("none".to_owned(), "Nobody".to_owned());
        Self::of("owner", "Owner", [nobody].into_iter().chain(members.iter().map(|m| (m.id.to_string(), m.name.clone()))), current)
    }

    /// The filter that shows what was put away.
    pub(crate) fn archived(current: &str) -> Self {
        Self::of("archived", "Archived", [("yes".to_owned(), "Archived".to_owned())], current)
    }
}

/// The filters that are set, in the order of the page.
pub(crate) struct Chips<'a> {
    address: &'a Address,
    set: Vec<Chip>,
}

impl<'a> Chips<'a> {
    pub(crate) fn new(address: &'a Address) -> Self {
        Self { address, set: vec![] }
    }

    /// Shows the filter `key` as set to `value`; an empty value is no filter.
    #[must_use]
    pub(crate) fn with(mut self, icon: &'static str, name: &'static str, key: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.set.push(Chip { icon, name, value, href: self.address.without(key).href() });
        }
        self
    }

    #[must_use]
    pub(crate) fn owner(self, members: &[Member], asked: &str) -> Self {
        let value = match asked {
            "" => String::new(),
            "none" => "nobody".to_owned(),
            id => members.iter().find(|m| m.id.to_string() == id).map_or_else(|| "unknown".to_owned(), |m| m.name.clone()),
        };
        self.with("user-round", "Owner is", "owner", value)
    }

    #[must_use]
    pub(crate) fn archived(self, asked: &str) -> Self {
        self.with("archive", "Only", "archived", if asked == "yes" { "archived" } else { "" })
    }
}

/// A page that searches and filters one kind of record.
#[derive(Template)]
#[template(path = "parts/list.html")]
pub(crate) struct ListPage<'a> {
    pub of: &'static Collection,
    pub table: Safe,
    pub q: &'a str,
    pub hidden: Vec<(String, String)>,
    pub chips: Vec<Chip>,
    pub filters: Vec<Filter>,
    pub kept: Vec<(String, String)>,
    /// Whether the heading offers a new one.
    pub can_add: bool,
    /// The board and this list, where there are both.
    pub views: Option<(String, String)>,
}

impl<'a> ListPage<'a> {
    /// The page around `table`.
    pub(crate) fn new(of: &'static Collection, table: Safe, q: &'a str, address: &Address, chips: Chips<'_>, filters: Vec<Filter>) -> Self {
        let names: Vec<&str> = filters.iter().map(|filter| filter.name).collect();
        let (hidden, kept) = (address.hidden(&["q"]), address.hidden(&names));
        Self { of, table, q, hidden, chips: chips.set, kept, filters, can_add: false, views: None }
    }
}

/// What surrounds the rows of a list; the empty states are here.
pub(crate) struct Frame {
    pub of: &'static Collection,
    pub address: String,
    pub heads: Vec<SortHead>,
    pub pager: Safe,
    pub filtered: bool,
    pub clear: String,
    pub can_write: bool,
}

/// Where in a list a page is, and how it is asked for.
pub(crate) struct Place<'a> {
    /// The list's address, without the place in it.
    pub address: &'a Address,
    /// The address without filters.
    pub bare: Address,
    pub after: &'a str,
    pub before: &'a str,
    pub filtered: bool,
}

impl Frame {
    /// The frame of one page of `total` records.
    ///
    /// # Errors
    /// When the pager cannot be rendered.
    pub(crate) fn new<T>(of: &'static Collection, place: &Place<'_>, heads: Vec<SortHead>, slice: &Slice<T>, total: i64) -> Result<Self> {
        let words = count_words(slice.rows.len(), total, of.one, of.many);
        Ok(Self {
            of,
            address: place.address.with("after", place.after).with("before", place.before).href(),
            heads,
            pager: part(&Pager::new(place.address, words, slice.before.as_deref(), slice.after.as_deref()))?,
            filtered: place.filtered,
            clear: place.bare.href(),
            can_write: false,
        })
    }
}

/// The names of members by id, for the owner column.
pub(crate) struct Owners<'a>(HashMap<UserId, &'a str>);

impl<'a> Owners<'a> {
    pub(crate) fn new(members: &'a [Member]) -> Self {
        Self(members.iter().map(|member| (member.id, member.name.as_str())).collect())
    }

    /// The member with the name to show.
    pub(crate) fn of(&self, id: Option<UserId>) -> Option<(UserId, String)> {
        id.map(|id| (id, self.0.get(&id).copied().unwrap_or("Former member").to_owned()))
    }
}

/// One line of a list of options.
pub(crate) struct Offer {
    pub id: String,
    pub label: String,
    pub detail: String,
}

#[derive(Template)]
#[template(path = "parts/options.html")]
pub(crate) struct Options {
    pub options: Vec<Offer>,
    pub square: bool,
    /// What could be made, when nothing is called exactly that.
    pub make: Option<String>,
}

/// What a search for one kind of record offers to a field: the best eight.
pub(crate) async fn offered(ctx: &Ctx, kind: &'static str, q: &str) -> Result<Vec<Offer>> {
    let found = atlas_store::search(&ctx.app.db, ctx.actor.workspace, q, &[kind], 8).await?;
    Ok(found.into_iter().map(|hit| Offer { id: hit.record.to_string(), label: hit.title, detail: hit.detail }).collect())
}

/// What was typed into a field that names a record.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    pub q: String,
}
