//! The registry as data: facts for tests, and the model of the reference pages.

use atlas_api::{Operation, RateSettings, docs_model, inventory};
use atlas_kernel::{Permission, Role};

use crate::app::BASE;
use crate::widgets;

#[test]
fn the_inventory_says_what_each_operation_is() {
    let all = inventory(&widgets::operations());
    let delete = all.iter().find(|info| info.name == "widgets.delete").unwrap();
    assert_eq!((delete.method.as_str(), delete.path, delete.scope), ("DELETE", "/v1/widgets/{id}", "widgets:write"));
    assert_eq!((delete.least_role, delete.effect.as_str(), delete.rate_class.as_str()), (Role::Member, "destructive", "write"));
    let run = all.iter().find(|info| info.name == "widgets.run").unwrap();
    assert_eq!(run.rate_class.as_str(), "heavy");
    assert!(all.iter().find(|info| info.name == "widgets.list").unwrap().tool);
    assert_eq!(all[1].quick_action.unwrap().title, "New widget");
}

#[test]
fn the_reference_has_fields_and_examples() {
    let model = docs_model(&widgets::operations(), BASE, &RateSettings::default());
    assert_eq!(model.groups.len(), 1);
    assert_eq!((model.groups[0].name.as_str(), model.groups[0].slug.as_str()), ("Widgets", "widgets"));
    let operation = |name: &str| model.groups[0].operations.iter().find(|op| op.name == name).unwrap();
    let create = operation("widgets.create");
    let names: Vec<&str> = create.body.iter().map(|field| field.name.as_str()).collect();
    assert!(names.starts_with(&["name", "note", "screwCount", "parts", "parts[].name", "parts[].weight", "parts[].inner"]), "{names:?}");
    assert_eq!((create.body[0].required, create.body[0].description.as_str()), (true, "Its name."));
    assert!(create.body[1].nullable);
    assert!(
        create.curl.starts_with("curl -X POST 'https://atlas.example.com/v1/widgets' \\\n  -H \"Authorization: Bearer $ATLAS_TOKEN\""),
        "{}",
        create.curl
    );
    assert!(create.curl.contains("Idempotency-Key") && create.curl.contains("-d '{\"name\":"));
    assert_eq!((create.status, create.calls_per_minute), (201, 120));
    let list = operation("widgets.list");
    let state = list.parameters.iter().find(|field| field.name == "state").unwrap();
    assert_eq!((state.place, state.required, state.values.as_slice()), ("query", false, &["new".to_owned(), "worn".to_owned()][..]));
    assert!(list.answer.iter().any(|field| field.name == "data[].state"));
    let get = operation("widgets.get");
    assert!(get.curl.contains("/v1/widgets/widget_01"), "{}", get.curl);
    assert!(get.response_example.as_deref().unwrap().contains("\"version\": 1"));
    assert!(model.errors.iter().any(|error| error.code == "missing_scope"));
}

#[test]
#[should_panic(expected = "its version is read from another type")]
fn versions_are_read_from_the_answer() {
    let read = |_: atlas_api::Ctx, _: atlas_api::Input| async move { Ok(1_i64) };
    let _ = Operation::read("a.b", "/v1/a", Permission::read("a:read"), read).version(|text: &String| text.len() as i64);
}
