//! Where the sandbox does not do what the OpenAPI description says, and why.

use std::collections::BTreeSet;

use super::description::Problem;

/// A deviation with its reason. Every place must be needed, or the test fails.
#[derive(Debug)]
pub struct Deviation {
    /// Fields as `schema.field`, or operations with their status; `* 429` is any operation.
    pub at: &'static [&'static str],
    /// How the problem begins.
    pub what: &'static str,
    #[expect(dead_code, reason = "read by people")]
    pub why: &'static str,
}

impl Deviation {
    /// Whether this is the reason for a problem.
    pub fn explains(&self, problem: &Problem) -> bool {
        self.at.iter().any(|at| self.covers(at, problem))
    }

    /// Places that no problem needs.
    pub fn idle(&self, problems: &BTreeSet<Problem>) -> Vec<String> {
        let idle = self.at.iter().filter(|at| !problems.iter().any(|p| self.covers(at, p)));
        idle.map(|at| format!("{at}: {}", self.what)).collect()
    }

    fn covers(&self, at: &str, problem: &Problem) -> bool {
        let same = match at.strip_prefix('*') {
            Some(status) => problem.at.ends_with(status),
            None => problem.at == at,
        };
        same && problem.what.starts_with(self.what)
    }
}

const fn deviation(what: &'static str, why: &'static str, at: &'static [&'static str]) -> Deviation {
    Deviation { at, what, why }
}

