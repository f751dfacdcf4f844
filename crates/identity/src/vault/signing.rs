//! Signatures that anybody can check: Ed25519 (RFC 8032) under keys derived from the vault's master keys.

use hkdf::Hkdf;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::keys::Master;

/// A signature and the key that checks it, both in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The public key, 32 bytes.
    pub public_key: String,
    /// The signature, 64 bytes.
    pub signature: String,
}

/// Whether `signature` over `message` was made with the secret half of `public_key`; both in hexadecimal digits.
pub fn is_signed(public_key: &str, message: &[u8], signature: &str) -> bool {
    let (Ok(key), Ok(signature)) = (hex::decode(public_key), hex::decode(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(message, &signature).is_ok()
}

pub(super) fn sign(master: &Master, purpose: &str, message: &[u8]) -> Signed {
    let pair = pair(master, purpose);
    Signed { public_key: hex::encode(pair.public_key()), signature: hex::encode(pair.sign(message)) }
}

pub(super) fn public_key(master: &Master, purpose: &str) -> String {
    hex::encode(pair(master, purpose).public_key())
}

fn pair(master: &Master, purpose: &str) -> Ed25519KeyPair {
    let mut seed = Zeroizing::new([0_u8; 32]);
    let info = [b"atlas signature 1 ", purpose.as_bytes()].concat();
    Hkdf::<Sha256>::new(None, master.bytes()).expand(&info, seed.as_mut()).expect("32 bytes are a length HKDF-SHA256 gives");
    Ed25519KeyPair::from_seed_unchecked(seed.as_ref()).expect("any 32 bytes are a seed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vault;

    #[test]
    fn a_signature_holds_for_its_words_and_its_key_alone() {
        let (ours, theirs) = (Vault::from_master([7; 32]), Vault::from_master([8; 32]));
        let signed = ours.sign("receipt", b"all gone");
        assert_eq!(signed, ours.sign("receipt", b"all gone"), "every node signs alike");
        assert!(is_signed(&signed.public_key, b"all gone", &signed.signature));
        assert!(!is_signed(&signed.public_key, b"all gone!", &signed.signature));
        assert!(!is_signed(&theirs.sign("receipt", b"all gone").public_key, b"all gone", &signed.signature));
        assert_ne!(signed.public_key, ours.sign("other", b"all gone").public_key, "one purpose's key is not another's");
        assert_eq!(ours.public_keys("receipt"), [signed.public_key]);
        assert!(!is_signed("", b"all gone", "zz"));
    }
}
