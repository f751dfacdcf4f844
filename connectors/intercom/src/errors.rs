//! What each failure means to a person. The first three are the documentation page's; each says what to do, and most what was kept.

use atlas_connect::{ErrorRemedy, FailureClass};

/// The table, the page's own three first.
pub fn errors() -> Vec<ErrorRemedy> {
    let mut errors = of_the_page();
    errors.extend(of_connecting());
    errors.extend(of_webhooks());
    errors.extend(of_reading());
    errors.extend(of_answers());
    errors
}

fn of_the_page() -> Vec<ErrorRemedy> {
    vec![
        ErrorRemedy {
            code: "token_revoked",
            title: "token_revoked",
            class: FailureClass::Auth,
            remedy: "Refresh token expired or revoked. Reconnect from Atlas. \
                     What was read is kept, and reading goes on where it stopped. Intercom’s tokens end by revoking, uninstalling or regenerating, not by age.",
            aliases: &[
                "unauthorized",
                "token_not_found",
                "token_expired",
                "token_blocked",
                "token_suspended",
                "missing_authorization",
                "http_401",
            ],
        },
        ErrorRemedy {
            code: "missing_scope",
            title: "Missing scope",
            class: FailureClass::Scope,
            remedy: "Add the missing scope under Authentication and reinstall the app on the workspace. \
                     Only what the scope covers has stopped; the rest goes on.",
            aliases: &["forbidden", "token_unauthorized"],
        },
        ErrorRemedy {
            code: "rate_limit_exceeded",
            title: "rate_limit_exceeded",
            class: FailureClass::Rate,
            remedy: "Intercom limits to 1000 requests per minute per workspace. Atlas backs off automatically. \
                     Today Intercom documents higher limits and counts in windows of ten seconds; the budget is a setting, and other apps in your workspace share it.",
            aliases: &["too_many_requests", "http_429"],
        },
    ]
}

fn of_connecting() -> Vec<ErrorRemedy> {
    vec![
        ErrorRemedy {
            code: "wrong_client_secret",
            title: "Wrong client secret",
            class: FailureClass::Auth,
            remedy: "Intercom does not know this pair of client id and secret. \
                     Copy both again from Basic information, save them, and click Connect.",
            aliases: &["unauthorized_client", "invalid_client"],
        },
        ErrorRemedy {
            code: "unauthorized_code",
            title: "The sign-in code was refused",
            class: FailureClass::Auth,
            remedy: "A code is good for five minutes and one use. Click Connect again. \
                     If it repeats, copy Client ID and Client Secret again from Basic information.",
            aliases: &["invalid_grant"],
        },
        ErrorRemedy {
            code: "consent_declined",
            title: "Access was declined",
            class: FailureClass::Auth,
            remedy: "Nobody granted access on Intercom’s page, so nothing was connected. Click Connect again and choose to authorise.",
            aliases: &["access_denied", "missing_code"],
        },
        ErrorRemedy {
            code: "wrong_state",
            title: "The sign-in did not begin here",
            class: FailureClass::Auth,
            remedy: "The answer from Intercom belongs to another browser or an older attempt, so it was not used. Click Connect again in this browser.",
            aliases: &["state_mismatch"],
        },
        ErrorRemedy {
            code: "wrong_region",
            title: "Wrong region",
            class: FailureClass::Auth,
            remedy: "This Intercom workspace is hosted in another region. Choose United States, Europe or Australia in the credentials and connect again.",
            aliases: &["region_mismatch"],
        },
        ErrorRemedy {
            code: "wrong_workspace",
            title: "Another Intercom workspace",
            class: FailureClass::Auth,
            remedy: "The token belongs to a different Intercom workspace than before, so nothing was read from it. \
                     Connect with the first workspace, or disconnect and remove its data before you change.",
            aliases: &["account_mismatch"],
        },
    ]
}

fn of_webhooks() -> Vec<ErrorRemedy> {
    vec![
        ErrorRemedy {
            code: "webhook_signature",
            title: "Signature did not match",
            class: FailureClass::Input,
            remedy: "An event was refused and nothing of it was stored. Intercom signs with the client secret: if it was changed in Intercom, paste the new one here.",
            aliases: &["signature_mismatch", "signature_missing"],
        },
        ErrorRemedy {
            code: "webhook_secret_missing",
            title: "No client secret to check signatures with",
            class: FailureClass::Input,
            remedy: "Every event is refused until a client secret is saved. Paste it from Basic information; what was missed is read on the next sync.",
            aliases: &[],
        },
        ErrorRemedy {
            code: "webhook_quiet",
            title: "Events stopped arriving",
            class: FailureClass::Transient,
            remedy: "After seven days of errors Intercom suspends a subscription. Open Developer Hub, Webhooks, check the topic, and choose Set live if it is there. \
                     Until then Atlas reads the same changes on a schedule.",
            aliases: &["webhook_suspended"],
        },
    ]
}

