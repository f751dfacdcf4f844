//! The settings: one file, variables and flags over the commented defaults, which are the manual.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use atlas_store::Location;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// The commented defaults, printed by `atlas config`.
pub const DEFAULTS: &str = include_str!("../config.default.toml");

/// What the operator may set. Each key is explained in the defaults file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where pages and API are served.
    pub listen: SocketAddr,
    /// How people reach this Atlas; empty means `http://` and the listen address.
    pub base_url: String,
    /// The data folder.
    pub data: PathBuf,
    /// A `postgres://` URL, or empty for the embedded database.
    pub database_url: String,
    /// Database connections.
    pub database_connections: u32,
    /// The master key as 64 hex digits, or empty for the key file.
    pub vault_key: String,
    /// Where metrics are served; empty means nowhere.
    pub metrics_listen: String,
    /// Log filter.
    pub log: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// Whether provider hosts, and addresses of calendars, may be private.
    pub allow_private_providers: bool,
    /// The address of a local Intercom.
    pub local_intercom: String,
    /// Concurrent jobs.
    pub workers: usize,
    /// Seconds to end within.
    pub grace_seconds: u64,
    /// Reads a minute per token.
    pub rate_read: u32,
    /// Writes a minute per token.
    pub rate_write: u32,
    /// Costly calls a minute per token.
    pub rate_heavy: u32,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// What the command line set; the rest comes from elsewhere.
#[derive(Debug, Default, Serialize)]
pub struct Flags {
    /// `--listen`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// `--data`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// `--base-url`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// `--allow-private-providers`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_private_providers: Option<bool>,
    /// `--local-intercom`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_intercom: Option<String>,
    /// `--metrics-listen`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<String>,
}

impl Config {
    /// Reads the settings; contradictions are refused.
    ///
    /// # Errors
    /// A sentence naming the key that cannot be accepted.
    pub fn load(file: Option<&PathBuf>, flags: &Flags) -> Result<Self> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = file {
            if !file.is_file() {
                bail!("there is no settings file at {}", file.display());
            }
            figment = figment.merge(Toml::file(file));
        }
        let database_url = Env::raw().only(&["DATABASE_URL"]);
        let config: Self = figment
            .merge(database_url)
            .merge(Env::prefixed("ATLAS_").ignore(&["config"]))
            .merge(Serialized::defaults(flags))
            .extract()
            .context("the settings cannot be read")?;
        config.checked()
    }

    fn checked(mut self) -> Result<Self> {
        self.base_url = self.base_url.trim_end_matches('/').to_owned();
        if self.base_url.is_empty() {
            self.base_url = format!("http://{}", self.listen);
        }
        if !self.base_url.starts_with("http://") && !self.base_url.starts_with("https://") {
            bail!("base_url must start with http:// or https://, not {:?}", self.base_url);
        }
        if !self.local_intercom.is_empty() && !self.allow_private_providers {
            bail!("local_intercom is set but allow_private_providers is off: switch it on, or leave local_intercom empty");
        }
        if !self.database_url.is_empty() && !self.database_url.starts_with("postgres") {
            bail!("database_url must be a postgres:// URL; leave it empty for the embedded database");
        }
        Ok(self)
    }

    /// Where the data is.
    pub fn location(&self) -> Location {
        if self.database_url.is_empty() {
            Location::Sqlite(self.data.join("atlas.db"))
        } else {
            Location::Postgres { url: self.database_url.clone(), schema: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete_and_contradictions_are_refused() {
        let config = Config::load(None, &Flags::default()).unwrap();
        assert_eq!(config.base_url, "http://127.0.0.1:7400");
        assert!(matches!(config.location(), Location::Sqlite(_)) || std::env::var_os("DATABASE_URL").is_some());
        let flags = Flags { local_intercom: Some("http://127.0.0.1:7401".into()), ..Default::default() };
        assert!(Config::load(None, &flags).unwrap_err().to_string().contains("allow_private_providers"));
        let missing = Config::load(Some(&PathBuf::from("/no/such/file")), &Flags::default());
        assert!(missing.unwrap_err().to_string().contains("no settings file"));
    }
}
