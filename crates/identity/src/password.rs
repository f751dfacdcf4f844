//! Passwords: what is accepted, and the Argon2id hash that is kept.

use std::fmt;

use argon2::Argon2;
use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use atlas_kernel::{Error, Result};

/// Verified against when nobody has the e-mail, so that strangers cannot tell by the time it takes. Nobody's password has this hash.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const SHORTEST: usize = 8;
const LONGEST: usize = 1024;

/// An Argon2id hash in its usual text form; made by [`Gate::hash`](crate::Gate::hash) alone.
#[derive(Clone)]
pub struct PasswordHash(String);

impl PasswordHash {
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn nobodys() -> Self {
        Self(NOBODYS.to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Hashes; takes some 20 ms and 19 MiB, so it is run where blocking is allowed.
    pub(crate) fn of(password: &str) -> Result<Self> {
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| Self(hash.to_string())).map_err(|_| Error::internal("the password could not be hashed"))
    }

    /// Compares; as costly as hashing.
    pub(crate) fn matches(&self, password: &str) -> bool {
        phc::PasswordHash::new(&self.0).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Whether a new password is acceptable for this person.
pub(crate) fn check_new(field: &str, password: &str, email: &str) -> Result<()> {
    if password.chars().count() < SHORTEST {
        return Err(Error::field(field, "too_short", format!("use at least {SHORTEST} characters")));
    }
    if password.len() > LONGEST {
        return Err(Error::field(field, "too_long", format!("use at most {LONGEST} bytes")));
    }
    let lower = password.to_lowercase();
    let guessable = lower == email || password.chars().all(|c| password.starts_with(c));
    if guessable {
        return Err(Error::field(field, "guessable", "choose one that is not your e-mail address or a single repeated character"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_match_their_password_only() {
        let hash = PasswordHash::of("correct horse").unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hash.matches("correct horse") && !hash.matches("correct hors") && !hash.matches(""));
        assert_eq!(format!("{hash:?}"), "PasswordHash(…)");
    }

    #[test]
    fn nobodys_hash_is_well_formed_and_costs_the_same() {
        let nobodys = phc::PasswordHash::new(NOBODYS).unwrap();
        let real = PasswordHash::of("x").unwrap();
        let real = phc::PasswordHash::new(real.as_str()).unwrap();
        assert_eq!((nobodys.algorithm, nobodys.version), (real.algorithm, real.version));
        assert_eq!(nobodys.params.to_string(), real.params.to_string());
        assert_eq!(nobodys.hash.unwrap().len(), real.hash.unwrap().len());
        assert!(!PasswordHash::nobodys().matches(""));
    }

    #[test]
    fn weak_ones_are_refused() {
        for bad in ["", "1234567", "ann@example.com", "aaaaaaaaaa", &"x1".repeat(600)] {
            assert!(check_new("password", bad, "ann@example.com").is_err(), "{bad}");
        }
        assert!(check_new("password", "žluťoučký kůň", "ann@example.com").is_ok());
    }
}
