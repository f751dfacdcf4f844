//! The first start, further workspaces, and what the operator's command line needs.

use atlas_identity::{
    Gate, NewOwner, NewWorkspace, SetUp, create_workspace, find_actor, list_workspaces, set_up, set_up_needed, switch_workspace,
};
use atlas_kernel::{Role, Via, WorkspaceId};

use crate::both::Place;
use crate::{House, PASSWORD, code, fields, origin, set_up_form};

mod on {
    crate::both!(the_first_start, all_errors_at_once, two_browsers_at_once, more_workspaces);
}

async fn the_first_start(place: &Place) {
    let db = place.node().await;
    assert!(set_up_needed(&db).await.unwrap());
    let house = House::new(place).await;
    assert!(!set_up_needed(&db).await.unwrap());
    let owner = house.owner().await;
    assert_eq!((owner.name.as_str(), owner.role, owner.time_zone.as_str()), ("Ann Smith", Role::Owner, "Europe/Dublin"));
    assert_eq!(code(set_up(&db, &house.gate, &set_up_form(), &origin()).await), "already_set_up");
    assert_eq!(house.operations().await, ["workspace.created"]);
    assert!(house.sign_in("ann@example.com", PASSWORD).await.is_ok());
}

async fn all_errors_at_once(place: &Place) {
    let db = place.node().await;
    let empty =
        SetUp { workspace: " ".into(), name: String::new(), email: "ann".into(), password: "short".into(), time_zone: "Atlantis".into() };
    let found = fields(set_up(&db, &Gate::new(), &empty, &origin()).await);
    assert_eq!(found, ["workspace: required", "name: required", "email: invalid", "password: too_short", "timeZone: unknown"]);
    assert!(set_up_needed(&db).await.unwrap());
    assert!(!format!("{:?}", set_up_form()).contains(PASSWORD));
}

async fn two_browsers_at_once(place: &Place) {
    let (one, two, gate) = (place.node().await, place.node().await, Gate::new());
    let (form, origin) = (set_up_form(), origin());
    let (a, b) = tokio::join!(set_up(&one, &gate, &form, &origin), set_up(&two, &gate, &form, &origin));
    assert!(a.is_ok() != b.is_ok());
    assert_eq!(code(if a.is_ok() { b } else { a }), "already_set_up");
    let count: i64 = atlas_store::query("SELECT COUNT(*) FROM workspaces").value(&one).await.unwrap();
    assert_eq!(count, 1);
}

async fn more_workspaces(place: &Place) {
    let house = House::new(place).await;
    let password = house.gate.hash("another password").await.unwrap();
    let owner = NewOwner { name: "Of no account".into(), email: "ANN@example.com".into(), password, time_zone: "UTC".into() };
    let new = &NewWorkspace { name: "Zenith".into(), owner };
    let created = house.db.write(|tx| async move { create_workspace(&tx, new).await }).await.unwrap();
    let ann = house.owner().await;
    assert_eq!((ann.user, ann.name.as_str()), (Some(created.owner), "Ann Smith"));
    let names: Vec<_> = list_workspaces(&house.db, &ann).await.unwrap().into_iter().map(|w| w.name).collect();
    assert_eq!(names, ["Acme", "Zenith"]);
    // She is still in Acme, where her session is; a new sign-in goes there as well.
    assert_eq!(find_actor(&house.db, "ann@EXAMPLE.com").await.unwrap().unwrap().workspace, ann.workspace);
    assert!(find_actor(&house.db, "nobody@example.com").await.unwrap().is_none());
    house.verb(&ann, |tx, ann| async move { switch_workspace(&tx, &ann, created.workspace).await }).await.unwrap();
    let switched = house.owner().await;
    assert_eq!((switched.workspace, switched.via.clone()), (created.workspace, Via::Session(house.ann.session)));
    let nowhere = WorkspaceId::new(place.clock.now());
    assert_eq!(code(house.verb(&switched, |tx, ann| async move { switch_workspace(&tx, &ann, nowhere).await }).await), "not_found");
    assert!(house.sign_in("ann@example.com", PASSWORD).await.is_err());
    assert!(house.sign_in("ann@example.com", "another password").await.is_ok());
}