/// All of them.
pub const DEVIATIONS: &[Deviation] = &[
    deviation(
        "the status is not described",
        "the error pages list it for every call; the description names only some",
        &["* 403", "* 429", "* 503"],
    ),
    deviation(
        "answers `forbidden: You do not have the required scope (",
        "described for 403 is only the plan; the scope's text names it",
        &["* 403"],
    ),
    deviation(
        "the status is not described",
        "every call needs a token, and answers like its neighbours without one",
        &[
            "GET /me 401",
            "GET /contacts/{id}/notes 401",
            "GET /companies/{id}/notes 401",
            "POST /contacts/{id}/notes 401",
            "POST /contacts/{id}/archive 401",
            "POST /contacts/{id}/unarchive 401",
            "POST /contacts/{id}/block 401",
            "POST /conversations/search 401",
        ],
    ),
    deviation(
        "answers `unauthorized: ",
        "described without an example; the text is that of the other calls",
        &["POST /companies/{id}/notes 401"],
    ),
    deviation(
        "the status is not described",
        "an unknown contact is 404 `not_found` in the error pages and on the sub-paths",
        &["GET /contacts/{id} 404", "GET /contacts/find_by_external_id/{id} 404", "PUT /contacts/{id} 404"],
    ),
    deviation(
        "the status is not described",
        "email_verified alone is said in words to be 400, and so are custom attributes",
        &["PUT /contacts/{id} 400"],
    ),
    deviation("the status is not described", "a contact needs an e-mail address, an external id or a role", &["POST /contacts 400"]),
    deviation(
        "the status is not described",
        "duplicates are 409 with the other's id in the text, as clients report",
        &["POST /contacts 409"],
    ),
    deviation(
        "the status is not described",
        "unknown custom attributes of conversations are 400, as clients report",
        &["PUT /conversations/{id} 400"],
    ),
    deviation("the status is not described", "unknown people are 404, as on the other paths", &["POST /tags 404"]),
    deviation(
        "answers `parameter_invalid: Custom attribute 'mood' does not exist`",
        "attributes must exist before they are written, as clients report",
        &["POST /companies 400"],
    ),
    deviation(
        "answers `parameter_invalid: monthly_spend is too large`",
        "the limit is described in words, its text is not",
        &["POST /companies 400"],
    ),
    deviation(
        "the status is not described",
        "`company_id` cannot be changed; POST refuses what it does not know with 400",
        &["PUT /companies/{id} 400"],
    ),
    deviation("answers `tag_has_dependent_objects: ", "the published text names the example's segment", &["DELETE /tags/{id} 400"]),
    deviation(
        "answers `: `",
        "a conversation just deleted answers with a page, no object; seen in the field",
        &["GET /conversations/{id} 404"],
    ),
    deviation("is null", "the page above, read as no JSON", &["error"]),
    deviation(
        "is a company instead of a list",
        "asked by `company_id` or `name`, the words say one company is returned",
        &["GET /companies 200"],
    ),
    deviation("is not sent", "optional: only some errors are about a field", &["error.errors.*.field"]),
    deviation("is not sent", "only asked for with include_merge_history, which the sandbox does not have", &["contact.merge_history"]),
    deviation(
        "is not described",
        "the published examples send it",
        &[
            "app.secure",
            "contact.enabled_push_messaging",
            "contact.opted_in_subscription_types",
            "contact.opted_out_subscription_types",
            "contact.referrer",
            "contact.utm_campaign",
            "contact.utm_content",
            "contact.utm_medium",
            "contact.utm_source",
            "contact.utm_term",
            "contact_companies.type",
            "contact_location.continent_code",
            "contact_location.country_code",
            "contact_notes.type",
            "contact_social_profiles.type",
            "contact_tags.type",
            "conversation.ticket",
            "conversation.topics",
            "conversation_list_item.ticket",
            "conversation_list_item.topics",
        ],
    ),
    deviation(
        "is not described",
        "examples say `data`, the description and both official clients `companies`: both are sent",
        &["contact_attached_companies.data"],
    ),
    deviation("is not described", "the topic contact.merged names the old id; only notices carry it", &["contact.merged_from"]),
    deviation("is null", "people without an e-mail address", &["contact.email", "contact.email_domain"]),
    deviation("is null", "a rating without a remark", &["conversation_rating.remark"]),
    deviation("is null", "the empty last page; both official clients stop on it", &["company_scroll.scroll_param"]),
    deviation("is not sent", "the published examples leave out what a company does not have", &["company.size", "company.notes"]),
    deviation("is not sent", "the published examples have an empty plan", &["company.plan.id", "company.plan.name", "company.plan.type"]),
    deviation("is a number", "the description's own request example has numbers", &["company.custom_attributes.*"]),
    deviation("is a string", "companies page by number; a cursor would lead nowhere", &["starting_after_paging"]),
    deviation("is not described", "the pagination guide has page and starting_after", &["starting_after_paging.page"]),
    deviation("is not sent", "the pagination guide has page and starting_after", &["starting_after_paging.per_page"]),
    deviation("is not sent", "the last page has none", &["cursor_pages.next"]),
    deviation(
        "is null",
        "what has not happened yet has no time",
        &[
            "conversation_statistics.first_admin_reply_at",
            "conversation_statistics.first_assignment_at",
            "conversation_statistics.first_close_at",
            "conversation_statistics.last_admin_reply_at",
            "conversation_statistics.last_assignment_admin_reply_at",
            "conversation_statistics.last_assignment_at",
            "conversation_statistics.last_close_at",
            "conversation_statistics.last_closed_by_id",
            "conversation_statistics.median_time_to_reply",
            "conversation_statistics.time_to_admin_reply",
            "conversation_statistics.time_to_assignment",
            "conversation_statistics.time_to_first_close",
            "conversation_statistics.time_to_last_close",
        ],
    ),
    deviation(
        "is not sent",
        "reporting, scorecards and e-mail headers are not imitated",
        &[
            "conversation.monitor_evaluations",
            "conversation.scorecards",
            "conversation_list_item.monitor_evaluations",
            "conversation_list_item.scorecards",
            "conversation_source.email_message_metadata",
            "conversation_source.recipients",
            "conversation_source.reply_to",
            "conversation_statistics.adjusted_handling_time",
            "conversation_statistics.assigned_team_first_response_time",
            "conversation_statistics.assigned_team_first_response_time_in_office_hours",
            "conversation_statistics.handling_time",
        ],
    ),
    deviation(
        "is not sent",
        "only quick replies have it",
        &["conversation_part_metadata.quick_reply_options", "conversation_part_metadata.quick_reply_uuid"],
    ),
    deviation(
        "is not sent",
        "the published examples have it for custom attributes only, and options for lists only",
        &[
            "data_attribute.admin_id",
            "data_attribute.created_at",
            "data_attribute.id",
            "data_attribute.options",
            "data_attribute.updated_at",
        ],
    ),
    deviation(
        "is not sent",
        "the published examples do not have it",
        &["admin.avatar", "admin.role", "message.subject", "segment_list.pages"],
    ),
    deviation("is not sent", "a note is about one or the other", &["note.company", "note.contact"]),
    deviation("is not sent", "a tag by itself is on nothing", &["tag.applied_at", "tag.applied_by"]),
    deviation("is not sent", "only in the answer to tagging", &["tag_create_response.companies", "tag_create_response.users"]),
];
