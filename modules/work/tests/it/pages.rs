//! Pages and forms, as a browser asks for them.

use atlas_identity::{Gate, Origin};
use atlas_kernel::Ref;
use atlas_store::{query, watch_queries};
use atlas_web::{AppParts, Assets, Ctx, Pages, Reply};
use atlas_work::task::verbs::{self, NewTask};
use atlas_work::task::{Priority, Status, links::Linked};
use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use tower::ServiceExt;

use crate::app::App;

struct Site {
    router: Router,
    cookie: String,
}

struct Answer {
    status: u16,
    text: String,
    headers: axum::http::HeaderMap,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The page of another module's record, as far as panels and actions matter.
async fn record_page(ctx: Ctx, axum::extract::Path(record): axum::extract::Path<Ref>) -> Reply {
    #[derive(askama::Template)]
    #[template(source = "{% for panel in panels %}<h2>{{ panel.title }}</h2>{{ panel.html }}{% endfor %}{{ actions }}", ext = "html")]
    struct Page {
        panels: Vec<atlas_web::RenderedPanel>,
        actions: String,
    }
    let noun = if record.kind() == "conn" { "connection" } else { record.kind() };
    let panels = ctx.panels(if record.kind() == "ws" { "home" } else { noun }, &record).await;
    let actions = format!("{:?}", ctx.record_actions(record.kind(), std::slice::from_ref(&record)).await?);
    ctx.page("Record").html(&Page { panels, actions })
}

impl Site {
    async fn of(app: &App) -> Self {
        let module = atlas_work::module();
        let nouns = [app.all_nouns(), module.nouns].concat();
        let (_, stopping) = tokio::sync::watch::channel(false);
        let parts = AppParts {
            db: app.db.clone(),
            nouns: atlas_store::Nouns::new(nouns),
            assets: Assets::embedded().unwrap(),
            nav: module.nav,
            quick_actions: module.quick_actions,
            panels: module.panels,
            record_actions: module.record_actions,
            health: None,
            base_url: "http://atlas.test".into(),
            stopping,
        };
        let pages = module.pages.merge(Pages::new().get("/x/{record}", atlas_work::task::TASKS_READ, record_page));
        let router = atlas_web::router(&atlas_web::App::new(parts), pages);
        let origin = Origin { ip: "127.0.0.1".into(), user_agent: "test".into() };
        let signed = atlas_identity::sign_in(&app.db, &Gate::new(), "ines@kestrel.test", "a long pass phrase", &origin).await.unwrap();
        Self { router, cookie: signed.cookie.expose().to_owned() }
    }

    async fn send(&self, method: Method, path: &str, form: &str, partial: bool) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "atlas.test");
        if !self.cookie.is_empty() {
            request = request.header("cookie", format!("atlas_session={}", self.cookie));
        }
        if partial {
            request = request.header("hx-request", "true").header("hx-request-type", "partial");
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", "same-origin");
        let response = self.router.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), 4 << 20).await.unwrap();
        Answer { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", false).await
    }
    async fn part(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "", true).await
    }
    async fn post(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form, false).await
    }
    async fn htmx(&self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, form, true).await
    }
}

const ALL: [&str; 9] = [
    "/tasks",
    "/tasks?view=board",
    "/tasks?status=todo",
    "/tasks?q=zz",
    "/tasks/new",
    "/tasks/ACME-1",
    "/projects",
    "/projects/ACME",
    "/projects/new",
];

#[tokio::test]
async fn every_page_opens_with_one_filled_button_and_balanced_markup() {
    let app = &App::new().await;
    let site = &Site::of(app).await;
    let first = site.get("/tasks").await;
    assert!(first.status == 200 && first.text.contains("No tasks yet"), "{}", first.text);
    assert!(site.get("/projects").await.text.contains("No projects yet"));
    let contact = app.record("contact", "Maren <b>Solheim</b>", None, &[]).await;
    let new = NewTask {
        title: "Write <script>alert(1)</script> & the SLA".into(),
        description: "**Bold** <img src=x onerror=y>".into(),
        due: Some("2026-11-24".parse().unwrap()),
        priority: Some(Priority::Urgent),
        estimate: Some(150),
        assignees: vec![app.ines.user.unwrap(), app.jonas.user.unwrap()],
        labels: vec!["sales".into()],
        linked: Linked::known(vec![contact.clone()]),
        ..NewTask::default()
    };
    app.make(new).await.unwrap();
    for path in ALL {
        let page = site.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        assert!(!page.text.contains("<script>alert") && !page.text.contains("onerror=y>") && !page.text.contains("<b>Solheim"), "{path}");
        assert!(page.text.matches("data-variant=\"primary\"").count() <= 1, "{path}");
        assert!(!page.text.contains("style=\"color"), "{path}");
        balanced(path, &page.text);
        balanced(path, &site.part(path).await.text);
    }
    let page = site.get("/tasks/ACME-1").await.text;
    for words in
        ["<strong>Bold</strong>", "Today", "Urgent", "2 h 30", "Jonas Weber", "Maren &#60;b&#62;Solheim", "created this", "data-key=\"s\""]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let beside = site.get("/tasks?open=ACME-1").await.text;
    assert!(beside.contains("panel-in") && beside.contains("aria-current=\"true\""));
    balanced("open", &beside);
    assert_eq!(site.get("/tasks?open=ACME-99").await.status, 200);
    assert!(site.part("/tasks/ACME-1?panel=1").await.text.starts_with("<div class=\"panel-in\""));
    assert_eq!(site.get("/tasks/ACME-9").await.status, 404);
    assert_eq!(site.get("/tasks?status=nope").await.status, 422);
}

