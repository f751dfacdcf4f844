//! Secrets that are shown once: random, never printed, kept only as a hash.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A secret on its way to the one who may know it; does not print itself.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// `prefix` and 43 characters that stand for 256 random bits.
    pub(crate) fn random(prefix: &str) -> Self {
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(atlas_kernel::random_bytes());
        Self(Zeroizing::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// The secret itself, to be shown or set as a cookie.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What is kept of a secret. A fast hash is enough for 256 random bits.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// The hash of what a stranger presented, when it has the shape of a secret with this prefix.
pub(crate) fn presented(text: &str, prefix: &str) -> Option<Vec<u8>> {
    let rest = text.strip_prefix(prefix)?;
    let shaped = rest.len() == 43 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    shaped.then(|| hash(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_shape_and_do_not_print() {
        let secret = Secret::random("atlas_pat_");
        assert_eq!(secret.expose().len(), "atlas_pat_".len() + 43);
        assert_eq!(presented(secret.expose(), "atlas_pat_"), Some(secret.hash()));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_ne!(secret.expose(), Secret::random("atlas_pat_").expose());
    }

    #[test]
    fn other_shapes_are_no_secrets() {
        let long = "x".repeat(44);
        let odd = format!("{}é", "x".repeat(41));
        for bad in ["", "atlas_pat_", "short", long.as_str(), odd.as_str()] {
            assert_eq!(presented(bad, ""), None, "{bad}");
        }
    }
}
