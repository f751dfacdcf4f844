//! REST about oneself and the workspace's people, and search over all modules.

use atlas_api::{IdPath, Input, Operation};
use atlas_identity::{
    MEMBERS_READ, MEMBERS_WRITE, Member, NewToken, PROFILE_READ, PROFILE_WRITE, ProfileChange, SessionInfo, TOKENS_READ, TOKENS_WRITE,
    TokenInfo,
};
use atlas_kernel::{
    Error, InvitationId, ListQuery, Page, Permission, Ref, Role, Scopes, SessionId, Timestamp, TokenId, UserId, WorkspaceId,
};
use axum::http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Parts;

const SEARCH: Permission = Permission::read("search:read");

pub(crate) fn operations(parts: &Parts) -> Vec<Operation> {
    let mut operations = vec![
        Operation::read("me.get", "/v1/me", PROFILE_READ, me).tag("Me").summary("Who the token belongs to").version(|me: &Me| me.version),
        Operation::write("me.update", Method::PATCH, "/v1/me", PROFILE_WRITE, update_me)
            .tag("Me")
            .summary("Change your profile")
            .version(|me: &Me| me.version),
        Operation::read("sessions.list", "/v1/me/sessions", PROFILE_READ, sessions).tag("Me").summary("Where you are signed in"),
        Operation::write("sessions.revoke", Method::DELETE, "/v1/me/sessions/{id}", PROFILE_WRITE, revoke_session)
            .tag("Me")
            .summary("End a session")
            .no_content(),
        Operation::read("tokens.list", "/v1/tokens", TOKENS_READ, tokens).tag("Tokens").summary("Your tokens, without their secrets"),
        Operation::write("tokens.revoke", Method::DELETE, "/v1/tokens/{id}", TOKENS_WRITE, revoke_token)
            .tag("Tokens")
            .summary("Revoke a token; it stops working at once")
            .no_content(),
        Operation::read("members.list", "/v1/members", MEMBERS_READ, members).tag("Members").summary("Who works in this workspace"),
        Operation::write("members.update", Method::PATCH, "/v1/members/{id}", MEMBERS_WRITE, change_role)
            .tag("Members")
            .summary("Change a member's role")
            .no_content(),
        Operation::write("members.remove", Method::DELETE, "/v1/members/{id}", MEMBERS_WRITE, remove_member)
            .tag("Members")
            .summary("Remove a member; what they wrote stays")
            .destructive()
            .no_content(),
        Operation::read("invitations.list", "/v1/invitations", MEMBERS_READ, invitations).tag("Members").summary("Open invitations"),
        Operation::write("invitations.revoke", Method::DELETE, "/v1/invitations/{id}", MEMBERS_WRITE, revoke_invitation)
            .tag("Members")
            .summary("Withdraw an invitation")
            .no_content(),
        Operation::read("search.find", "/v1/search", SEARCH, search).tag("Search").summary("Find records by words").describe(
            "All words must occur, the last one may be a beginning. Accents and case do not matter. At most 50 records, best first.",
        ),
    ];
    operations.push(create_token_operation(parts));
    operations
}

/// The member behind a token or session.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Me {
    id: UserId,
    name: String,
    email: String,
    role: Role,
    /// IANA time zone.
    time_zone: String,
    /// `system`, `light` or `dark`.
    theme: String,
    workspace: MyWorkspace,
    version: i64,
}

#[derive(Serialize, JsonSchema)]
struct MyWorkspace {
    id: WorkspaceId,
}

async fn me(ctx: atlas_api::Ctx, _: Input) -> Result<Me, Error> {
    let profile = atlas_identity::profile(&ctx.db, &ctx.actor).await?;
    Ok(my(&ctx, profile))
}

fn my(ctx: &atlas_api::Ctx, profile: atlas_identity::Profile) -> Me {
    Me {
        id: profile.id,
        name: profile.name,
        email: profile.email,
        role: ctx.actor.role,
        time_zone: profile.time_zone,
        theme: profile.theme.as_str().to_owned(),
        workspace: MyWorkspace { id: ctx.actor.workspace },
        version: profile.version,
    }
}

