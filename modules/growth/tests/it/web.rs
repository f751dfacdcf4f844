//! The pages through HTTP: who sees them, what forms answer, what another workspace finds.

use atlas_connect::{Landing, Person, Side};
use atlas_growth::contact::Edit;
use atlas_identity::{Gate, Origin, SetUp};
use atlas_kernel::{Clock, WorkspaceId};
use atlas_store::{Db, query, watch_queries};
use atlas_web::{App, AppParts, Assets};
use axum::body::{Body, to_bytes};
use axum::http::Request;
use tower::ServiceExt;

use crate::intake::{contact_of, message, person, talk};
use crate::office::{Office, noon, workspace_in};

struct Browser {
    office: Office,
    router: axum::Router,
    cookie: String,
}

struct Answer {
    status: u16,
    text: String,
    location: String,
    trigger: String,
}

async fn open() -> Browser {
    let mut migrations = atlas_jobs::migrations();
    migrations.extend(atlas_identity::migrations());
    migrations.extend(atlas_connect::migrations());
    migrations.extend(atlas_growth::migrations());
    let db: Db = atlas_testkit::database_at(atlas_testkit::fresh_location(), Clock::manual(noon()), &migrations).await;
    let ask = SetUp {
        workspace: "Kestrel".into(),
        name: "Ines Okafor".into(),
        email: "ines@kestrel.example".into(),
        password: "correct horse battery staple".into(),
        time_zone: "Europe/Dublin".into(),
    };
    let origin = Origin { ip: "127.0.0.1".into(), user_agent: "test".into() };
    let signed = atlas_identity::set_up(&db, &Gate::new(), &ask, &origin).await.unwrap();
    let cookie = signed.cookie.expose().to_owned();
    let (ines, _) = atlas_identity::authenticate_session(&db, &cookie, noon()).await.unwrap().unwrap();
    let office =
        Office { db: db.clone(), ws: signed.workspace, mara: ines.clone(), ines, connection: atlas_kernel::ConnectionId::new(noon()) };
    let module = atlas_growth::module();
    let app = App::new(AppParts {
        db,
        nouns: office.nouns(),
        assets: Assets::embedded().expect("the browser's files are built"),
        nav: module.nav,
        quick_actions: module.quick_actions,
        panels: vec![],
        record_actions: vec![],
        health: None,
        base_url: "http://localhost".into(),
        stopping: tokio::sync::watch::channel(false).1,
    });
    Browser { office, router: atlas_web::router(&app, module.pages), cookie }
}

impl Browser {
    async fn ask(&self, method: &str, path: &str, form: Option<&str>, partial: bool) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("cookie", format!("atlas_session={}", self.cookie));
        if partial {
            request = request.header("hx-request-type", "partial");
        }
        if form.is_some() {
            request = request.header("content-type", "application/x-www-form-urlencoded").header("origin", "http://localhost");
        }
        let body = form.map_or(Body::empty(), |form| Body::from(form.to_owned()));
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (status, trigger) = (answer.status().as_u16(), header("hx-trigger"));
        let location = if header("location").is_empty() { header("hx-redirect") } else { header("location") };
        let bytes = to_bytes(answer.into_body(), 4 << 20).await.unwrap();
        Answer { status, text: String::from_utf8_lossy(&bytes).into_owned(), location, trigger }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None, false).await
    }

    async fn post(&self, path: &str, form: &str) -> Answer {
        self.ask("POST", path, Some(form), true).await
    }

    async fn role(&self, role: &str) {
        let (ws, role) = (self.office.ws, role.to_owned());
        let set = |ws: WorkspaceId, role: String| {
            move |tx| {
                let role = role.clone();
                async move { query("UPDATE memberships SET role = $2 WHERE workspace_id = $1").bind(ws).bind(role).run(&tx).await }
            }
        };
        self.office.db.write(set(ws, role)).await.unwrap();
    }
}

async fn busy() -> (Browser, atlas_growth::contact::Contact) {
    let browser = open().await;
    let office = &browser.office;
    office
        .arrive(Landing::Person(Person {
            name: Some("Maren <Solheim>".into()),
            email: Some("maren@harbour.example".into()),
            ..person("p1", 1)
        }))
        .await;
    let messages = (0..9).map(|n| message(&format!("m{n}"), n, Side::Customer, &format!("<p>Message {n}<script>x</script></p>"))).collect();
    office.arrive(Landing::Conversation(talk("v1", 50, &["p1"], messages))).await;
    let contact = contact_of(office, "p1").await;
    office.note(&contact.id.to_ref(), "A *note*").await;
    (browser, contact)
}

