//! What a sandbox is started with: address, data sizes, limits and the app's credentials.

use std::net::SocketAddr;

use clap::Parser;

/// Start options of the sandbox; the command line flags carry the same names.
///
/// Everything that can change while it runs is also a setting of `POST /_sandbox/settings`.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:7401")]
    pub listen: SocketAddr,
    /// Seed of all data and of all random faults
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Contacts (users and leads) to begin with
    #[arg(long, default_value_t = 200)]
    pub contacts: u32,
    /// Companies to begin with
    #[arg(long, default_value_t = 40)]
    pub companies: u32,
    /// Conversations to begin with
    #[arg(long, default_value_t = 300)]
    pub conversations: u32,
    /// Fewest parts of a generated conversation
    #[arg(long, default_value_t = 2)]
    pub parts_min: u32,
    /// Most parts of a generated conversation
    #[arg(long, default_value_t = 14)]
    pub parts_max: u32,
    /// Parts of one extra long conversation; 0 leaves it out below 1,000 conversations
    #[arg(long, default_value_t = 0)]
    pub long_conversation: u32,
    /// Requests a minute for the app, cut into windows of 10 seconds; 0 means unlimited
    #[arg(long, default_value_t = 1000)]
    pub limit_per_minute: u32,
    /// Milliseconds every API answer waits
    #[arg(long, default_value_t = 0)]
    pub latency_ms: u64,
    /// Most milliseconds an API answer waits; each waits between `latency-ms` and this
    #[arg(long, default_value_t = 0)]
    pub latency_max_ms: u64,
    /// Time zone of the imitated workspace (IANA name); contact search counts days in it
    #[arg(long, default_value = "Europe/Dublin")]
    pub timezone: String,
    /// Region the workspace claims: US, EU or AU
    #[arg(long, default_value = "US")]
    pub region: String,
    /// Id of the imitated workspace (`app.id_code`)
    #[arg(long, default_value = "k7q2atl5")]
    pub workspace_id: String,
    /// Where notices go; switches every topic on
    #[arg(long)]
    pub webhook_url: Option<String>,
    /// Where the uninstall notification goes
    #[arg(long)]
    pub uninstall_url: Option<String>,
    /// Where the daily installation health check goes
    #[arg(long)]
    pub health_check_url: Option<String>,
    /// Redirect URL registered on the app (repeatable); with none registered any is accepted
    #[arg(long = "redirect-url")]
    pub redirect_urls: Vec<String>,
    /// Client id of the app
    #[arg(long, default_value = "sandbox-client")]
    pub client_id: String,
    /// Client secret of the app; notices are signed with it
    #[arg(long, default_value = "sandbox-secret")]
    pub client_secret: String,
    /// API version the app is set to; used without an `Intercom-Version` header and for notices
    #[arg(long, default_value = "2.16")]
    pub app_version: String,
    /// An access token valid from the start, beside those that OAuth gives out
    #[arg(long)]
    pub access_token: Option<String>,
    /// Start the sandbox's clock at this Unix second instead of the present
    #[arg(long)]
    pub now: Option<i64>,
}

#[derive(Parser)]
struct Bare {
    #[command(flatten)]
    options: Options,
}

impl Default for Options {
    /// The defaults of the command line.
    fn default() -> Self {
        Bare::parse_from(["sandbox"]).options
    }
}
