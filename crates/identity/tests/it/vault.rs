//! The vault: what is sealed opens only for its workspace, purpose and key.

use std::path::PathBuf;

use atlas_identity::Vault;
use atlas_kernel::{WorkspaceId, random_bytes};
use uuid::Uuid;

use crate::both::Place;

mod on {
    crate::both!(the_wrong_key_is_noticed_at_start);
}

fn workspace(n: u128) -> WorkspaceId {
    WorkspaceId::from_uuid(Uuid::from_u128(n))
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("atlas-vault-{:x}", u64::from_le_bytes(random_bytes()))))
    }
    fn key(&self) -> PathBuf {
        self.0.join("vault.key")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn opens_only_for_its_workspace_and_purpose() {
    let vault = Vault::from_master([7; 32]);
    let sealed = vault.seal(workspace(1), "conn|token", b"secret");
    assert_eq!(vault.unseal(workspace(1), "conn|token", &sealed).unwrap().as_slice(), b"secret");
    assert_ne!(sealed, vault.seal(workspace(1), "conn|token", b"secret"));
    assert!(!sealed.windows(6).any(|w| w == b"secret"));
    assert!(vault.unseal(workspace(2), "conn|token", &sealed).is_err());
    assert!(vault.unseal(workspace(1), "conn|secret", &sealed).is_err());
    assert!(Vault::from_master([8; 32]).unseal(workspace(1), "conn|token", &sealed).is_err());
    for n in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[n] ^= 1;
        assert!(vault.unseal(workspace(1), "conn|token", &changed).is_err(), "byte {n}");
        let cut = vault.unseal(workspace(1), "conn|token", &sealed[..n]);
        let said = format!("{:?}", cut.unwrap_err());
        assert!(!said.contains("secret|") && !said.contains("conn|token"), "{said}");
    }
    assert_eq!(vault.unseal(workspace(1), "", &vault.seal(workspace(1), "", b"")).unwrap().len(), 0);
}

#[test]
fn the_file_is_made_once_and_private() {
    let folder = Folder::new();
    let sealed = Vault::open(&folder.0).unwrap().seal(workspace(1), "a", b"x");
    assert_eq!(Vault::open(&folder.0).unwrap().unseal(workspace(1), "a", &sealed).unwrap().as_slice(), b"x");
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(folder.key()), 0o600);
        std::fs::set_permissions(folder.key(), std::fs::Permissions::from_mode(0o644)).unwrap();
        Vault::open(&folder.0).unwrap();
        assert_eq!(mode(folder.key()), 0o600);
    }
}

#[test]
fn processes_that_start_together_get_one_key() {
    let folder = Folder::new();
    let vaults: Vec<Vault> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| Vault::open(&folder.0).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    let sealed = vaults[0].seal(workspace(1), "a", b"x");
    assert!(vaults.iter().all(|vault| vault.unseal(workspace(1), "a", &sealed).is_ok()));
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn keys_rotate() {
    let folder = Folder::new();
    let old = Vault::open(&folder.0).unwrap();
    let sealed = old.seal(workspace(1), "a", b"x");
    let new = Vault::rotate(&folder.0).unwrap();
    assert!(new.needs_rewrap(&sealed) && !old.needs_rewrap(&sealed) && new.needs_rewrap(b"garbage"));
    let again = new.seal(workspace(1), "a", &new.unseal(workspace(1), "a", &sealed).unwrap());
    assert!(!new.needs_rewrap(&again) && old.unseal(workspace(1), "a", &again).is_err());
    assert!(Vault::open(&folder.0).unwrap().unseal(workspace(1), "a", &again).is_ok());
    assert_eq!(format!("{new:?}"), "Vault(2 keys)");
}

#[test]
fn keys_in_text() {
    let (a, b) = ("07".repeat(32), "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg");
    let both = Vault::from_text(&format!("# note\n{a}, {b}\n")).unwrap();
    let sealed = Vault::from_master([7; 32]).seal(workspace(1), "a", b"x");
    assert!(both.needs_rewrap(&sealed) && both.unseal(workspace(1), "a", &sealed).is_ok());
    let newest = both.seal(workspace(1), "a", b"x");
    assert!(Vault::from_master([8; 32]).unseal(workspace(1), "a", &newest).is_ok());
    for bad in ["", "# only a comment", "short", "zz", &"zz".repeat(32), &format!("{a},zz")] {
        let error = Vault::from_text(bad).map(|_| ()).unwrap_err().to_string();
        assert!(!error.contains(&a), "{error}");
    }
}

async fn the_wrong_key_is_noticed_at_start(place: &Place) {
    let db = place.node().await;
    let vault = Vault::from_master([7; 32]);
    vault.check(&db).await.unwrap();
    vault.check(&db).await.unwrap();
    assert_eq!(Vault::from_master([8; 32]).check(&db).await.unwrap_err().code(), "vault_key_missing");
    let rotated = Vault::from_text(&format!("{},{}", "07".repeat(32), "08".repeat(32))).unwrap();
    rotated.check(&db).await.unwrap();
    Vault::from_master([8; 32]).check(&db).await.unwrap();
}
