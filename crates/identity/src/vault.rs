//! The vault: seals what a provider trusted us with, so that the database alone gives nothing away.
//!
//! A sealed blob is `version ‖ key id ‖ nonce ‖ ciphertext` (1, 8, 24 bytes and the rest), XChaCha20-Poly1305 under a key
//! that HKDF-SHA256 derives from the master key for each workspace. What it is and whose is bound in as associated data.

mod keys;
mod signing;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use atlas_kernel::{Error, Result, WorkspaceId, random_bytes};
use atlas_store::{Db, Tx, query};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use self::keys::{KeyId, Keys, Master};
pub use self::signing::{Signed, is_signed};
use crate::workspace::mark;

const VERSION: u8 = 1;
const ID_AT: usize = 1;
const NONCE_AT: usize = 9;
const SEALED_AT: usize = 33;

/// Seals and unseals secrets; clones share the keys.
#[derive(Clone)]
pub struct Vault(Arc<Keys>);

impl Vault {
    /// The vault of this data folder: its `vault.key` is made, readable by its owner alone, when there is none.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key.
    pub fn open(data_dir: &Path) -> Result<Self> {
        Ok(Self(Arc::new(keys::open(data_dir)?)))
    }

    /// The vault of the keys in this text, one a line or separated by commas, the newest last: what `ATLAS_VAULT_KEY` holds.
    ///
    /// # Errors
    /// When a key is not 32 bytes of base64url or hexadecimal digits, or there is none.
    pub fn from_text(text: &str) -> Result<Self> {
        Ok(Self(Arc::new(Keys::parse(text)?)))
    }

    /// The vault of one master key.
    pub fn from_master(master: [u8; 32]) -> Self {
        Self(Arc::new(Keys::one(Master::new(master))))
    }

    /// Adds a new master key to the data folder's file and answers the vault with it: it seals with the new one and
    /// unseals with all. Re-seal what [`Vault::needs_rewrap`] names, then take the old line out of the file.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub fn rotate(data_dir: &Path) -> Result<Self> {
        Ok(Self(Arc::new(keys::rotate(data_dir)?)))
    }

    /// Seals `secret` with the newest key; `aad` says what it is (`connections|conn_…|access_token`), and must be given to unseal.
    ///
    /// # Panics
    /// For secrets beyond what the cipher takes (256 GB).
    pub fn seal(&self, workspace: WorkspaceId, aad: &str, secret: &[u8]) -> Vec<u8> {
        let master = self.0.newest();
        let nonce: [u8; 24] = random_bytes();
        let bound = associated(workspace, aad);
        let payload = Payload { msg: secret, aad: &bound };
        let sealed = cipher(master, workspace).encrypt(&XNonce::from(nonce), payload).expect("a secret is shorter than 256 GB");
        let mut blob = Vec::with_capacity(SEALED_AT + sealed.len());
        blob.push(VERSION);
        blob.extend_from_slice(&master.id());
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        blob
    }

    /// What was sealed for this workspace as `aad`.
    ///
    /// # Errors
    /// An internal error, saying nothing of the content, when the key is missing, the blob was changed, or it is
    /// another's or something else.
    pub fn unseal(&self, workspace: WorkspaceId, aad: &str, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let id = key_id(blob)?;
        let master = self.0.with_id(&id).ok_or_else(|| Error::internal(format!("the vault has no key {}", hex::encode(id))))?;
        let nonce: [u8; 24] = blob[NONCE_AT..SEALED_AT].try_into().map_err(|_| cannot_unseal())?;
        let bound = associated(workspace, aad);
        let payload = Payload { msg: &blob[SEALED_AT..], aad: &bound };
        let secret = cipher(master, workspace).decrypt(&XNonce::from(nonce), payload);
        secret.map(Zeroizing::new).map_err(|_| cannot_unseal())
    }

    /// Signs `message` for a `purpose`, such as `receipt`, with the Ed25519 key (RFC 8032) that HKDF-SHA256 derives from the
    /// newest master key. Every node with this vault signs alike.
    pub fn sign(&self, purpose: &str, message: &[u8]) -> Signed {
        signing::sign(self.0.newest(), purpose, message)
    }

    /// The public keys, in hexadecimal digits, that this vault's signatures for a purpose can carry; the newest last.
    pub fn public_keys(&self, purpose: &str) -> Vec<String> {
        self.0.all().map(|master| signing::public_key(master, purpose)).collect()
    }

    /// Whether the blob was sealed with another key than the newest.
    pub fn needs_rewrap(&self, blob: &[u8]) -> bool {
        key_id(blob).map_or(true, |id| id != self.0.newest().id())
    }

    /// Refuses to go on when this database was sealed with keys that this vault does not have (another node's file, a
    /// lost one); otherwise notes the newest key. To be asked once at start.
    ///
    /// # Errors
    /// A conflict `vault_key_missing`; whatever the database answers.
    pub async fn check(&self, db: &Db) -> Result<()> {
        let noted = query("SELECT name FROM installation WHERE workspace_id = $1 AND name LIKE 'vault:%'").bind(uuid::Uuid::nil());
        let noted: Vec<String> = noted.values(db).await?;
        if !noted.is_empty() && !noted.iter().any(|name| self.0.ids().any(|id| *name == note(&id))) {
            return Err(Error::conflict(
                "vault_key_missing",
                "The secrets in this database were sealed with another vault key. \
                 Start with the vault.key file or ATLAS_VAULT_KEY that was used before.",
            ));
        }
        let name = &note(&self.0.newest().id());
        if !noted.contains(name) {
            db.write(|tx: Tx| async move { mark(&tx, name).await }).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Vault({} keys)", self.0.ids().count())
    }
}

fn note(id: &KeyId) -> String {
    format!("vault:{}", hex::encode(id))
}

fn key_id(blob: &[u8]) -> Result<KeyId> {
    if blob.len() < SEALED_AT || blob[0] != VERSION {
        return Err(cannot_unseal());
    }
    blob[ID_AT..NONCE_AT].try_into().map_err(|_| cannot_unseal())
}

fn cipher(master: &Master, workspace: WorkspaceId) -> XChaCha20Poly1305 {
    let mut info = b"atlas vault 1 ".to_vec();
    info.extend_from_slice(workspace.uuid().as_bytes());
    let mut key = Zeroizing::new([0_u8; 32]);
    Hkdf::<Sha256>::new(None, master.bytes()).expand(&info, key.as_mut()).expect("32 bytes are a length HKDF-SHA256 gives");
    XChaCha20Poly1305::new(&Key::from(*key))
}

/// The workspace has a fixed length, so no two pairs give the same bytes.
fn associated(workspace: WorkspaceId, aad: &str) -> Vec<u8> {
    let mut bound = workspace.uuid().as_bytes().to_vec();
    bound.extend_from_slice(aad.as_bytes());
    bound
}

fn cannot_unseal() -> Error {
    Error::internal("a secret could not be unsealed")
}
