//! The shared suite, over the connector of these tests.

use atlas_connect::testkit::{Suite, check_facts, leaked};

use crate::toy;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_toy_connector_passes_the_shared_suite() {
    let world = World::new(25, 12).await;
    world.fake.data().tokens.insert("tok-suite".into());
    let suite = Suite::new(toy::connector(), &world.fake.url(), "tok-suite").unwrap();
    for (name, finding) in suite.run().await {
        assert!(finding.is_ok(), "{name}: {finding:?}");
    }
    world.fake.data().chats.remove(&3);
    assert_eq!(suite.gone_arrives("chat", "3").await, Ok("gone".into()));
    assert!(suite.gone_arrives("chat", "4").await.is_err());
    let world = World::new(1, 1).await;
    world.fake.data().limit = 30;
    world.fake.data().tokens.insert("tok-suite".into());
    let suite = Suite::new(toy::connector(), &world.fake.url(), "tok-suite").unwrap();
    suite.waits(80).await.unwrap();
}

#[test]
fn disagreements_are_found() {
    let mut connector = toy::connector();
    connector.streams[0].object = "nothing";
    connector.streams[1].scope = "nothing";
    connector.streams[2].name = "firms";
    let found = check_facts(&connector).unwrap_err();
    for wrong in
        ["listing firms names the unknown object nothing", "listing people needs the unknown scope nothing", "listing firms is there twice"]
    {
        assert!(found.contains(wrong), "{found}");
    }
    assert_eq!(leaked("a log with s3cret in it", &["other", "s3cret", ""]), [1]);
}
