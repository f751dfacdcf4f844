//! Admins, the workspace, tags, teams and notes as the API shows them.

use serde::Serialize;

use super::{Lens, Reference};
use crate::world::office::{About, Tagged, Team};

/// An admin.
#[derive(Serialize)]
pub struct AdminView<'a> {
    r#type: &'static str,
    id: String,
    name: &'a str,
    email: &'a str,
    job_title: &'a str,
    away_mode_enabled: bool,
    away_mode_reassign: bool,
    away_status_reason_id: Option<u64>,
    has_inbox_seat: bool,
    team_ids: &'a [u64],
    team_priority_level: TeamPriority<'a>,
}

#[derive(Serialize)]
struct TeamPriority<'a> {
    primary_team_ids: &'a [u64],
    secondary_team_ids: [u64; 0],
}

/// `GET /me`: the admin behind the token and the workspace.
#[derive(Serialize)]
pub struct MeView<'a> {
    r#type: &'static str,
    id: String,
    email: &'a str,
    name: &'a str,
    email_verified: bool,
    app: AppView<'a>,
    avatar: Avatar,
    has_inbox_seat: bool,
    job_title: &'a str,
    away_mode_enabled: bool,
    away_mode_reassign: bool,
    team_ids: &'a [u64],
}

#[derive(Serialize)]
struct AppView<'a> {
    r#type: &'static str,
    id_code: &'a str,
    name: &'a str,
    created_at: i64,
    secure: bool,
    identity_verification: bool,
    timezone: &'a str,
    region: &'a str,
}

#[derive(Serialize)]
struct Avatar {
    r#type: &'static str,
    image_url: Option<String>,
}

/// A tag.
#[derive(Serialize)]
pub struct TagView<'a> {
    r#type: &'static str,
    id: String,
    name: &'a str,
    /// Where the tag is on something: when it came, and from whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    applied_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied_by: Option<Reference>,
}

/// A team.
#[derive(Serialize)]
pub struct TeamView<'a> {
    r#type: &'static str,
    id: String,
    name: &'a str,
    admin_ids: Vec<u64>,
    admin_priority_level: AdminPriority,
    distribution_method: &'static str,
    assignment_limit: Option<u64>,
}

#[derive(Serialize)]
struct AdminPriority {
    primary_admin_ids: Vec<u64>,
    secondary_admin_ids: [u64; 0],
}

/// A note on a contact or a company.
#[derive(Serialize)]
pub struct NoteView<'a> {
    r#type: &'static str,
    id: String,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<Reference>,
    author: AdminView<'a>,
    body: &'a str,
}

impl<'a> Lens<'a> {
    /// The admin in that place.
    pub fn admin(&self, place: usize) -> AdminView<'a> {
        let admin = &self.world.admins[place];
        AdminView {
            r#type: "admin",
            id: admin.id.to_string(),
            name: &admin.name,
            email: &admin.email,
            job_title: &admin.job_title,
            away_mode_enabled: admin.away,
            away_mode_reassign: false,
            away_status_reason_id: None,
            has_inbox_seat: true,
            team_ids: &admin.teams,
            team_priority_level: TeamPriority { primary_team_ids: &admin.teams, secondary_team_ids: [] },
        }
    }

    /// The admin behind a token, with the workspace.
    pub fn me(&self, place: usize) -> MeView<'a> {
        let (admin, workspace) = (&self.world.admins[place], &self.world.workspace);
        MeView {
            r#type: "admin",
            id: admin.id.to_string(),
            email: &admin.email,
            name: &admin.name,
            email_verified: true,
            app: AppView {
                r#type: "app",
                id_code: &workspace.id,
                name: &workspace.name,
                created_at: workspace.created_at,
                secure: true,
                identity_verification: true,
                timezone: &workspace.timezone,
                region: &workspace.region,
            },
            avatar: Avatar { r#type: "avatar", image_url: Some(format!("https://static.example/avatars/{}.png", admin.id)) },
            has_inbox_seat: true,
            job_title: &admin.job_title,
            away_mode_enabled: admin.away,
            away_mode_reassign: false,
            team_ids: &admin.teams,
        }
    }

    /// The tag in that place.
    pub fn tag(&self, place: usize) -> TagView<'a> {
        let tag = &self.world.tags[place];
        TagView { r#type: "tag", id: tag.id.to_string(), name: &tag.name, applied_at: None, applied_by: None }
    }

    /// A tag on a contact or a conversation.
    pub fn tagged(&self, tagged: Tagged) -> TagView<'a> {
        let by = Reference { r#type: "admin", id: self.world.admins[tagged.by as usize].id.to_string() };
        TagView { applied_at: Some(tagged.at), applied_by: Some(by), ..self.tag(tagged.tag as usize) }
    }

    /// All teams.
    pub fn teams(&self) -> Vec<TeamView<'a>> {
        let members = |team: u64| self.world.admins.iter().filter(|a| a.teams.contains(&team)).map(|a| a.id).collect();
        let teams = self.world.teams.iter();
        let view = |team: &'a Team| TeamView {
            r#type: "team",
            id: team.id.to_string(),
            name: &team.name,
            admin_ids: members(team.id),
            admin_priority_level: AdminPriority { primary_admin_ids: members(team.id), secondary_admin_ids: [] },
            distribution_method: "manual",
            assignment_limit: None,
        };
        teams.map(view).collect()
    }

    /// The note in that place.
    pub fn note(&self, place: usize) -> NoteView<'a> {
        let note = &self.world.notes[place];
        let (contact, company) = match note.about {
            About::Contact(slot) => (Some(Reference { r#type: "contact", id: self.world.contacts[slot as usize].id.clone() }), None),
            About::Company(slot) => (None, Some(Reference { r#type: "company", id: self.world.companies[slot as usize].id.clone() })),
        };
        NoteView {
            r#type: "note",
            id: note.id.to_string(),
            created_at: note.created_at,
            contact,
            company,
            author: self.admin(note.admin),
            body: &note.body,
        }
    }
}
