//! The list of deals as a page.

use std::collections::HashMap;

use askama::Template;
use atlas_kernel::{Result, UserId};
use atlas_web::ui::{self, Safe};
use atlas_web::{Ctx, Reply};
use serde::Deserialize;

use super::super::list::{DealLine, DealQuery, count, page};
use super::board::{Actions, address};
use crate::access::DEALS_WRITE;
use crate::list::Turn;
use crate::parts::{Address, Chip, Choice, Pager, SortHead, count_words, part, sort_head};
use crate::people::{Member, members};
use crate::pipeline::{Pipeline, Stage};
use crate::wire::owner_filter;

const ROWS: usize = 50;

/// What the address of the deals' pages says.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    pub view: String,
    pub pipeline: String,
    pub owner: String,
    q: String,
    sort: String,
    stage: String,
    archived: String,
    after: String,
    before: String,
}

#[derive(Template)]
#[template(path = "deal/list.html")]
struct ListPage {
    table: Safe,
    q: String,
    hidden: Vec<(String, String)>,
    chips: Vec<Chip>,
    filters: Vec<(&'static str, &'static str, Vec<Choice>)>,
    kept: Vec<(String, String)>,
    board_href: String,
    list_href: String,
}

#[derive(Template)]
#[template(path = "deal/table.html")]
struct Table {
    address: String,
    heads: Vec<SortHead>,
    rows: Vec<Row>,
    pager: Safe,
    filtered: bool,
    clear: String,
    can_write: bool,
}

struct Row {
    id: String,
    url: String,
    title: String,
    company: Option<(String, String)>,
    stage: String,
    value: String,
    close: Option<(String, String, bool)>,
    owner: Option<(UserId, String)>,
}

impl Asked {
    /// The address of the page that is shown, without its place in the list.
    pub(super) fn address(&self) -> Address {
        address(&[
            ("view", &self.view),
            ("pipeline", &self.pipeline),
            ("q", &self.q),
            ("sort", &self.sort),
            ("owner", &self.owner),
            ("stage", &self.stage),
            ("archived", &self.archived),
        ])
    }

    /// The owner that is filtered by, on the board.
    pub(super) fn owner_id(&self) -> Option<UserId> {
        self.owner.parse().ok()
    }

    fn sort(&self) -> &str {
        if self.sort.is_empty() { "title" } else { &self.sort }
    }

