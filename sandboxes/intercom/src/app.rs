//! The app as the Developer Hub holds it: credentials, redirect URLs, scopes, webhook subscription, tokens and codes.

use std::collections::{BTreeSet, HashMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::random::Random;
use crate::render::version::Version;
use crate::webhook::topics;

/// Milliseconds an authorisation code lives.
const CODE_LIFE_MS: i64 = 5 * 60 * 1000;
/// Most subscriptions of the old API.
pub const MOST_SUBSCRIPTIONS: usize = 250;

/// A permission of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    ReadUsersCompanies,
    WriteUsersCompanies,
    ReadConversations,
    ReadAdmins,
    ReadWriteUsers,
    ReadSingleUser,
    WriteConversations,
}

impl Scope {
    /// All scopes: themselves, slug, label of the Developer Hub.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::ReadUsersCompanies, "read_users_companies", "Read and list users and companies"),
        (Self::WriteUsersCompanies, "write_users_companies", "Write users and companies"),
        (Self::ReadConversations, "read_conversations", "Read conversations"),
        (Self::ReadAdmins, "read_admins", "Read admins"),
        (Self::ReadWriteUsers, "read_write_users", "Read and write users"),
        (Self::ReadSingleUser, "read_single_user", "Read one user and one company"),
        (Self::WriteConversations, "write_conversations", "Write conversations"),
    ];

    /// What the setup guide tells to pick, and what the app starts with.
    pub const USUAL: [Self; 4] = [Self::ReadUsersCompanies, Self::WriteUsersCompanies, Self::ReadConversations, Self::ReadAdmins];

    /// The name used in error texts and settings.
    pub fn slug(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// The one app of this sandbox.
#[derive(Debug)]
pub struct App {
    pub name: String,
    pub client_id: String,
    pub client_secret: String,
    /// Registered redirect URLs, the first is the default; empty accepts any.
    pub redirect_urls: Vec<String>,
    pub scopes: BTreeSet<Scope>,
    pub version: Version,
    pub hook: Hook,
    pub uninstall_url: Option<String>,
    pub health_check_url: Option<String>,
    /// Subscriptions of API 1.x.
    pub subscriptions: Vec<Subscription>,
    pub tokens: HashMap<String, Token>,
    codes: HashMap<String, Code>,
    random: Random,
}

/// The webhook page of the Developer Hub.
#[derive(Clone, Debug, Default)]
pub struct Hook {
    pub url: Option<String>,
    pub topics: BTreeSet<&'static str>,
    /// False after a 410, or after a week of errors.
    pub live: bool,
    /// Status of the last HEAD; `None` before the first one.
    pub verified: Option<bool>,
}

/// A subscription made through the old API.
#[derive(Clone, Debug)]
pub struct Subscription {
    pub id: String,
    pub url: String,
    pub topics: Vec<String>,
    pub hub_secret: Option<String>,
    pub created_at: i64,
    pub active: bool,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Token {
    pub scopes: BTreeSet<Scope>,
    pub revoked: bool,
}

#[derive(Debug)]
struct Code {
    expires_ms: i64,
}

impl App {
    /// The app as the sandbox starts with it: the usual scopes, and every topic when there is somewhere to send them.
    pub fn new(options: &Options, version: Version) -> Self {
        let mut app = Self {
            name: "Sandbox app".to_owned(),
            client_id: options.client_id.clone(),
            client_secret: options.client_secret.clone(),
            redirect_urls: options.redirect_urls.clone(),
            scopes: Scope::USUAL.into_iter().collect(),
            version,
            hook: Hook {
                url: options.webhook_url.clone(),
                topics: if options.webhook_url.is_some() { topics::names().collect() } else { BTreeSet::new() },
                live: true,
                verified: None,
            },
            uninstall_url: options.uninstall_url.clone(),
            health_check_url: options.health_check_url.clone(),
            subscriptions: Vec::new(),
            tokens: HashMap::new(),
            codes: HashMap::new(),
            random: Random::new(options.seed, 0x0a17),
        };
        if let Some(token) = &options.access_token {
            app.tokens.insert(token.clone(), Token { scopes: app.scopes.clone(), revoked: false });
        }
        app
    }

    /// A single-use code; some end in `=`, as at the provider.
    pub fn new_code(&mut self, now_ms: i64) -> String {
        let length = 30 + self.random.below(3) as usize;
        let raw = self.random.hex(length);
        let code = STANDARD.encode(raw);
        self.codes.insert(code.clone(), Code { expires_ms: now_ms + CODE_LIFE_MS });
        code
    }

    /// Uses a code up; `None` when it is unknown, used or too old.
    pub fn redeem(&mut self, code: &str, now_ms: i64) -> Option<String> {
        let known = self.codes.remove(code)?;
        (known.expires_ms > now_ms).then(|| self.new_token())
    }

    /// A token with the scopes the app has now.
    pub fn new_token(&mut self) -> String {
        let token = STANDARD.encode(format!("tok:{}", self.random.uuid().replace('-', "_")));
        self.tokens.insert(token.clone(), Token { scopes: self.scopes.clone(), revoked: false });
        token
    }

    /// Sets the scopes of the app and, when `at_once`, of every token; otherwise tokens only lose what the app lost.
    pub fn set_scopes(&mut self, scopes: BTreeSet<Scope>, at_once: bool) {
        for token in self.tokens.values_mut() {
            if at_once {
                token.scopes.clone_from(&scopes);
            } else {
                token.scopes.retain(|s| scopes.contains(s));
            }
        }
        self.scopes = scopes;
    }

    /// Revokes every token; returns how many were valid.
    pub fn revoke_all(&mut self) -> usize {
        let valid = self.tokens.values_mut().filter(|t| !t.revoked);
        valid.map(|token| token.revoked = true).count()
    }

    /// Whether somebody may be sent back to this URL.
    pub fn accepts_redirect(&self, url: &str) -> bool {
        self.redirect_urls.is_empty() || self.redirect_urls.iter().any(|known| known == url)
    }
}
