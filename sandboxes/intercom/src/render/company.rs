//! Companies as the API shows them.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Lens, office::TagView};
use crate::world::{Slot, office::Tagged};

/// A company object.
#[derive(Serialize)]
pub struct CompanyView<'a> {
    r#type: &'static str,
    company_id: Option<&'a str>,
    id: &'a str,
    app_id: &'a str,
    name: Option<&'a str>,
    remote_created_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    last_request_at: i64,
    monthly_spend: i64,
    session_count: i64,
    user_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    industry: Option<&'a str>,
    tags: TagList<'a>,
    segments: SegmentList,
    plan: Plan<'a>,
    custom_attributes: &'a Map<String, Value>,
}

/// `{type: "tag.list", tags}`.
#[derive(Serialize)]
pub struct TagList<'a> {
    r#type: &'static str,
    tags: Vec<TagView<'a>>,
}

#[derive(Serialize)]
struct SegmentList {
    r#type: &'static str,
    segments: [(); 0],
}

/// A plan, or an empty object when the company has none.
#[derive(Default, Serialize)]
struct Plan<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

impl<'a> Lens<'a> {
    /// The company in that slot.
    pub fn company(&self, slot: Slot) -> CompanyView<'a> {
        let company = &self.world.companies[slot as usize];
        let plan = |name: &'a str| Plan { r#type: Some("plan"), id: Some((1400 + name.len()).to_string()), name: Some(name) };
        CompanyView {
            r#type: "company",
            company_id: company.company_id.as_deref(),
            id: &company.id,
            app_id: &self.world.workspace.id,
            name: company.name.as_deref(),
            remote_created_at: company.remote_created_at,
            created_at: company.created_at,
            updated_at: company.updated_at,
            last_request_at: company.last_request_at,
            monthly_spend: company.monthly_spend,
            session_count: company.session_count,
            user_count: self.world.people_at(slot),
            size: company.size,
            website: company.website.as_deref(),
            industry: company.industry.as_deref(),
            tags: self.tag_list(&company.tags),
            segments: SegmentList { r#type: "segment.list", segments: [] },
            plan: company.plan.as_deref().map(plan).unwrap_or_default(),
            custom_attributes: &company.custom,
        }
    }

    /// The tags in those places as `tag.list`.
    pub fn tag_list(&self, places: &[u32]) -> TagList<'a> {
        let tags = places.iter().map(|&place| self.tag(place as usize)).collect();
        TagList { r#type: "tag.list", tags }
    }

    /// The tags of a contact or a conversation, with when they came.
    pub fn tagged_list(&self, tagged: &[Tagged]) -> TagList<'a> {
        TagList { r#type: "tag.list", tags: tagged.iter().map(|&t| self.tagged(t)).collect() }
    }
}
