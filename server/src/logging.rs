//! Log lines: readable or JSON, filtered, to standard error.

use atlas_kernel::Result;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Starts logging; a filter that cannot be read falls back to `info` and says so.
///
/// # Errors
/// Never; a second start is ignored.
pub fn start(filter: &str, format: LogFormat) -> Result<()> {
    let (chosen, wrong) = match EnvFilter::try_new(filter) {
        Ok(chosen) => (chosen, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(true);
    let started = match format {
        LogFormat::Text => tracing_subscriber::registry().with(chosen).with(lines).try_init(),
        LogFormat::Json => tracing_subscriber::registry().with(chosen).with(lines.json().flatten_event(true)).try_init(),
    };
    if let (Ok(()), Some(error)) = (started, wrong) {
        tracing::warn!(%error, filter, "the log filter cannot be read, logging info");
    }
    Ok(())
}
