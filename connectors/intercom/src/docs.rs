//! The words of the documentation page; where today's Intercom differs from them, a note says so.

use atlas_connect::{Docs, Step};

/// One line for the card and the head of the page.
pub const SUMMARY: &str = "Sync Intercom contacts and conversations into Atlas so customer chats sit next to deals and tasks.";

/// Where apps are made and topics chosen; Intercom fills in the workspace for `_`.
pub const DEVELOPER_HUB: &str = "https://app.intercom.com/a/apps/_/developer-hub";

/// The page.
pub fn docs() -> Docs {
    Docs {
        does: &[
            "Sync Intercom contacts and companies into Atlas Growth records.",
            "Mirror conversation events into the customer timeline.",
            "Create Atlas tasks from Intercom conversation notes.",
            "Listen for conversation events with signed webhooks.",
        ],
        before: &[
            "You are an Intercom workspace admin.",
            "Your plan allows building developer apps.",
            "You have a test workspace for first validation.",
        ],
        steps: steps(),
        checklist: &[
            "Create the provider app in a sandbox or development workspace.",
            "Add the Atlas redirect URL to the provider app configuration.",
            "Copy the client id, client secret, or API key.",
            "Paste the credentials into the Atlas connector settings page.",
            "Click Connect and complete the provider sign-in screen.",
            "Run Test connection from the connector page to verify health.",
        ],
        webhooks: "Atlas registers Intercom topic subscriptions and validates the X-Hub-Signature header on every event.",
        webhooks_note: WEBHOOKS_NOTE,
        provider_docs: "https://developers.intercom.com/building-apps/docs/webhooks",
        disconnect: &[
            "Click Disconnect on the Atlas Intercom connector page.",
            "Open Settings, Authorized apps in Intercom and revoke Atlas Connector. Atlas has asked Intercom to uninstall the app by then; this shows whether it is gone.",
            "Atlas removes cached Intercom data within 24 hours of disconnect. What people wrote in Atlas stays, and a receipt lists what was removed.",
        ],
    }
}

const WEBHOOKS_NOTE: &str = "Intercom’s API has no call that registers subscriptions today: you subscribe in Intercom. \
In the Developer Hub open your app, then Configure, Webhooks, paste `{webhook_url}` as the endpoint URL, pick the topics and save. \
Intercom calls the event `contact.created` by two names: pick `contact.user.created` and `contact.lead.created`. \
Pick `conversation.admin.noted` as well, so that notes become tasks at once. \
Atlas shows for each topic when it was last seen; until a topic arrives, Atlas asks Intercom for the same changes on a schedule, so nothing is missing, only later. \
The client secret is also the key of the signature: an event with a wrong or missing signature is refused and nothing of it is stored. \
Intercom needs to reach this address over HTTPS.";

fn steps() -> Vec<Step> {
    vec![
        Step {
            title: "Open Intercom developer hub",
            body: "Sign in with the admin account.",
            shot: Some(("intercom-developer-hub.png", "The list of apps in Intercom’s developer hub")),
            link: Some(("Intercom developer hub", DEVELOPER_HUB)),
        },
        Step {
            title: "Create a new app",
            body: "Click New app, name it Atlas Connector. An app for your own workspace needs no review by Intercom.",
            shot: Some(("intercom-new-app.png", "A new app named Atlas Connector")),
            link: None,
        },
        Step {
            title: "Add the Atlas redirect URL",
            body: "Under Authentication, set Redirect URL to {redirect_url}. Turn on Use OAuth there if it is off; Intercom takes HTTPS addresses only.",
            shot: Some(("intercom-redirect-url.png", "The redirect URL under Authentication")),
            link: None,
        },
        Step {
            title: "Add scopes",
            body: "Pick Read users and companies, Write users and companies, Read conversations, Read admins. \
                   Intercom labels the first one Read and list users and companies. Without a scope, only what it covers stays off.",
            shot: Some(("intercom-scopes.png", "The four scopes, ticked")),
            link: None,
        },
        Step {
            title: "Copy the client id and secret",
            body: "Open Basic information and copy Client ID and Client Secret into the Atlas Intercom connector settings page. \
                   Choose the region there in which your Intercom workspace is hosted: United States, Europe or Australia.",
            shot: Some(("intercom-basic-information.png", "Client ID and Client Secret under Basic information")),
            link: None,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::docs;

    #[test]
    fn the_page_fills_in_its_addresses() {
        let docs = docs();
        assert!(docs.steps[2].body.contains("{redirect_url}"));
        assert!(docs.webhooks_note.contains("{webhook_url}"));
    }

    #[test]
    fn every_step_has_its_own_picture() {
        let mut shots: Vec<_> = docs().steps.iter().filter_map(|step| step.shot).map(|shot| shot.0).collect();
        shots.sort_unstable();
        shots.dedup();
        assert_eq!(shots.len(), 5);
    }
}
