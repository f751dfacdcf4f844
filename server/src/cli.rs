//! The command line: `atlas serve`, `atlas admin …`, `atlas sandbox …`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::Flags;

/// AtlasWork, planned itself: the work platform that a team runs itself.
#[derive(Parser, Debug)]
#[command(name = "atlas", version, about, long_about = None)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve pages, API and webhooks, and run the background work.
    Serve(Serve),
    /// Manage accounts on the server's own command line.
    #[command(subcommand)]
    Admin(Admin),
    /// Run a local double of a provider to try connectors with.
    #[command(subcommand)]
    Sandbox(Box<Sandbox>),
    /// Check the receipt of a removal, without a server or a database.
    VerifyReceipt(VerifyReceipt),
    /// Print all settings with their defaults and explanations.
    Config,
}

/// Where the data is; shared by commands that open it.
#[derive(Args, Debug)]
pub struct Data {
    /// The data folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// A settings file.
    #[arg(long, value_name = "FILE", env = "ATLAS_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `atlas serve`
#[derive(Args, Debug)]
pub struct Serve {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// Where pages and API are served.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// How people and providers reach this Atlas.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// Allow provider hosts and addresses of calendars that are private or without TLS, such as a local sandbox.
    #[arg(long)]
    pub allow_private_providers: bool,
    /// The address of a local Intercom, offered as a region on the connection page.
    #[arg(long, value_name = "URL")]
    pub local_intercom: Option<String>,
    /// Where Prometheus may read metrics.
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_listen: Option<String>,
}

impl Serve {
    /// The flags as settings.
    pub fn flags(&self) -> Flags {
        Flags {
            listen: self.listen,
            data: self.data.data.clone(),
            base_url: self.base_url.clone(),
            allow_private_providers: self.allow_private_providers.then_some(true),
            local_intercom: self.local_intercom.clone(),
            metrics_listen: self.metrics_listen.clone(),
        }
    }
}

/// `atlas verify-receipt`
#[derive(Args, Debug)]
pub struct VerifyReceipt {
    /// The receipt's file, as downloaded from the connection page.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The public key that must have signed it, in hexadecimal digits; `atlas admin receipt-key` prints an installation's own.
    #[arg(long, value_name = "HEX")]
    pub key: Option<String>,
}

/// `atlas admin …`
#[derive(Subcommand, Debug)]
pub enum Admin {
    /// Make a workspace and its owner; prints the workspace's id.
    CreateOwner(CreateOwner),
    /// Make a personal access token for a member; prints the token only.
    CreateToken(CreateToken),
    /// Land a connection's whole raw log again, without asking the provider: puts right what was lost or changed wrongly.
    ReplayConnection(ReplayConnection),
    /// Print the public key that signs this installation's receipts.
    ReceiptKey(Data),
    /// Fill a workspace with a few companies, deals and tasks to look at.
    SeedDemo(SeedDemo),
    /// Fill an empty workspace with very many records, for benchmarks.
    #[command(hide = true)]
    SeedBench(SeedBench),
    /// Fill an empty workspace with very much to plan, for benchmarks.
    #[command(hide = true)]
    SeedPlan(SeedPlan),
    /// Time the bare queries of the measured pages, for benchmarks.
    #[command(hide = true)]
    BenchSql(Data),
}

/// `atlas admin create-owner`
#[derive(Args, Debug)]
pub struct CreateOwner {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// The owner's e-mail address.
    #[arg(long)]
    pub email: String,
    /// The owner's name; the address's first part unless said.
    #[arg(long)]
    pub name: Option<String>,
    /// Read the password from standard input.
    #[arg(long, required = true)]
    pub password_stdin: bool,
    /// The workspace's name.
    #[arg(long)]
    pub workspace: String,
}

/// `atlas admin create-token`
#[derive(Args, Debug)]
pub struct CreateToken {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// The member's e-mail address.
    #[arg(long)]
    pub email: String,
    /// Scopes, comma-separated, such as contacts:read,tasks:write; or all.
    #[arg(long, value_delimiter = ',', required = true)]
    pub scopes: Vec<String>,
    /// The token's name in the list of tokens.
    #[arg(long, default_value = "Command line")]
    pub name: String,
}

/// `atlas admin replay-connection`
#[derive(Args, Debug)]
pub struct ReplayConnection {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// The member who asks for it; an administrator of the workspace.
    #[arg(long)]
    pub email: String,
    /// The connector.
    #[arg(value_name = "CONNECTOR", default_value = "intercom")]
    pub connector: String,
}

/// `atlas admin seed-demo`
#[derive(Args, Debug)]
pub struct SeedDemo {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// The member who will have written it.
    #[arg(long)]
    pub email: String,
}

/// `atlas admin seed-bench`
#[derive(Args, Debug)]
pub struct SeedBench {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// Contacts to make.
    #[arg(long, default_value_t = 100_000)]
    pub contacts: usize,
    /// Events to make on their timelines.
    #[arg(long, default_value_t = 1_000_000)]
    pub events: usize,
}

/// `atlas admin seed-plan`
#[derive(Args, Debug)]
pub struct SeedPlan {
    /// Where the data is.
    #[command(flatten)]
    pub data: Data,
    /// Members to make, the owner included.
    #[arg(long, default_value_t = 200)]
    pub people: usize,
    /// Tasks to make.
    #[arg(long, default_value_t = 10_000)]
    pub tasks: usize,
}

/// `atlas sandbox …`
#[derive(Subcommand, Debug)]
pub enum Sandbox {
    /// A strict local Intercom with its own small web page.
    Intercom(atlas_sandbox_intercom::Options),
}