/// Every element that is opened is closed, in order.
fn balanced(what: &str, html: &str) {
    const VOID: [&str; 9] = ["meta", "link", "input", "br", "hr", "img", "use", "path", "!doctype"];
    let mut open: Vec<&str> = Vec::new();
    for part in html.split('<').skip(1) {
        let end = part.find(|c: char| c.is_whitespace() || c == '>' || c == '/').filter(|at| *at > 0);
        match part.strip_prefix('/') {
            Some(rest) => {
                let name = rest.split('>').next().unwrap_or_default();
                assert_eq!(open.pop(), Some(name), "{what}: </{name}> in …{}", &part[..part.len().min(80)]);
            }
            None => {
                let name = &part[..end.unwrap_or(part.len())];
                let tag = part.split('>').next().unwrap_or_default();
                if !VOID.contains(&name) && !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "{what}: left open {open:?}");
}

#[tokio::test]
async fn a_task_is_made_moved_edited_archived_and_taken_back_by_forms() {
    let app = &App::new().await;
    let site = &Site::of(app).await;
    let plain =
        site.post("/tasks", "title=First&due=2026-11-27&time=15%3A00&estimate=2+h+30&labels=a%2C+b&status=todo&priority=high").await;
    assert_eq!((plain.status, plain.header("location")), (303, "/tasks/ACME-1"), "{}", plain.text);
    let task = verbs::read(&app.db, &app.ines, verbs::find(&app.db, app.ws(), "ACME-1").await.unwrap()).await.unwrap();
    assert_eq!((task.estimate, task.labels.len(), task.due_time.is_some()), (Some(150), 2, true));
    let modal = site.htmx("/tasks", "title=Second").await;
    assert!(modal.status == 200 && modal.header("hx-trigger").contains("close-modal"), "{}", modal.text);
    let refused = site.htmx("/tasks", "title=&estimate=2h").await;
    assert!(
        refused.status == 422 && refused.text.contains("aria-invalid=\"true\"") && refused.text.contains("value=\"2h\""),
        "{}",
        refused.text
    );
    let moved = site.htmx("/tasks/ACME-1/status?select=1", "status=done").await;
    assert!(
        moved.text.contains("id=\"task-ACME-1\"") && moved.text.contains("Reopen ACME-1") && moved.text.contains("form=\"bulk\""),
        "{}",
        moved.text
    );
    let undo = moved.header("hx-trigger").split("\"undo\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(site.htmx(&undo, "").await.header("hx-refresh"), "true");
    let dropped = site.htmx("/tasks/move", "id=ACME-1&lane=in_progress&before=&version=1").await;
    assert!(dropped.status == 204 && dropped.header("hx-trigger").contains("ACME-1 moved to In progress"));
    assert_eq!(site.htmx("/tasks/move", "id=ACME-1&lane=nowhere&before=").await.status, 422);
    let due = site.htmx("/tasks/ACME-1/fields/due", "value=2026-11-25&time=&was=2026-11-27+15%3A00").await;
    assert!(due.status == 200 && due.text.contains("Tomorrow"), "{}", due.text);
    let conflict = site.htmx("/tasks/ACME-1/fields/due", "value=2026-11-28&time=&was=2026-11-27+15%3A00").await;
    assert!(conflict.status == 409 && conflict.text.contains("Somebody changed this"), "{}", conflict.text);
    let wrong = site.htmx("/tasks/ACME-1/fields/estimate", "value=soon&was=2+h+30").await;
    assert!(wrong.status == 422 && wrong.text.contains("value=\"soon\"") && wrong.text.contains("A duration such as"), "{}", wrong.text);
    let people = format!("value={}&value={}&was=", app.ines.user.unwrap(), app.jonas.user.unwrap());
    assert!(site.htmx("/tasks/ACME-1/fields/assignees", &people).await.text.contains("Jonas Weber"));
    for (field, form) in [
        ("title", "value=New+title&was=First"),
        ("description", "value=One%0D%0ATwo&was="),
        ("labels", "value=c&was=a%2C+b"),
        ("start", "value=2026-11-24&was="),
        ("status", "value=in_review&was=in_progress"),
        ("priority", "value=low&was=high"),
    ] {
        let saved = site.htmx(&format!("/tasks/ACME-1/fields/{field}"), form).await;
        assert_eq!(saved.status, 200, "{field}: {}", saved.text);
        balanced(field, &saved.text);
    }
    assert_eq!(site.post("/tasks/ACME-1/fields/title", "value=Plain").await.header("location"), "/tasks/ACME-1");
    let bulk = site.post("/tasks/bulk", "do=archive&key=ACME-1&key=ACME-2").await;
    assert_eq!(bulk.status, 303);
    assert!(site.get("/tasks/ACME-1").await.text.contains("This task is archived"));
    assert_eq!(site.post("/tasks/ACME-1/restore", "").await.header("location"), "/tasks/ACME-1");
    let task = verbs::read(&app.db, &app.ines, task.id).await.unwrap();
    assert_eq!(
        (task.title.as_str(), task.description.as_str(), task.status, task.archived_at),
        ("Plain", "One\nTwo", Status::InReview, None)
    );
}

#[tokio::test]
async fn quick_add_previews_and_makes() {
    let app = &App::new().await;
    let site = &Site::of(app).await;
    let preview = site.part("/tasks/quick-add?text=Call+the+bank+fri+15%3A00+%23sales+%21high+%40me+~2h").await.text;
    for words in ["Fri 27 Nov, 15:00", "sales", "High", "Ines Okafor", "2 h"] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    let contact = app.record("contact", "Maren", None, &[]).await;
    let made = site.htmx("/tasks/quick-add", &format!("text=Call+fri&link={contact}&back=%2Fx%2F{contact}")).await;
    assert!(
        made.status == 200 && made.text.contains(&format!("value=\"{contact}\"")) && made.text.contains("name=\"text\" value=\"\""),
        "{}",
        made.text
    );
    let refused = site.htmx("/tasks/quick-add", "text=fri").await;
    assert!(refused.status == 422 && refused.text.contains("value=\"fri\""));
    assert_eq!(site.post("/tasks/quick-add", "text=Two&back=https%3A%2F%2Fevil.example").await.header("location"), "/tasks");
    let page = site.get(&format!("/x/{contact}")).await.text;
    assert!(
        page.contains("Open tasks") && page.contains(">Call</a>") && page.contains("quick-preview") || page.contains("-preview"),
        "{page}"
    );
    balanced("record", &page);
}

#[tokio::test]
async fn links_panels_and_actions_work_on_other_pages() {
    let app = &App::new().await;
    let site = &Site::of(app).await;
    let contact = app.record("contact", "Maren", None, &[]).await;
    let msg = app.record("msg", "Maren", Some("Any news?"), std::slice::from_ref(&contact)).await;
    assert!(site.get(&format!("/x/{msg}")).await.text.contains(&format!("/tasks/from/{msg}")));
    let made = site.post(&format!("/tasks/from/{msg}"), "").await;
    assert_eq!((made.status, made.header("location")), (303, "/tasks/ACME-1"));
    assert!(site.get(&format!("/x/{msg}")).await.text.contains("/tasks/ACME-1"));
    let again = site.htmx(&format!("/tasks/from/{msg}"), "").await;
    assert!(
        again.text.starts_with("<a class=\"chip\" href=\"/tasks/ACME-1\"") && again.header("hx-trigger").contains("before"),
        "{}",
        again.text
    );
    assert!(site.get("/tasks/ACME-1").await.text.contains("<p>Any news?</p>"));
    let gone = site.htmx("/tasks/ACME-1/unlink", &format!("record={contact}")).await;
    assert!(gone.status == 200 && !gone.text.contains("Maren"), "{}", gone.text);
    let back = site.htmx("/tasks/ACME-1/links", &format!("record={contact}&q=Mar")).await;
    assert!(back.status == 200 && back.text.contains("Maren"), "{}", back.text);
    assert_eq!(site.htmx("/tasks/ACME-1/links", "record=&q=nothing").await.status, 422);
    app.task("Findable other task").await;
    let options = site.part("/tasks/ACME-1/links?q=findable").await.text;
    assert!(options.contains("role=\"option\"") && options.contains("Findable other task"), "{options}");
    let rule = site.get(&format!("/x/{}", app.connection)).await.text;
    assert!(rule.contains("Tasks from notes") && rule.contains("Save rule"), "{rule}");
    balanced("rule", &rule);
    let saved = site
        .htmx(&format!("/settings/note-rules/{}", app.connection), "enabled=1&which=containing&word=todo&due_days=2&priority=low")
        .await;
    assert!(saved.status == 200 && saved.text.contains("contain “todo”"), "{}", saved.text);
    let wrong =
        site.htmx(&format!("/settings/note-rules/{}", app.connection), "enabled=1&which=containing&word=&due_days=x&priority=low").await;
    assert!(wrong.status == 422 && wrong.text.contains("aria-invalid"), "{}", wrong.text);
    app.make(NewTask {
        title: "Mine".into(),
        due: Some("2026-11-23".parse().unwrap()),
        assignees: vec![app.ines.user.unwrap()],
        ..NewTask::default()
    })
    .await
    .unwrap();
    let home = site.get(&format!("/x/{}", app.ws())).await.text;
    assert!(home.contains("Overdue") && home.contains(">Mine</a>"), "{home}");
    balanced("home", &home);
}

#[tokio::test]
async fn projects_by_forms() {
    let app = &App::new().await;
    let site = &Site::of(app).await;
    let made = site.post("/projects", "name=Route+planner&key=&lead=").await;
    assert_eq!(made.header("location"), "/projects/ROUTE");
    let taken = site.htmx("/projects", "name=Other&key=ROUTE").await;
    assert!(taken.status == 422 && taken.text.contains("another project"), "{}", taken.text);
    let lead = site.htmx("/projects/ROUTE/fields/lead", &format!("value={}&was=", app.jonas.user.unwrap())).await;
    assert!(lead.status == 200 && lead.text.contains("Jonas Weber"), "{}", lead.text);
    assert_eq!(site.htmx("/projects/ROUTE/fields/name", "value=&was=Route+planner").await.status, 422);
    assert_eq!(site.post("/projects/ROUTE/archive", "").await.status, 303);
    assert!(site.get("/projects?archived=1").await.text.contains("Route planner"));
    assert!(site.get("/projects/ROUTE").await.text.contains("This project is archived"));
    assert_eq!(site.post("/projects/ROUTE/restore", "").await.status, 303);
}

#[tokio::test]
async fn pages_ask_the_same_few_queries_however_many_tasks_there_are() {
    let app = &App::new().await;
    let site = &Site::of(app).await;
    let counts = async || {
        let mut counts = vec![];
        for path in ["/tasks", "/tasks?view=board", "/tasks/ACME-1", "/projects", "/projects/ACME"] {
            let (page, queries) = watch_queries(site.get(path)).await;
            assert_eq!(page.status, 200);
            counts.push((path, queries.len()));
        }
        counts
    };
    app.make(NewTask { title: "One".into(), assignees: vec![app.ines.user.unwrap()], ..NewTask::default() }).await.unwrap();
    let few = counts().await;
    for n in 0..40 {
        app.make(NewTask {
            title: format!("T{n}"),
            assignees: vec![app.jonas.user.unwrap()],
            labels: vec!["x".into()],
            ..NewTask::default()
        })
        .await
        .unwrap();
    }
    assert_eq!(few, counts().await);
    assert!(few.iter().all(|(_, count)| *count <= 13), "{few:?}");
    println!("{few:?}");
}

#[tokio::test]
async fn guests_read_and_strangers_sign_in() {
    let app = &App::new().await;
    let site = &mut Site::of(app).await;
    app.task("Mine").await;
    let ws = app.ws();
    let demote =
        |tx: atlas_store::Tx| async move { query("UPDATE memberships SET role = 'guest' WHERE workspace_id = $1").bind(ws).run(&tx).await };
    app.db.write(demote).await.unwrap();
    for path in ["/tasks", "/tasks?view=board", "/tasks/ACME-1", "/projects", "/projects/ACME"] {
        let page = site.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.text.contains("data-edit-open") && !page.text.contains("id=\"quick-add\""), "{path}");
        balanced(path, &page.text);
    }
    for path in ["/tasks", "/tasks/quick-add", "/tasks/ACME-1/status", "/tasks/ACME-1/fields/title", "/projects"] {
        let refused = site.post(path, "text=x&title=x&status=done&value=x&name=x").await;
        assert!(refused.status == 403 && refused.text.contains(":write"), "{path}: {}", refused.text);
    }
    site.cookie.clear();
    assert_eq!(site.get("/tasks").await.header("location"), "/signin?next=%2Ftasks");
}