fn of_reading() -> Vec<ErrorRemedy> {
    vec![
        ErrorRemedy {
            code: "api_plan_restricted",
            title: "Not in your Intercom plan",
            class: FailureClass::Plan,
            remedy: "Intercom needs an active subscription for this. Nothing is tried again until you sync; what was read is kept.",
            aliases: &["action_forbidden", "http_402"],
        },
        ErrorRemedy {
            code: "scroll_exists",
            title: "Companies are being read by someone else",
            class: FailureClass::Conflict,
            remedy: "Intercom allows one reading of all companies at a time for each app. Another one is open; Atlas waits a minute and tries again.",
            aliases: &[],
        },
        ErrorRemedy {
            code: "scroll_expired",
            title: "Reading was interrupted at Intercom",
            class: FailureClass::Restart,
            remedy: "Intercom lost the place in the list. Atlas begins this list again; nothing is removed and nothing comes twice.",
            aliases: &["cursor_refused"],
        },
        ErrorRemedy {
            code: "not_found",
            title: "No longer in Intercom",
            class: FailureClass::Gone,
            remedy: "It was deleted in Intercom, or the address is wrong. Notes, deals and tasks in Atlas are kept.",
            aliases: &[
                "company_not_found",
                "admin_not_found",
                "conversation_not_found",
                "team_not_found",
                "tag_not_found",
                "http_404",
                "http_410",
            ],
        },
        ErrorRemedy {
            code: "contact_merged",
            title: "Merged in Intercom",
            class: FailureClass::Gone,
            remedy: "Two contacts became one in Intercom. Atlas follows and moves the timeline; there is nothing to do.",
            aliases: &[],
        },
        ErrorRemedy {
            code: "conflict",
            title: "Already there",
            class: FailureClass::Conflict,
            remedy: "Intercom has a record with the same details. Atlas tries again; if it stays, compare the two records in Intercom.",
            aliases: &["resource_conflict", "unique_user_constraint", "http_409"],
        },
    ]
}

fn of_answers() -> Vec<ErrorRemedy> {
    vec![
        ErrorRemedy {
            code: "intercom_version_invalid",
            title: "API version refused",
            class: FailureClass::Input,
            remedy: "Intercom does not offer this with API version 2.16 in your workspace. The rest goes on.",
            aliases: &[],
        },
        ErrorRemedy {
            code: "parameter_invalid",
            title: "Request refused",
            class: FailureClass::Input,
            remedy: "Intercom did not accept what Atlas asked, and asking again would not help. What was read is kept. Report the code.",
            aliases: &[
                "parameter_not_found",
                "missing_parameter",
                "bad_request",
                "type_mismatch",
                "client_error",
                "invalid_sort_order",
                "data_invalid",
                "validation_error",
                "unprocessable_entity",
                "media_type_not_acceptable",
                "http_400",
                "http_405",
                "http_406",
                "http_415",
                "http_422",
            ],
        },
        ErrorRemedy {
            code: "server_error",
            title: "Intercom has trouble",
            class: FailureClass::Transient,
            remedy: "Intercom could not answer. Atlas tries again with growing pauses and keeps its place.",
            aliases: &["service_unavailable", "request_timeout", "http_408", "http_500", "http_502", "http_503", "http_504"],
        },
        ErrorRemedy {
            code: "no_answer",
            title: "Intercom cannot be reached",
            class: FailureClass::Transient,
            remedy: "There was no answer in time. Atlas tries again and keeps its place. If it lasts, check that this server can reach the region’s address over HTTPS.",
            aliases: &["timeout", "no_connection"],
        },
        ErrorRemedy {
            code: "unreadable_answer",
            title: "Answer could not be read",
            class: FailureClass::Transient,
            remedy: "The answer was cut off or not JSON. Atlas asks again. If it lasts, look for a proxy between this server and Intercom.",
            aliases: &["answer_broken", "answer_too_large"],
        },
        ErrorRemedy {
            code: "address_forbidden",
            title: "This address may not be called",
            class: FailureClass::Input,
            remedy: "The saved address leads into a private network or is not HTTPS, so nothing was sent. \
                     Choose a region, or ask who runs this server to allow private addresses.",
            aliases: &[],
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_to_one_remedy() {
        let table = errors();
        let mut codes: Vec<_> = table.iter().flat_map(|row| row.aliases.iter().copied().chain([row.code])).collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn the_words_are_in_the_house_tone() {
        for row in errors() {
            for word in ["!", "please", "Please", "oops", "Oops", "successfully", "  "] {
                assert!(!row.remedy.contains(word), "{}: {word}", row.code);
            }
            assert!(row.remedy.ends_with('.'), "{}", row.code);
        }
    }
}