/// What to change of a profile; what is absent stays.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MeChange {
    #[schemars(length(min = 1, max = 100))]
    name: Option<String>,
    /// IANA time zone, such as `Europe/Dublin`.
    time_zone: Option<String>,
    theme: Option<atlas_identity::Theme>,
}

async fn update_me(ctx: atlas_api::Ctx, tx: atlas_store::Tx, input: Input<(), (), MeChange>) -> Result<Me, Error> {
    let MeChange { name, time_zone, theme } = input.body;
    let change = ProfileChange { name, time_zone, theme, ..Default::default() };
    let profile = atlas_identity::update_profile(&tx, &ctx.actor, &change, ctx.if_match).await?;
    Ok(my(&ctx, profile))
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Session {
    id: SessionId,
    created_at: Timestamp,
    last_seen_at: Timestamp,
    ip: String,
    user_agent: String,
    current: bool,
}

impl From<SessionInfo> for Session {
    fn from(s: SessionInfo) -> Self {
        let SessionInfo { id, created_at, last_seen_at, ip, user_agent, current } = s;
        Self { id, created_at, last_seen_at, ip, user_agent, current }
    }
}

fn whole<T>(data: impl IntoIterator<Item = impl Into<T>>, ask: &ListQuery) -> Result<Page<T>, Error> {
    Page::of_all(data.into_iter().map(Into::into).collect(), ask)
}

async fn sessions(ctx: atlas_api::Ctx, input: Input<(), ListQuery>) -> Result<Page<Session>, Error> {
    whole(atlas_identity::list_sessions(&ctx.db, &ctx.actor, ctx.db.clock().now()).await?, &input.query)
}

async fn revoke_session(ctx: atlas_api::Ctx, tx: atlas_store::Tx, input: Input<IdPath<SessionId>>) -> Result<(), Error> {
    atlas_identity::revoke_session(&tx, &ctx.actor, input.path.id).await
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Token {
    id: TokenId,
    name: String,
    /// How the token begins.
    prefix: String,
    /// Scopes; `all` alone means everything the role allows.
    scopes: Vec<String>,
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
}

impl From<TokenInfo> for Token {
    fn from(t: TokenInfo) -> Self {
        let scopes = match t.scopes {
            Scopes::All => vec!["all".to_owned()],
            Scopes::Only(list) => list,
        };
        let TokenInfo { id, name, prefix, created_at, expires_at, last_used_at, .. } = t;
        Self { id, name, prefix, scopes, created_at, expires_at, last_used_at }
    }
}

async fn tokens(ctx: atlas_api::Ctx, input: Input<(), ListQuery>) -> Result<Page<Token>, Error> {
    whole(atlas_identity::list_tokens(&ctx.db, &ctx.actor).await?, &input.query)
}

/// A token to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TokenRequest {
    /// What it is for.
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// Scopes such as `contacts:read`, or `all` alone.
    scopes: Vec<String>,
    /// When it stops working; never when absent.
    expires_at: Option<Timestamp>,
}

/// A new token with its secret, which is not shown again.
#[derive(Serialize, JsonSchema)]
struct NewTokenAnswer {
    /// The secret, `atlas_pat_…`.
    secret: String,
    #[serde(flatten)]
    token: Token,
}

fn create_token_operation(parts: &Parts) -> Operation {
    let parts = parts.clone();
    Operation::write(
        "tokens.create",
        Method::POST,
        "/v1/tokens",
        TOKENS_WRITE,
        move |ctx: atlas_api::Ctx, tx: atlas_store::Tx, input: Input<(), (), TokenRequest>| {
            let parts = parts.clone();
            async move {
                let TokenRequest { name, scopes, expires_at } = input.body;
                let scopes = if scopes == ["all"] { Scopes::All } else { Scopes::Only(scopes) };
                let new = NewToken { name, scopes, expires_at };
                let (token, secret) = atlas_identity::create_token(&tx, &ctx.actor, new, parts.known_scopes()).await?;
                Ok(NewTokenAnswer { secret: secret.expose().to_owned(), token: token.into() })
            }
        },
    )
    .tag("Tokens")
    .summary("Make a token; its secret is in this answer only")
    .secret()
    .created()
}

async fn revoke_token(ctx: atlas_api::Ctx, tx: atlas_store::Tx, input: Input<IdPath<TokenId>>) -> Result<(), Error> {
    atlas_identity::revoke_token(&tx, &ctx.actor, input.path.id).await
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MemberAnswer {
    id: UserId,
    name: String,
    email: String,
    role: Role,
    joined_at: Timestamp,
    last_seen_at: Option<Timestamp>,
}

impl From<Member> for MemberAnswer {
    fn from(m: Member) -> Self {
        let Member { id, name, email, role, joined_at, last_seen_at } = m;
        Self { id, name, email, role, joined_at, last_seen_at }
    }
}

async fn members(ctx: atlas_api::Ctx, input: Input<(), ListQuery>) -> Result<Page<MemberAnswer>, Error> {
    whole(atlas_identity::list_members(&ctx.db, &ctx.actor).await?, &input.query)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RoleChange {
    role: Role,
}

async fn change_role(ctx: atlas_api::Ctx, tx: atlas_store::Tx, input: Input<IdPath<UserId>, (), RoleChange>) -> Result<(), Error> {
    atlas_identity::change_role(&tx, &ctx.actor, input.path.id, input.body.role).await
}

async fn remove_member(ctx: atlas_api::Ctx, tx: atlas_store::Tx, input: Input<IdPath<UserId>>) -> Result<(), Error> {
    atlas_identity::remove_member(&tx, &ctx.actor, input.path.id).await
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct InvitationAnswer {
    id: InvitationId,
    email: String,
    role: Role,
    invited_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<atlas_identity::Invitation> for InvitationAnswer {
    fn from(i: atlas_identity::Invitation) -> Self {
        let atlas_identity::Invitation { id, email, role, invited_by, created_at, expires_at } = i;
        Self { id, email, role, invited_by, created_at, expires_at }
    }
}

async fn invitations(ctx: atlas_api::Ctx, input: Input<(), ListQuery>) -> Result<Page<InvitationAnswer>, Error> {
    whole(atlas_identity::list_invitations(&ctx.db, &ctx.actor, ctx.db.clock().now()).await?, &input.query)
}

async fn revoke_invitation(ctx: atlas_api::Ctx, tx: atlas_store::Tx, input: Input<IdPath<InvitationId>>) -> Result<(), Error> {
    atlas_identity::revoke_invitation(&tx, &ctx.actor, input.path.id).await
}

#[derive(Deserialize, JsonSchema)]
struct SearchQuery {
    /// The words.
    #[serde(default)]
    q: String,
    /// Only this kind of record, such as `contact`, `company`, `deal`, `task`.
    kind: Option<String>,
    /// At most this many, 1 to 50; 20 unless said.
    #[schemars(range(min = 1, max = 50))]
    limit: Option<i64>,
}

/// A record found.
#[derive(Serialize, JsonSchema)]
struct Found {
    id: Ref,
    kind: String,
    title: String,
    detail: String,
    /// Where it opens, on this Atlas.
    url: String,
}

async fn search(ctx: atlas_api::Ctx, input: Input<(), SearchQuery>) -> Result<Page<Found>, Error> {
    let limit = match input.query.limit {
        None => 20,
        Some(n @ 1..=50) => n as usize,
        Some(_) => return Err(Error::field("limit", "out_of_range", "between 1 and 50 records")),
    };
    let kinds: Vec<&str> = input.query.kind.as_deref().into_iter().collect();
    let hits = atlas_store::search(&ctx.db, ctx.actor.workspace, &input.query.q, &kinds, limit).await?;
    let found = |hit: atlas_store::Hit| Found { id: hit.record, kind: hit.kind, title: hit.title, detail: hit.detail, url: hit.url };
    Ok(Page { data: hits.into_iter().map(found).collect(), next_cursor: None })
}
