//! Master keys: where they are kept, how they are written, which one is the newest.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use atlas_kernel::{Error, Result, random_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const FILE: &str = "vault.key";
const HEAD: &str = "# Atlas vault keys, the newest last. Whoever has this file and the database can read what is sealed in it:\n\
                    # keep it apart from backups of the database, and do not lose it.\n";

/// What names a key in a blob; tells nothing about it.
pub(super) type KeyId = [u8; 8];

/// One master key.
pub(super) struct Master {
    id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl Master {
    pub(super) fn new(bytes: [u8; 32]) -> Self {
        let digest = Sha256::new().chain_update(b"atlas vault key id 1 ").chain_update(bytes).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        Self { id, bytes: Zeroizing::new(bytes) }
    }

    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    fn parse(text: &str) -> Result<Self> {
        let bytes = Zeroizing::new(match text.len() {
            64 => hex::decode(text).unwrap_or_default(),
            _ => URL_SAFE_NO_PAD.decode(text.trim_end_matches('=').replace('+', "-").replace('/', "_")).unwrap_or_default(),
        });
        let bytes: [u8; 32] =
            bytes.as_slice().try_into().map_err(|_| Error::internal("a vault key is 32 bytes of base64url or hexadecimal digits"))?;
        Ok(Self::new(bytes))
    }
}

/// The keys of a vault, never none.
pub(super) struct Keys(Vec<Master>);

impl Keys {
    pub(super) fn one(master: Master) -> Self {
        Self(vec![master])
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let words = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty());
        let keys = words.map(Master::parse).collect::<Result<Vec<_>>>()?;
        if keys.is_empty() {
            return Err(Error::internal("there is no vault key"));
        }
        Ok(Self(keys))
    }

    pub(super) fn newest(&self) -> &Master {
        self.0.last().expect("a vault has at least one key")
    }

    pub(super) fn with_id(&self, id: &KeyId) -> Option<&Master> {
        self.0.iter().find(|master| master.id == *id)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Master> {
        self.0.iter()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.0.iter().map(Master::id)
    }
}

/// Reads the folder's keys, making the first one when there is none.
pub(super) fn open(folder: &Path) -> Result<Keys> {
    let file = folder.join(FILE);
    match fs::read_to_string(&file) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            keep_private(&file)?;
            Keys::parse(&text)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder).map_err(Error::internal)?;
            place(&file, &format!("{HEAD}{}\n", *new_line()), Place::New)?;
            // Read back: when two processes start at once, both use the key that was placed first.
            Keys::parse(&Zeroizing::new(fs::read_to_string(&file).map_err(Error::internal)?))
        }
        Err(error) => Err(Error::internal(error)),
    }
}

/// Adds a key and reads them all.
pub(super) fn rotate(folder: &Path) -> Result<Keys> {
    open(folder)?;
    let file = folder.join(FILE);
    let text = Zeroizing::new(fs::read_to_string(&file).map_err(Error::internal)?);
    let more = Zeroizing::new(format!("{}\n{}\n", text.trim_end(), *new_line()));
    place(&file, &more, Place::Over)?;
    Keys::parse(&more)
}

fn new_line() -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>()))
}

enum Place {
    /// Leaves a file that is there already.
    New,
    /// Takes the place of the one there.
    Over,
}

/// Writes beside the file and moves into place, so that no half-written key is ever read.
fn place(file: &Path, text: &str, how: Place) -> Result<()> {
    let beside = beside(file);
    let written = write_private(&beside, text).and_then(|()| match how {
        Place::New => match fs::hard_link(&beside, file) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => fs::remove_file(&beside),
        },
        Place::Over => fs::rename(&beside, file),
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        match error.kind() {
            ErrorKind::StorageFull => Error::StorageFull,
            _ => Error::internal(format!("{} could not be written: {error}", file.display())),
        }
    })
}

fn beside(file: &Path) -> PathBuf {
    file.with_extension(format!("key.{}", hex::encode(random_bytes::<6>())))
}

fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(file)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

/// A key that others could read is made private again, and the operator told.
#[cfg(unix)]
fn keep_private(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file).map_err(Error::internal)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(file = %file.display(), "the vault key could be read by others; it is made private");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).map_err(Error::internal)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> Result<()> {
    Ok(())
}