#[tokio::test]
async fn every_page_draws_full_and_empty() {
    let browser = open().await;
    for path in
        ["/growth/contacts", "/growth/companies", "/growth/deals", "/growth/deals?view=list", "/growth/contacts/new", "/growth/deals/new"]
    {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.text.matches("<h1").count(), 1, "{path}");
    }
    assert!(browser.get("/growth/contacts").await.text.contains("No contacts yet"));
    assert!(browser.get("/growth/contacts?q=nobody").await.text.contains("Nothing matches"));
    let (browser, contact) = busy().await;
    let page = browser.get(&contact.url()).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Maren &#60;Solheim&#62;") && !page.text.contains("<script>x"), "names are escaped, messages sanitised");
    assert!(page.text.contains("Message 8") && page.text.contains("3 earlier messages") && page.text.contains("<em>note</em>"));
    let talk = browser.get("/growth/contacts").await.text;
    assert!(talk.contains("maren@harbour.example"));
    let conversation = browser.office.mapped(atlas_connect::What::Conversation, "v1").await.unwrap();
    let page = browser.get(&format!("/growth/conversations/{conversation}")).await;
    assert!(page.status == 200 && page.text.contains("Message 0") && page.text.contains("SLA and renewal"));
}

#[tokio::test]
async fn pages_ask_the_database_a_bounded_number_of_times() {
    let (browser, contact) = busy().await;
    for n in 0..30 {
        browser.office.named(&format!("Person {n}")).await;
    }
    for (path, most) in
        [("/growth/contacts".to_owned(), 6), (contact.url(), 20), ("/growth/deals".to_owned(), 10), ("/growth/companies".to_owned(), 6)]
    {
        browser.get(&path).await;
        let (page, queries) = watch_queries(browser.get(&path)).await;
        assert_eq!(page.status, 200);
        assert!(queries.len() <= most, "{path}: {} queries", queries.len());
    }
}

#[tokio::test]
async fn a_form_that_fails_comes_back_filled() {
    let browser = open().await;
    let failed = browser.post("/growth/contacts", "name=&email=nonsense&role=Head").await;
    assert_eq!(failed.status, 422);
    assert!(failed.text.starts_with("<form") && failed.text.contains("value=\"nonsense\"") && failed.text.contains("value=\"Head\""));
    assert!(failed.text.contains("aria-invalid=\"true\"") && failed.text.contains("An address such as"));
    let made = browser.post("/growth/contacts", "name=Maren&email=m%40x.example&company=%2BHarbour&tags=VIP%2C+Beta").await;
    assert!(made.status == 200 && made.location.starts_with("/growth/contacts/contact_"), "{}", made.text);
    let page = browser.get(&made.location).await.text;
    assert!(page.contains("Harbour") && page.contains("Beta, VIP"));
    let plain = browser.ask("POST", "/growth/companies", Some("name=Calder"), false).await;
    assert_eq!(plain.status, 303);
    let deal = browser.post("/growth/deals", "title=Renewal&value=48%2C000&currency=eur&close=2027-01-31").await;
    assert!(browser.get(&deal.location).await.text.contains("€48,000"));
    let wrong = browser.post("/growth/deals", "title=Renewal&value=lots&currency=eur").await;
    assert!(wrong.status == 422 && wrong.text.contains("value=\"lots\""));
}

#[tokio::test]
async fn a_field_is_saved_refused_or_found_changed() {
    let browser = open().await;
    let contact = browser.office.contact(Edit { name: Some("Maren".into()), role: Some("Clerk".into()), ..Edit::default() }).await;
    let field = |name: &str| format!("{}/fields/{name}", contact.url());
    let saved = browser.post(&field("role"), "was=Clerk&value=Head+of+operations").await;
    assert!(
        saved.status == 200 && saved.text.contains(&format!("id=\"{}-role\"", contact.id)) && saved.text.contains("Head of operations")
    );
    let stale = browser.post(&field("role"), "was=Clerk&value=Other").await;
    assert!(stale.status == 409 && stale.text.contains("Somebody changed this") && stale.text.contains("Head of operations"));
    let refused = browser.post(&field("email"), "was=&value=nonsense").await;
    assert!(refused.status == 422 && refused.text.contains("class=\"error\"") && refused.text.contains("nonsense"));
    assert_eq!(browser.post(&field("shoe-size"), "was=&value=1").await.status, 404);
    assert_eq!(browser.office.reload(contact.id).await.role.as_deref(), Some("Head of operations"));
}

