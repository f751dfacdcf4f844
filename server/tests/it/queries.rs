//! A page needs the same number of queries for one row as for fifty.

use atlas_store::watch_queries;
use serde_json::json;

use crate::world::{World, world};

async fn fill(w: &World, count: usize) {
    for n in 0..count {
        let company = w.make("/v1/companies", json!({ "name": format!("Company {n}") })).await;
        let contact = w
            .make("/v1/contacts", json!({ "name": format!("Person {n}"), "companyId": company, "tags": [format!("tag {}", n % 3)] }))
            .await;
        w.make("/v1/deals", json!({ "title": format!("Deal {n}"), "contactId": contact, "companyId": company })).await;
        w.make("/v1/notes", json!({ "subject": contact, "body": "A note" })).await;
        w.make("/v1/tasks", json!({ "title": format!("Task {n}"), "links": [contact] })).await;
    }
}

async fn count(w: &World, path: &str) -> usize {
    let (answer, queries) = watch_queries(w.page("GET", path, true)).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text.chars().take(300).collect::<String>());
    queries.len()
}

#[tokio::test]
async fn pages_do_not_ask_more_for_more_rows() {
    let w = world().await;
    let pages = [
        "/",
        "/growth/contacts",
        "/growth/companies",
        "/growth/deals?view=list",
        "/growth/deals?view=pipeline",
        "/tasks?view=list",
        "/tasks?view=board",
        "/projects",
        "/plan",
        "/plan/week",
        "/plan/team",
    ];
    fill(&w, 2).await;
    let mut few = vec![];
    for page in pages {
        few.push(count(&w, page).await);
    }
    fill(&w, 30).await;
    for (page, few) in pages.iter().zip(few) {
        let many = count(&w, page).await;
        println!("{page}: {few} queries with 2 rows, {many} with 32");
        assert!(many <= few, "{page} needs {few} queries for 2 rows and {many} for 32");
        assert!(many <= 25, "{page} needs {many} queries");
    }
}
