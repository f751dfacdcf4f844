//! `atlas verify-receipt`: checks the receipt of a removal with nothing but its file.

use anyhow::{Context, Result, bail};
use atlas_connect::ReceiptFile;

use crate::cli::VerifyReceipt;

/// Checks the file and says what it proves.
///
/// # Errors
/// When the file cannot be read, was changed, or was signed with another key than the one asked for.
pub fn verify(ask: &VerifyReceipt) -> Result<String> {
    let text = std::fs::read_to_string(&ask.file).with_context(|| format!("{} cannot be read", ask.file.display()))?;
    let receipt = ReceiptFile::verify(&text).with_context(|| format!("{} proves nothing", ask.file.display()))?;
    if let Some(key) = &ask.key
        && !key.trim().eq_ignore_ascii_case(&receipt.public_key)
    {
        bail!("the receipt is intact, but was signed with the key {} and not with {}", receipt.public_key, key.trim());
    }
    let statement: serde_json::Value = serde_json::from_str(&receipt.statement).context("the signed statement is no JSON")?;
    Ok(said(&receipt, &statement, ask.key.is_some()))
}

fn said(receipt: &ReceiptFile, statement: &serde_json::Value, known: bool) -> String {
    let word = |name: &str| statement[name].as_str().unwrap_or("?").to_owned();
    let mut lines = vec![
        "The receipt is intact: digest and signature hold.".to_owned(),
        format!("provider      {}", word("provider")),
        format!("workspace     {}", word("workspace")),
        format!("disconnected  {}", word("disconnectedAt")),
        format!("removed       {} to {}", word("startedAt"), word("finishedAt")),
    ];
    for (what, count) in statement["removed"].as_object().into_iter().flatten() {
        lines.push(format!("  {count:>9}  {what}"));
    }
    lines.push(format!("digest        {}", receipt.digest));
    lines.push(format!("signed by     {}{}", receipt.public_key, if known { ", the key you named" } else { "" }));
    if !known {
        lines.push("Compare the key with `atlas admin receipt-key` of the installation, or give it with --key.".to_owned());
    }
    lines.join("\n")
}
