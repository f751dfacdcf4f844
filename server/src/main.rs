//! `atlas`: serve, administer, or run a local provider to try connectors with.

use std::process::ExitCode;

use atlas_server::cli::{Cli, Command, Sandbox};
use atlas_server::config::{Config, DEFAULTS, Flags};
use atlas_server::{admin, heap, logging, receipt, serve};
use clap::Parser;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if matches!(cli.command, Command::Serve(_)) {
        heap::settle();
    }
    atlas_connect::install_crypto();
    let done = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(run(cli)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atlas: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Serve(flags) => {
            let config = Config::load(flags.data.config.as_ref(), &flags.flags())?;
            logging::start(&config.log, config.log_format)?;
            serve::run(config).await
        }
        Command::Admin(command) => admin::run(&command).await,
        Command::Sandbox(what) => match *what {
            Sandbox::Intercom(options) => sandbox(options).await,
        },
        Command::VerifyReceipt(ask) => {
            println!("{}", receipt::verify(&ask)?);
            Ok(())
        }
        Command::Config => {
            print!("{DEFAULTS}");
            Ok(())
        }
    }
}

async fn sandbox(options: atlas_sandbox_intercom::Options) -> anyhow::Result<()> {
    let log = std::env::var("ATLAS_LOG").unwrap_or_else(|_| "info".into());
    logging::start(&log, Config::load(None, &Flags::default())?.log_format)?;
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    println!("a local Intercom listens on http://{}", listener.local_addr()?);
    atlas_sandbox_intercom::serve(options, listener, serve::stop_signal()).await?;
    Ok(())
}
