//! What people do: create, edit, archive, move; who may; what is refused; what the log says.

use atlas_growth::contact::{self, Edit, Field};
use atlas_growth::deal;
use atlas_growth::pipeline::{self, StageKind};
use atlas_kernel::{Error, Money};

use crate::office::{Office, open, refused, workspace_in};

fn edit(name: &str) -> Edit {
    Edit { name: Some(name.into()), ..Edit::default() }
}

fn euros(amount: i64) -> Money {
    Money { amount, currency: atlas_kernel::Currency::EUR }
}

#[tokio::test]
async fn a_contact_is_created_edited_archived_and_restored() {
    let office = open().await;
    let company = office.company("Harbour & Vale").await;
    let contact = office
        .contact(Edit {
            emails: Some(vec!["Maren@Harbour.example".into(), "maren@harbour.example".into(), "m@home.example".into()]),
            companies: Some(vec![company.id]),
            tags: Some(vec!["VIP".into(), "vip".into()]),
            ..edit("Maren Solheim")
        })
        .await;
    assert_eq!(contact.emails, ["Maren@Harbour.example", "m@home.example"]);
    assert_eq!(contact.company, Some(company.id));
    let changed = office.change(contact.id, Edit { role: Some("Head of operations".into()), ..Edit::default() }).await;
    assert_eq!((changed.version, changed.role.as_deref()), (2, Some("Head of operations")));
    assert_eq!(office.change(contact.id, Edit { role: Some("Head of operations".into()), ..Edit::default() }).await.version, 2);

    let found = atlas_store::search(&office.db, office.ws, "head operations", &["contact"], 5).await.unwrap();
    assert_eq!(found.len(), 1);
    let archived = office.db.write(|tx| {
        let office = office.clone();
        async move { contact::verbs::archive(&tx, &office.ines, contact.id, Some(2)).await }
    });
    assert_eq!(archived.await.unwrap().status, contact::Status::Archived);
    assert!(atlas_store::search(&office.db, office.ws, "maren", &[], 5).await.unwrap().is_empty());
    let office2 = office.clone();
    office
        .db
        .write(|tx| {
            let o = office2.clone();
            async move { contact::verbs::restore(&tx, &o.ines, contact.id, None).await }
        })
        .await
        .unwrap();
    assert_eq!(
        office.operations(&contact.id.to_ref()).await,
        ["contact.restored", "contact.archived", "contact.updated", "contact.created"]
    );
    assert!(office.operations(&company.id.to_ref()).await.contains(&"contact.archived".to_owned()));
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_saved() {
    let office = open().await;
    let create = |edit: Edit| {
        let office = office.clone();
        async move {
            let office = &office;
            let edit = &edit;
            office.db.write(|tx| async move { contact::verbs::create(&tx, &office.ines, edit.clone()).await }).await
        }
    };
    assert_eq!(refused(create(Edit::default()).await), ["name"]);
    let bad = Edit {
        emails: Some(vec!["ok@x.example".into(), "not an address".into()]),
        phones: Some(vec!["call me".into()]),
        role: Some("x".repeat(200)),
        ..edit("Maren")
    };
    let mut fields = refused(create(bad).await);
    fields.sort();
    assert_eq!(fields, ["emails[1]", "phones", "role"]);
    let stranger = workspace_in(&office.db, "Other").await;
    let foreign = Edit { owner: Some(stranger.ines.user), ..edit("Maren") };
    assert_eq!(refused(create(foreign).await), ["ownerId"]);
    let company = stranger.company("Theirs").await;
    assert_eq!(refused(create(Edit { companies: Some(vec![company.id]), ..edit("Maren") }).await), ["companyIds"]);
    let all = contact::list::page(&office.db, office.ws, &contact::list::ContactQuery { limit: 50, ..Default::default() }).await.unwrap();
    assert!(all.rows.is_empty());
}

#[tokio::test]
async fn guests_write_nothing_and_other_workspaces_find_nothing() {
    let office = open().await;
    let contact = office.named("Maren").await;
    let stranger = workspace_in(&office.db, "Other").await;
    let try_edit = |actor: atlas_kernel::Actor| {
        let db = office.db.clone();
        async move {
            let actor = &actor;
            db.write(|tx| async move { contact::verbs::edit(&tx, actor, contact.id, edit("Changed"), None).await }).await
        }
    };
    assert!(matches!(try_edit(office.guest()).await, Err(Error::Denied { permission: "contacts:write", .. })));
    assert!(matches!(try_edit(stranger.ines.clone()).await, Err(Error::NotFound("contact"))));
    let (ines, id) = (&office.ines, contact.id);
    let stale = office.db.write(|tx| async move { contact::verbs::edit(&tx, ines, id, edit("Late"), Some(7)).await }).await;
    assert!(matches!(stale, Err(Error::Stale)));
    assert_eq!(office.reload(contact.id).await.name, "Maren");
}

#[tokio::test]
async fn who_wrote_what_is_remembered() {
    let office = open().await;
    let contact = office.named("Maren").await;
    assert_eq!(contact.provenance.of("name").unwrap().by, office.ines.user.map(|id| id.to_ref()));
    let (mara, id) = (&office.mara, contact.id);
    let changed =
        office
            .db
            .write(|tx| async move {
                contact::verbs::edit(&tx, mara, id, Edit { location: Some("Bergen".into()), ..Edit::default() }, None).await
            })
            .await
            .unwrap();
    assert_eq!(changed.provenance.of("location").unwrap().by, office.mara.user.map(|id| id.to_ref()));
    assert!(!changed.is_empty(Field::Location) && changed.is_empty(Field::Role));
}

#[tokio::test]
async fn deals_move_through_stages_and_close() {
    let office = open().await;
    let company = office.company("Harbour & Vale").await;
    let contact = office.contact(Edit { companies: Some(vec![company.id]), ..edit("Maren") }).await;
    let wish = |title: &str, amount| deal::Edit {
        title: Some(title.into()),
        value: Some(Some(euros(amount))),
        contact: Some(Some(contact.id)),
        ..Default::default()
    };
    let (a, b) = (office.deal(wish("Renewal", 4_200_000)).await, office.deal(wish("Pilot", 100)).await);
    let stages = pipeline::store::all(&office.db, office.ws).await.unwrap().remove(0).stages;
    assert_eq!(stages.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Lead", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]);
    let step = |id, stage, before, version| {
        let office = office.clone();
        async move {
            let ines = &office.ines;
            office.db.write(|tx| async move { deal::verbs::move_to(&tx, ines, id, stage, before, version).await }).await
        }
    };
    let moved = step(a.id, stages[3].id, None, Some(1)).await.unwrap();
    assert_eq!((moved.version, moved.closed_at), (2, None));
    assert!(matches!(step(a.id, stages[1].id, None, Some(1)).await, Err(Error::Stale)));
    let won = step(a.id, stages[4].id, None, None).await.unwrap();
    assert!(won.closed_at.is_some());
    assert!(step(a.id, stages[0].id, Some(b.id), None).await.unwrap().closed_at.is_none());
    let cards = deal::board::cards(&office.db, office.ws, moved.pipeline, None).await.unwrap();
    assert_eq!(cards.iter().map(|c| c.title.as_str()).collect::<Vec<_>>(), ["Renewal", "Pilot"]);
    assert_eq!((cards[0].company(), cards[0].contact().as_deref()), (None, Some("Maren")));
    let timeline = office.operations(&company.id.to_ref()).await;
    assert!(["deal.won", "deal.moved", "deal.created"].iter().all(|op| timeline.contains(&(*op).to_owned())), "{timeline:?}");
    let sums = deal::board::sums(&office.db, office.ws, moved.pipeline, None).await.unwrap();
    assert_eq!(sums.iter().map(|s| (s.deals, s.sum)).collect::<Vec<_>>(), [(2, Some(euros(4_200_100)))]);
}

#[tokio::test]
async fn many_cards_are_put_between_two_and_keep_their_order() {
    let office = open().await;
    let wish = |title: &str| deal::Edit { title: Some(title.into()), ..Default::default() };
    let first = office.deal(wish("First")).await;
    let last = office.deal(wish("Last")).await;
    let mut expected = vec!["First".to_owned()];
    for n in 0..30 {
        let title = format!("Deal {n:02}");
        let deal = office.deal(wish(&title)).await;
        let ines = &office.ines;
        office
            .db
            .write(|tx| async move { deal::verbs::move_to(&tx, ines, deal.id, first.stage, Some(last.id), None).await })
            .await
            .unwrap();
        expected.push(title);
    }
    expected.push("Last".into());
    let cards = deal::board::cards(&office.db, office.ws, first.pipeline, None).await.unwrap();
    assert_eq!(cards.into_iter().map(|card| card.title).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn stages_are_edited_and_a_full_one_needs_a_target() {
    let office = open().await;
    let deal = office.deal(deal::Edit { title: Some("Renewal".into()), ..Default::default() }).await;
    let before = pipeline::store::all(&office.db, office.ws).await.unwrap().remove(0);
    let set = |wishes: Vec<pipeline::StageWish>, moves: pipeline::Moves| {
        let office = office.clone();
        async move {
            let (ines, wishes, moves) = (&office.ines, &wishes, &moves);
            let edit = |tx| async move { pipeline::verbs::edit(&tx, ines, before.id, None, Some(wishes.clone()), moves, None).await };
            office.db.write(edit).await
        }
    };
    let mut wishes = before.wishes();
    wishes.remove(0);
    wishes.push(pipeline::StageWish { id: None, name: "Pilot".into(), kind: StageKind::Open, likelihood: 60 });
    assert!(matches!(set(wishes.clone(), pipeline::Moves::new()).await, Err(Error::Conflict { code: "stage_not_empty", .. })));
    let to = wishes[0].id.unwrap();
    let after = set(wishes, [(deal.stage, to)].into()).await.unwrap();
    assert_eq!(
        after.stages.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(),
        ["Qualified", "Proposal", "Negotiation", "Won", "Lost", "Pilot"]
    );
    let moved = deal::store::find(&office.db, office.ws, deal.id).await.unwrap().unwrap();
    assert_eq!(moved.stage, to);
    let closed = after
        .wishes()
        .into_iter()
        .map(|mut w| {
            if w.id == Some(to) {
                w.kind = StageKind::Won
            }
            w
        })
        .collect();
    set(closed, pipeline::Moves::new()).await.unwrap();
    assert!(deal::store::find(&office.db, office.ws, deal.id).await.unwrap().unwrap().closed_at.is_some());
}

#[tokio::test]
async fn a_note_is_written_found_deleted_and_taken_back() {
    let office = open().await;
    let contact = office.named("Maren").await;
    let note = office.note(&contact.id.to_ref(), "Spoke to **Maren** about the SLA.").await;
    assert_eq!(atlas_store::search(&office.db, office.ws, "sla", &["note"], 5).await.unwrap()[0].title, "Spoke to Maren about the SLA.");
    let notes = |office: Office| async move {
        atlas_growth::note::store::page(&office.db, office.ws, Some(&contact.id.to_ref()), 10, None).await.unwrap().data.len()
    };
    let ines = &office.ines;
    office.db.write(|tx| async move { atlas_growth::note::verbs::delete(&tx, ines, note.id, Some(1)).await }).await.unwrap();
    assert_eq!(notes(office.clone()).await, 0);
    assert!(atlas_store::search(&office.db, office.ws, "sla", &[], 5).await.unwrap().is_empty());
    office.db.write(|tx| async move { atlas_growth::note::verbs::restore(&tx, ines, note.id).await }).await.unwrap();
    assert_eq!(notes(office.clone()).await, 1);
    let empty = office.db.write(|tx| async move { atlas_growth::note::verbs::write(&tx, ines, &contact.id.to_ref(), "  ").await }).await;
    assert_eq!(refused(empty), ["body"]);
    let nobody: atlas_kernel::Ref = "task_01J00000000000000000000000".parse().unwrap();
    let nothing = office
        .db
        .write(|tx| {
            let nobody = nobody.clone();
            async move { atlas_growth::note::verbs::write(&tx, ines, &nobody, "x").await }
        })
        .await;
    assert_eq!(refused(nothing), ["subject"]);
}
