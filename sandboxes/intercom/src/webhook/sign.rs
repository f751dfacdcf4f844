//! Signatures of notices and of the uninstall notification.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

/// `X-Hub-Signature`: `sha1=` and the HMAC-SHA1 of the raw body under the client secret, in hex.
pub fn hub(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

/// `X-Body-Signature`: the HMAC-SHA256 of the raw body under the client secret, in hex, without prefix.
pub fn body(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    #[test]
    fn signatures_match_the_vectors() {
        let file: Value = serde_json::from_str(include_str!("../../tests/fixtures/signature_vectors.json")).expect("JSON");
        for vector in file["vectors"].as_array().expect("vectors") {
            let text = |name: &str| vector[name].as_str().expect("text").to_owned();
            let made = super::hub(&text("client_secret"), text("body").as_bytes());
            assert_eq!(made == text("header_value"), vector["valid"].as_bool().expect("bool"), "{}", text("name"));
        }
        let uninstall = &file["uninstall_and_health_check"];
        let text = |name: &str| uninstall[name].as_str().expect("text");
        assert_eq!(super::body(text("client_secret"), text("body").as_bytes()), text("header_value"));
    }
}
