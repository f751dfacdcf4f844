//! The plans of the list queries: a page is one range of an index, whatever the order, direction and place in the list.

use atlas_kernel::{Clock, UserId, WorkspaceId};
use atlas_store::{Db, Dialect, Executor, Value, built_query};

use crate::contact::Status;
use crate::contact::list::ContactQuery;
use crate::deal::list::DealQuery;
use crate::ids::{ContactId, DealId, PipelineId, StageId};
use crate::list::Turn;
use crate::{company, contact, deal, migrations};

/// Enough rows that a planner which reads statistics prefers an index.
const ROWS: usize = 6_000;

async fn filled() -> (Db, WorkspaceId) {
    let db = atlas_testkit::database(&migrations()).await;
    let ws = WorkspaceId::new(Clock::System.now());
    let db_ref = &db;
    for chunk in 0..ROWS / 500 {
        let write = |tx| async move {
            contacts(&tx, ws).await?;
            deals(&tx, ws, chunk).await
        };
        db_ref.write(write).await.unwrap();
    }
    for table in ["contacts", "companies", "deals"] {
        let analyze = |tx| async move { built_query(format!("ANALYZE {table}")).run(&tx).await };
        db.write(analyze).await.unwrap();
    }
    (db, ws)
}

async fn contacts(tx: &atlas_store::Tx, ws: WorkspaceId) -> atlas_kernel::Result<u64> {
    let rows: Vec<String> =
        (0..500).map(|n| format!("($1,${},'','n' || {},$2,$2,$5,$3,'atlas',$2,$2,1,$4,$4,$4)", n + 6, n * 7 % 500)).collect();
    let sql = format!(
        "INSERT INTO contacts (workspace_id, id, name, name_key, emails, phones, lead, status, origin, provenance, provided, version, created_at, \
         updated_at, last_activity_at) VALUES {}",
        rows.join(",")
    );
    let insert = built_query(sql).bind(ws).bind(serde_json::json!([])).bind(Status::Active).bind(tx.now()).bind(false);
    (0..500).fold(insert, |q, _| q.bind(ContactId::new(tx.now()))).run(tx).await
}

async fn deals(tx: &atlas_store::Tx, ws: WorkspaceId, chunk: usize) -> atlas_kernel::Result<u64> {
    let (pipeline, stage) = (PipelineId::new(tx.now()), StageId::new(tx.now()));
    let rows: Vec<String> = (0..500)
        .map(|n| {
            format!("($1,${},'t','t' || {},{},$2,$3,{},'2027-01-01',$4,$5,1,$5,$5,$5)", n + 6, n * 7 % 500, n * 3 % 500, chunk * 500 + n)
        })
        .collect();
    let sql = format!(
        "INSERT INTO deals (workspace_id, id, title, title_key, value_key, pipeline_id, stage_id, position, close_key, status, stage_since, version, \
         created_at, updated_at, last_activity_at) VALUES {}",
        rows.join(",")
    );
    let insert = built_query(sql).bind(ws).bind(pipeline).bind(stage).bind(Status::Active).bind(tx.now());
    (0..500).fold(insert, |q, _| q.bind(DealId::new(tx.now()))).run(tx).await
}

async fn plan(db: &Db, (sql, values): (String, Vec<Value>)) -> String {
    let (explain, column) = match db.dialect() {
        Dialect::Sqlite => ("EXPLAIN QUERY PLAN", 3),
        Dialect::Postgres => ("EXPLAIN", 0),
    };
    let ask = values.into_iter().fold(built_query(format!("{explain} {sql}")), atlas_store::Query::bind);
    let rows = db.rows(ask).await.unwrap();
    rows.iter().map(|row| row.at::<String>(column).unwrap()).collect::<Vec<_>>().join("\n")
}

fn check(plan: &str, index: &str) {
    assert!(plan.contains(index), "{index} expected:\n{plan}");
    for slow in ["USE TEMP B-TREE", "SCAN c", "SCAN d", "Sort ", "Seq Scan on contacts", "Seq Scan on deals"] {
        assert!(!plan.contains(slow), "{slow} in:\n{plan}");
    }
}

#[tokio::test]
async fn a_page_of_contacts_is_one_range_of_an_index() {
    let (db, ws) = filled().await;
    let orders =
        [("name", "contacts_name"), ("created", "contacts_created"), ("updated", "contacts_updated"), ("activity", "contacts_activity")];
    for (order, index) in orders {
        for minus in ["", "-"] {
            let mut ask = ContactQuery { sort: format!("{minus}{order}"), limit: 50, ..ContactQuery::default() };
            let by = contact::list::order(&ask).unwrap();
            check(&plan(&db, contact::list::page_query(&db, ws, &ask, by).await.unwrap()).await, index);
            let cursor = contact::list::page(&db, ws, &ask).await.unwrap().after.unwrap();
            for turn in [Turn::After(cursor.clone()), Turn::Before(cursor)] {
                ask.turn = turn;
                check(&plan(&db, contact::list::page_query(&db, ws, &ask, by).await.unwrap()).await, index);
            }
        }
    }
    let mine = ContactQuery { owner: Some(Some(UserId::new(Clock::System.now()))), limit: 50, ..ContactQuery::default() };
    let by = contact::list::order(&mine).unwrap();
    check(&plan(&db, contact::list::page_query(&db, ws, &mine, by).await.unwrap()).await, "contacts_owner");
}

#[tokio::test]
async fn a_filter_by_company_starts_from_its_few_people() {
    let (db, ws) = filled().await;
    let company = crate::ids::CompanyId::new(Clock::System.now());
    let ask = ContactQuery { company: Some(company), limit: 50, ..ContactQuery::default() };
    let by = contact::list::order(&ask).unwrap();
    let few = plan(&db, contact::list::page_query(&db, ws, &ask, by).await.unwrap()).await;
    assert!(!few.contains("SCAN c") && !few.contains("Seq Scan on contacts"), "{few}");
    assert!(few.contains("contact_companies_company"), "{few}");
    assert!(db.dialect() == Dialect::Postgres || !few.contains("contacts_name"), "{few}");
}

#[tokio::test]
async fn a_page_of_deals_is_one_range_of_an_index() {
    let (db, ws) = filled().await;
    for (order, index) in [("title", "deals_title"), ("value", "deals_value"), ("close", "deals_close"), ("updated", "deals_updated")] {
        for minus in ["", "-"] {
            let ask = DealQuery { sort: format!("{minus}{order}"), limit: 50, ..DealQuery::default() };
            let by = deal::list::order(&ask).unwrap();
            check(&plan(&db, deal::list::page_query(&db, ws, &ask, by).await.unwrap()).await, index);
        }
    }
}

#[tokio::test]
async fn a_page_of_companies_is_one_range_of_an_index() {
    let db = atlas_testkit::database(&migrations()).await;
    if db.dialect() == Dialect::Postgres {
        // An empty table is read as a whole, and rightly so; the statement is the same as for contacts.
        return;
    }
    let ws = WorkspaceId::new(Clock::System.now());
    for (order, index) in [("name", "companies_name"), ("-activity", "companies_activity")] {
        let ask = company::list::CompanyQuery { sort: order.into(), limit: 50, ..Default::default() };
        let by = company::list::order(&ask).unwrap();
        check(&plan(&db, company::list::page_query(&db, ws, &ask, by).await.unwrap()).await, index);
    }
}
