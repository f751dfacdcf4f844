//! Lists: complete under ties in both directions, filtered, searched, counted, and bounded in queries.

use std::collections::BTreeSet;

use atlas_growth::contact::list::{ContactQuery, count, page};
use atlas_growth::contact::{self, Edit};
use atlas_growth::{ContactId, Turn, company, deal};
use atlas_kernel::{Currency, Money};

use crate::office::{Counting, Office, open, refused, workspace_in};

async fn people(office: &Office, many: usize) -> Vec<ContactId> {
    let mut ids = Vec::new();
    for n in 0..many {
        // Every name five times, and one clock for all: nothing but ties.
        ids.push(office.named(&format!("Person {}", n / 5)).await.id);
    }
    ids
}

async fn walk(office: &Office, sort: &str) -> (Vec<ContactId>, Vec<ContactId>) {
    let ask = |turn| ContactQuery { sort: sort.into(), turn, limit: 7, ..ContactQuery::default() };
    let (mut there, mut turn) = (Vec::new(), Turn::First);
    let last = loop {
        let slice = page(&office.db, office.ws, &ask(turn)).await.unwrap();
        there.extend(slice.rows.iter().map(|row| row.id));
        match slice.after {
            Some(after) => turn = Turn::After(after),
            None => break slice,
        }
    };
    let mut back: Vec<ContactId> = last.rows.iter().rev().map(|row| row.id).collect();
    let mut before = last.before;
    while let Some(cursor) = before {
        let slice = page(&office.db, office.ws, &ask(Turn::Before(cursor))).await.unwrap();
        back.extend(slice.rows.iter().rev().map(|row| row.id));
        assert!(slice.after.is_some());
        before = slice.before;
    }
    back.reverse();
    (there, back)
}

#[tokio::test]
async fn pages_are_complete_under_ties_there_and_back() {
    let office = open().await;
    let all: BTreeSet<ContactId> = people(&office, 33).await.into_iter().collect();
    for sort in ["name", "-name", "created", "-created", "updated", "-activity"] {
        let (there, back) = walk(&office, sort).await;
        assert_eq!(there.len(), 33, "{sort}");
        assert_eq!(there.iter().copied().collect::<BTreeSet<_>>(), all, "{sort}");
        assert_eq!(there, back, "{sort}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_order_and_an_unknown_order_are_refused() {
    let office = open().await;
    people(&office, 10).await;
    let ask = |sort: &str, turn| ContactQuery { sort: sort.into(), turn, limit: 3, ..ContactQuery::default() };
    let after = page(&office.db, office.ws, &ask("name", Turn::First)).await.unwrap().after.unwrap();
    assert_eq!(refused(page(&office.db, office.ws, &ask("-name", Turn::After(after))).await), ["cursor"]);
    assert_eq!(refused(page(&office.db, office.ws, &ask("name", Turn::After("rubbish".into()))).await), ["cursor"]);
    assert_eq!(refused(page(&office.db, office.ws, &ask("shoe size", Turn::First)).await), ["sort"]);
    assert_eq!(refused(page(&office.db, office.ws, &ContactQuery { limit: 0, ..ContactQuery::default() }).await), ["limit"]);
}

#[tokio::test]
async fn filters_and_search_narrow_and_stay_in_the_workspace() {
    let office = open().await;
    let other = workspace_in(&office.db, "Other").await;
    other.named("Maren Foreign").await;
    let harbour = office.company("Harbour").await;
    let maren = office
        .contact(Edit {
            name: Some("Maren Ærlig Solheim".into()),
            owner: Some(office.mara.user),
            tags: Some(vec!["VIP".into()]),
            companies: Some(vec![harbour.id]),
            lead: Some(true),
            ..Edit::default()
        })
        .await;
    let jonas = office.named("Jonas").await;
    let tag = atlas_growth::tag::store::all(&office.db, office.ws).await.unwrap()[0].id;
    let base = || ContactQuery { limit: 10, ..ContactQuery::default() };
    let only_maren = [
        ContactQuery { owner: Some(office.mara.user), ..base() },
        ContactQuery { tag: Some(tag), ..base() },
        ContactQuery { company: Some(harbour.id), ..base() },
        ContactQuery { lead: Some(true), ..base() },
        ContactQuery { q: Some("solheim maren".into()), ..base() },
        ContactQuery { q: Some("harbour".into()), tag: Some(tag), ..base() },
    ];
    for ask in only_maren {
        let found = page(&office.db, office.ws, &ask).await.unwrap().rows;
        assert_eq!(found.iter().map(|row| row.id).collect::<Vec<_>>(), [maren.id], "{ask:?}");
        assert_eq!(count(&office.db, office.ws, &ask).await.unwrap(), 1);
        assert_eq!(found[0].company_name.as_deref(), Some("Harbour"));
    }
    let nobodys =
        page(&office.db, office.ws, &ContactQuery { owner: Some(None), source: Some("atlas".into()), ..base() }).await.unwrap().rows;
    assert_eq!(nobodys.iter().map(|row| row.id).collect::<Vec<_>>(), [jonas.id]);
    let ines = &office.ines;
    office.db.write(|tx| async move { contact::verbs::archive(&tx, ines, jonas.id, None).await }).await.unwrap();
    let archived = page(&office.db, office.ws, &ContactQuery { archived: true, q: Some("jon".into()), ..base() }).await.unwrap().rows;
    assert_eq!(archived.iter().map(|row| row.id).collect::<Vec<_>>(), [jonas.id]);
    assert!(page(&office.db, office.ws, &ContactQuery { q: Some("foreign".into()), ..base() }).await.unwrap().rows.is_empty());
    let dangerous = ContactQuery { q: Some("a AND ( \" * OR".into()), ..base() };
    page(&office.db, office.ws, &dangerous).await.unwrap();
}

#[tokio::test]
async fn deals_sort_by_value_and_close_date() {
    let office = open().await;
    let deal = |title: &str, amount: Option<i64>, close: Option<&str>| deal::Edit {
        title: Some(title.into()),
        value: Some(amount.map(|amount| Money { amount, currency: Currency::EUR })),
        expected_close: Some(close.map(|date| date.parse().unwrap())),
        ..deal::Edit::default()
    };
    office.deal(deal("Middle", Some(500), Some("2026-12-01"))).await;
    office.deal(deal("None", None, None)).await;
    office.deal(deal("Most", Some(900), Some("2026-11-30"))).await;
    let titles = |sort: &'static str| {
        let office = office.clone();
        async move {
            let ask = deal::list::DealQuery { sort: sort.into(), limit: 10, ..Default::default() };
            let rows = deal::list::page(&office.db, office.ws, &ask).await.unwrap().rows;
            rows.into_iter().map(|row| row.title).collect::<Vec<_>>()
        }
    };
    assert_eq!(titles("-value").await, ["Most", "Middle", "None"]);
    assert_eq!(titles("close").await, ["Most", "Middle", "None"]);
    assert_eq!(titles("title").await, ["Middle", "Most", "None"]);
}

#[tokio::test]
async fn a_page_of_any_length_takes_the_same_few_queries() {
    let office = open().await;
    people(&office, 40).await;
    for limit in [5, 40] {
        let counting = Counting::new(&office.db);
        let ask = ContactQuery { limit, q: Some("person".into()), ..ContactQuery::default() };
        page(&counting, office.ws, &ask).await.unwrap();
        assert_eq!(counting.count(), 2);
        let companies = company::list::CompanyQuery { limit, ..Default::default() };
        company::list::page(&counting, office.ws, &companies).await.unwrap();
        assert_eq!(counting.count(), 3);
    }
}
