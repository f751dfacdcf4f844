//! The list of deals as a page.

use askama::Template;
use atlas_kernel::{Result, UserId};
use atlas_web::ui;
use atlas_web::{Ctx, Reply};
use serde::Deserialize;

use super::super::list::{DealLine, DealQuery, count, page};
use super::board::Actions;
use crate::access::DEALS_WRITE;
use crate::list::Turn;
use crate::parts::listing::{Chips, DEALS, Filter, Frame, ListPage, Owners, Place};
use crate::parts::{Address, SortHead, part, sort_head};
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
#[template(path = "deal/table.html")]
struct Table {
    frame: Frame,
    rows: Vec<Row>,
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
        Address::of(
            "/growth/deals",
            &[
                ("view", &self.view),
                ("pipeline", &self.pipeline),
                ("q", &self.q),
                ("sort", &self.sort),
                ("owner", &self.owner),
                ("stage", &self.stage),
                ("archived", &self.archived),
            ],
        )
    }

    /// The owner that is filtered by, on the board.
    pub(super) fn owner_id(&self) -> Option<UserId> {
        self.owner.parse().ok()
    }

    fn sort(&self) -> &str {
        if self.sort.is_empty() { "title" } else { &self.sort }
    }

    fn query(&self, pipeline: Option<&Pipeline>) -> Result<DealQuery> {
        Ok(DealQuery {
            q: (!self.q.trim().is_empty()).then(|| self.q.clone()),
            owner: owner_filter(Some(&self.owner))?,
            pipeline: pipeline.map(|pipeline| pipeline.id),
            stage: self.stage.parse().ok(),
            archived: self.archived == "yes",
            sort: self.sort().to_owned(),
            turn: Turn::of(&self.after, &self.before),
            limit: ROWS,
            ..DealQuery::default()
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.owner, &self.stage, &self.archived].iter().any(|value| !value.trim().is_empty())
    }

    fn place<'a>(&'a self, address: &'a Address) -> Place<'a> {
        let bare = Address::new("/growth/deals").with("view", "list").with("sort", &self.sort);
        Place { address, bare, after: &self.after, before: &self.before, filtered: self.is_filtered() }
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
    let can_write = ctx.actor.may(&DEALS_WRITE).is_ok();
    let place = asked.place(&address);
    let frame = Frame { can_write, ..Frame::new(&DEALS, &place, heads(&address, asked.sort()), &slice, total)? };
    let table = Table { frame, rows: rows(ctx, slice.rows, &members) };
    if ctx.partial {
        return ctx.fragment(&table);
    }
    let stages: Vec<&Stage> = pipelines.iter().flat_map(|pipeline| &pipeline.stages).collect();
    let stage = stages.iter().find(|stage| stage.id.to_string() == asked.stage).map(|stage| stage.name.clone());
    let chips = Chips::new(&address)
        .owner(&members, &asked.owner)
        .with("square-kanban", "Stage is", "stage", stage.unwrap_or_default())
        .archived(&asked.archived);
    let filters = vec![
        Filter::owner(&members, &asked.owner),
        Filter::of("stage", "Stage", stages.iter().map(|stage| (stage.id.to_string(), stage.name.clone())), &asked.stage),
        Filter::archived(&asked.archived),
    ];
    let board = address.with("view", "").with("stage", "").with("archived", "").with("q", "").with("sort", "").href();
    let content =
        ListPage { views: Some((board, address.href())), ..ListPage::new(&DEALS, part(&table)?, &asked.q, &address, chips, filters) };
    let page = ctx.page("Deals").crumb("Growth", None).crumb("Deals", None).nav("/growth/deals").live(["deals"]);
    page.actions(&Actions { can_write })?.html(&content)
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
    let owners = Owners::new(members);
    let today = ctx.today();
    let row = |line: DealLine| Row {
        url: super::super::url(line.id),
        title: line.title.clone(),
        company: line.company_id.map(|id| (crate::company::url(id), line.company().unwrap_or_default().to_owned())),
        stage: line.stage_name.clone().unwrap_or_default(),
        value: line.value().map(|value| value.to_string()).unwrap_or_default(),
        close: line.expected_close.map(|date| (date.to_string(), ui::date_label(date, today), line.closed_at.is_none() && date < today)),
        owner: owners.of(line.owner_id),
        id: line.id.to_string(),
    };
    lines.into_iter().map(row).collect()
}