    fn query(&self, pipeline: Option<&Pipeline>) -> Result<DealQuery> {
        let turn = match (self.after.as_str(), self.before.as_str()) {
            ("", "") => Turn::First,
            ("", before) => Turn::Before(before.to_owned()),
            (after, _) => Turn::After(after.to_owned()),
        };
        Ok(DealQuery {
            q: (!self.q.trim().is_empty()).then(|| self.q.clone()),
            owner: owner_filter(Some(&self.owner))?,
            pipeline: pipeline.map(|pipeline| pipeline.id),
            stage: self.stage.parse().ok(),
            archived: self.archived == "yes",
            sort: self.sort().to_owned(),
            turn,
            limit: ROWS,
            ..DealQuery::default()
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.owner, &self.stage, &self.archived].iter().any(|value| !value.trim().is_empty())
    }
}

/// The page, or the list alone when a search asks for it.
pub(super) async fn list_page(ctx: &Ctx, asked: &Asked, pipelines: &[Pipeline], pipeline: &Pipeline) -> Reply {
    let (db, workspace) = (&ctx.app.db, ctx.actor.workspace);
    let several = pipelines.len() > 1 && !asked.pipeline.is_empty();
    let query = asked.query(several.then_some(pipeline))?;
    let slice = page(db, workspace, &query).await?;
    let total = count(db, workspace, &query).await?;
    let members = members(db, workspace).await?;
    let address = asked.address();
    let words = count_words(slice.rows.len(), total, "deal", "deals");
    let table = Table {
        address: address.with("after", &asked.after).with("before", &asked.before).href(),
        heads: heads(&address, asked.sort()),
        pager: part(&Pager::new(&address, words, slice.before.as_deref(), slice.after.as_deref()))?,
        rows: rows(ctx, slice.rows, &members),
        filtered: asked.is_filtered(),
        clear: Address::new("/growth/deals").with("view", "list").with("sort", &asked.sort).href(),
        can_write: ctx.actor.may(&DEALS_WRITE).is_ok(),
    };
    if ctx.partial {
        return ctx.fragment(&table);
    }
    let stages: Vec<&Stage> = pipelines.iter().flat_map(|pipeline| &pipeline.stages).collect();
    let content = ListPage {
        table: part(&table)?,
        q: asked.q.clone(),
        hidden: address.hidden(&["q"]),
        chips: chips(asked, &address, &members, &stages),
        filters: filters(asked, &members, &stages),
        kept: address.hidden(&["owner", "stage", "archived"]),
        board_href: address.with("view", "").with("stage", "").with("archived", "").with("q", "").with("sort", "").href(),
        list_href: address.href(),
    };
    let page = ctx.page("Deals").crumb("Growth", None).crumb("Deals", None).nav("/growth/deals").live(["deals"]);
    page.actions(&Actions { can_write: table.can_write })?.html(&content)
}

fn heads(address: &Address, sort: &str) -> Vec<SortHead> {
    let plain = |label| SortHead { label, href: String::new(), sorted: None, end: false };
    vec![
        sort_head(address, "Deal", "title", sort, false),
        plain("Company"),
        plain("Stage"),
        sort_head(address, "Closes", "close", sort, false),
        plain("Owner"),
        SortHead { end: true, ..sort_head(address, "Value", "value", sort, true) },
    ]
}

fn rows(ctx: &Ctx, lines: Vec<DealLine>, members: &[Member]) -> Vec<Row> {
    let names: HashMap<UserId, &str> = members.iter().map(|member| (member.id, member.name.as_str())).collect();
    let today = ctx.today();
    let row = |line: DealLine| Row {
        url: super::super::url(line.id),
        title: line.title.clone(),
        company: line.company_id.map(|id| (crate::company::url(id), line.company().unwrap_or_default().to_owned())),
        stage: line.stage_name.clone().unwrap_or_default(),
        value: line.value().map(|value| value.to_string()).unwrap_or_default(),
        close: line.expected_close.map(|date| (date.to_string(), ui::date_label(date, today), line.closed_at.is_none() && date < today)),
        owner: line.owner_id.map(|id| (id, names.get(&id).copied().unwrap_or("Former member").to_owned())),
        id: line.id.to_string(),
    };
    lines.into_iter().map(row).collect()
}

fn chips(asked: &Asked, address: &Address, members: &[Member], stages: &[&Stage]) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut add = |icon, name: &'static str, key: &str, value: String| {
        if !value.is_empty() {
            chips.push(Chip { icon, name, value, href: address.without(key).href() });
        }
    };
    let owner = match asked.owner.as_str() {
        "" => String::new(),
        "none" => "nobody".to_owned(),
        id => members.iter().find(|m| m.id.to_string() == id).map_or_else(|| "unknown".to_owned(), |m| m.name.clone()),
    };
    add("user-round", "Owner is", "owner", owner);
    let stage = stages.iter().find(|stage| stage.id.to_string() == asked.stage).map(|stage| stage.name.clone());
    add("square-kanban", "Stage is", "stage", stage.unwrap_or_default());
    add("archive", "Only", "archived", if asked.archived == "yes" { "archived".to_owned() } else { String::new() });
    chips
}

fn filters(asked: &Asked, members: &[Member], stages: &[&Stage]) -> Vec<(&'static str, &'static str, Vec<Choice>)> {
    let of = |pairs: Vec<(String, String)>, current: &str| {
        let choices = pairs.into_iter().map(|(value, label)| {
            let chosen = value == current;
            Choice::new(value, label, chosen)
        });
        [Choice::new("", "Any", current.is_empty())].into_iter().chain(choices).collect::<Vec<_>>()
    };
    let nobody = ("none".to_owned(), "Nobody".to_owned());
    let owners = [nobody].into_iter().chain(members.iter().map(|m| (m.id.to_string(), m.name.clone()))).collect();
    vec![
        ("owner", "Owner", of(owners, &asked.owner)),
        ("stage", "Stage", of(stages.iter().map(|stage| (stage.id.to_string(), stage.name.clone())).collect(), &asked.stage)),
        ("archived", "Archived", of(vec![("yes".to_owned(), "Archived".to_owned())], &asked.archived)),
    ]
}
