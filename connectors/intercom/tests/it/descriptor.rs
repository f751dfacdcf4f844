//! The descriptor as a whole: the documentation page's words, and that its parts fit together.

use atlas_intercom::connector;

/// What the documentation page says, section by section, in its order.
const PAGE: &[&str] = &[
    "Sync Intercom contacts and conversations into Atlas so customer chats sit next to deals and tasks.",
    "Sync Intercom contacts and companies into Atlas Growth records.",
    "Mirror conversation events into the customer timeline.",
    "Create Atlas tasks from Intercom conversation notes.",
    "Listen for conversation events with signed webhooks.",
    "You are an Intercom workspace admin.",
    "Your plan allows building developer apps.",
    "You have a test workspace for first validation.",
    "Open Intercom developer hub",
    "Sign in with the admin account.",
    "Intercom developer hub",
    "Create a new app",
    "Click New app, name it Atlas Connector.",
    "Add the Atlas redirect URL",
    "Under Authentication, set Redirect URL to https://YOUR-ATLAS-HOST/oauth/callback/intercom.",
    "Add scopes",
    "Pick Read users and companies, Write users and companies, Read conversations, Read admins.",
    "Copy the client id and secret",
    "Open Basic information and copy Client ID and Client Secret into the Atlas Intercom connector settings page.",
    "Read users and companies",
    "read_users_companies",
    "Write users and companies",
    "write_users_companies",
    "Read conversations",
    "read_conversations",
    "Read admins",
    "read_admins",
    "Create the provider app in a sandbox or development workspace.",
    "Add the Atlas redirect URL to the provider app configuration.",
    "Copy the client id, client secret, or API key.",
    "Paste the credentials into the Atlas connector settings page.",
    "Click Connect and complete the provider sign-in screen.",
    "Run Test connection from the connector page to verify health.",
    "token_revoked",
    "Refresh token expired or revoked. Reconnect from Atlas.",
    "Missing scope",
    "Add the missing scope under Authentication and reinstall the app on the workspace.",
    "rate_limit_exceeded",
    "Intercom limits to 1000 requests per minute per workspace. Atlas backs off automatically.",
    "Atlas registers Intercom topic subscriptions and validates the X-Hub-Signature header on every event.",
    "conversation.user.created",
    "conversation.user.replied",
    "conversation.admin.replied",
    "contact.created",
    "https://developers.intercom.com/building-apps/docs/webhooks",
    "Click Disconnect on the Atlas Intercom connector page.",
    "Open Settings, Authorized apps in Intercom and revoke Atlas Connector.",
    "Atlas removes cached Intercom data within 24 hours of disconnect.",
];

/// Every text of the descriptor, in the order in which the page draws it.
fn drawn() -> Vec<String> {
    let connector = connector();
    let docs = &connector.docs;
    let mut drawn: Vec<String> = vec![connector.summary.into()];
    let mut say = |texts: &[&str]| drawn.extend(texts.iter().map(|text| (*text).to_owned()));
    say(docs.does);
    say(docs.before);
    for step in &docs.steps {
        let body = step.body.replace("{redirect_url}", "https://YOUR-ATLAS-HOST/oauth/callback/intercom");
        say(&[step.title, &body, step.link.map_or("", |link| link.0)]);
    }
    connector.scopes.iter().for_each(|scope| say(&[scope.label, scope.slug]));
    say(docs.checklist);
    connector.errors.iter().for_each(|row| say(&[row.title, row.remedy]));
    say(&[docs.webhooks]);
    connector.webhook.iter().flat_map(|webhook| &webhook.topics).for_each(|topic| say(&[topic.event]));
    say(&[docs.provider_docs]);
    say(docs.disconnect);
    drawn
}

#[test]
fn the_page_is_carried_sentence_by_sentence_in_order() {
    let drawn = drawn();
    let mut rest = drawn.iter();
    for sentence in PAGE {
        assert!(rest.any(|text| text.starts_with(sentence)), "missing or out of order: {sentence}");
    }
}

#[test]
fn scopes_and_streams_and_topics_fit_together() {
    let connector = connector();
    let scope = |slug: &str| connector.scopes.iter().any(|scope| scope.slug == slug);
    let kind = |name: &str| connector.objects.iter().any(|object| object.kind == name);
    for stream in &connector.streams {
        assert!(scope(stream.scope) && kind(stream.object), "{}", stream.name);
    }
    assert!(connector.objects.iter().all(|object| scope(object.scope)));
    for topic in &connector.webhook.as_ref().unwrap().topics {
        let covered = topic.covered_by.is_empty() || connector.streams.iter().any(|stream| stream.name == topic.covered_by);
        assert!(scope(topic.scope) && covered, "{}", topic.name);
    }
    let order: Vec<_> = connector.streams.iter().map(|stream| stream.order).collect();
    assert!(order.is_sorted());
}

#[test]
fn what_can_be_checked_without_writing_has_a_probe() {
    let probes: Vec<_> = connector().scopes.iter().map(|scope| scope.probe.map(|probe| probe().path)).collect();
    let path = |text: &str| Some(text.to_owned());
    assert_eq!(probes, [path("/contacts/search"), None, path("/conversations?per_page=1"), path("/admins")]);
}

#[test]
fn every_call_names_the_version() {
    assert!(connector().headers.contains(&("intercom-version", "2.16")));
    assert!(connector().headers.iter().all(|(name, _)| name.chars().all(|c| !c.is_ascii_uppercase())), "header names in lower case");
}

#[test]
fn companies_are_read_one_at_a_time() {
    let exclusive: Vec<_> = connector().streams.iter().filter_map(|s| s.exclusive.map(|e| (s.name, e.as_secs()))).collect();
    assert_eq!(exclusive, [("companies", 60)]);
}