#[tokio::test]
async fn notes_are_written_deleted_and_taken_back_on_the_page() {
    let (browser, contact) = busy().await;
    let written = browser.post(&format!("{}/notes", contact.url()), "body=Second+note").await;
    assert!(
        written.text.starts_with("<form")
            && written.text.contains("<hx-partial hx-target=\"#timeline\"")
            && written.text.contains("Second note")
    );
    assert_eq!(browser.post(&format!("{}/notes", contact.url()), "body=+").await.status, 422);
    let notes = atlas_growth::note::store::page(&browser.office.db, browser.office.ws, None, 10, None).await.unwrap().data;
    let note = notes.iter().find(|note| note.body == "Second note").unwrap();
    let deleted = browser.post(&format!("/growth/notes/{}/delete", note.id), &format!("page={}", contact.id)).await;
    assert!(deleted.text.starts_with("<section id=\"timeline\"") && !deleted.text.contains("Second note"));
    assert!(deleted.trigger.contains(&format!("/growth/notes/{}/restore", note.id)));
    browser.post(&format!("/growth/notes/{}/restore", note.id), "").await;
    assert!(browser.get(&contact.url()).await.text.contains("Second note"));
}

#[tokio::test]
async fn cards_move_and_the_move_can_be_undone() {
    let browser = open().await;
    let deal = browser.office.deal(atlas_growth::deal::Edit { title: Some("Renewal".into()), ..Default::default() }).await;
    let stages = atlas_growth::pipeline::store::all(&browser.office.db, browser.office.ws).await.unwrap().remove(0).stages;
    let moved = browser.post("/growth/deals/move", &format!("id={}&lane={}&before=", deal.id, stages[2].id)).await;
    assert!(
        moved.status == 200 && moved.text.contains("hx-partial") && moved.trigger.contains("Renewal moved to Proposal"),
        "{}",
        moved.text
    );
    let undo: serde_json::Value = serde_json::from_str(&moved.trigger).unwrap();
    assert_eq!(browser.ask("POST", undo["toast"]["undo"].as_str().unwrap(), Some(""), true).await.status, 200);
    let back = atlas_growth::deal::store::find(&browser.office.db, browser.office.ws, deal.id).await.unwrap().unwrap();
    assert_eq!(back.stage, deal.stage);
    let page = format!("/growth/pipelines/{}", deal.pipeline);
    let version = "version=1";
    let kept = browser.post(&format!("{page}/stages/{}/remove", deal.stage), version).await;
    assert!(kept.status == 422 && kept.text.contains("The stage was kept"));
    let gone = browser.post(&format!("{page}/stages/{}/remove", deal.stage), &format!("{version}&target={}", stages[1].id)).await;
    assert_eq!((gone.status, gone.location.as_str()), (200, page.as_str()));
    let stale = browser.post(&format!("{page}/stages"), "version=1&name=Pilot&kind=open").await;
    assert_eq!(stale.location, page);
    browser.post(&format!("{page}/stages"), "version=2&name=Pilot&kind=open&likelihood=60").await;
    assert!(browser.get(&page).await.text.contains("Pilot"));
}

#[tokio::test]
async fn guests_read_and_another_workspaces_records_are_not_there() {
    let (browser, contact) = busy().await;
    let other = workspace_in(&browser.office.db, "Other").await;
    let (person, company) = (other.named("Foreign").await, other.company("Foreign").await);
    let deal = other.deal(atlas_growth::deal::Edit { title: Some("Foreign".into()), ..Default::default() }).await;
    for path in [person.url(), company.url(), deal.url(), format!("/growth/pipelines/{}", deal.pipeline), "/growth/contacts/rubbish".into()]
    {
        assert_eq!(browser.get(&path).await.status, 404, "{path}");
        assert_eq!(browser.get(&format!("{path}/timeline")).await.status, 404, "{path}");
        assert_eq!(browser.post(&format!("{path}/archive"), "").await.status, 404, "{path}");
    }
    browser.role("guest").await;
    let page = browser.get(&contact.url()).await;
    assert!(page.status == 200 && !page.text.contains("data-edit-open") && !page.text.contains("Add note"));
    let refused = browser.post(&format!("{}/fields/role", contact.url()), "was=&value=x").await;
    assert!(refused.status == 403 && refused.text.contains("contacts:write"));
    assert_eq!(browser.post("/growth/contacts", "name=x").await.status, 403);
}
