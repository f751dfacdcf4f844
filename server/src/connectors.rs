//! The connectors of this Atlas: one line each.

use atlas_connect::{Connector, Region};

/// Every connector. With the address of a local Intercom, its connector offers that as its first region.
pub fn all(local_intercom: &str) -> Vec<Connector> {
    vec![with_local_region(atlas_intercom::connector(), local_intercom)]
}

fn with_local_region(mut connector: Connector, url: &str) -> Connector {
    if !url.is_empty() {
        // Descriptors live as long as the program; this address is read once at its start.
        let url: &'static str = Box::leak(url.trim_end_matches('/').to_owned().into_boxed_str());
        connector.oauth.regions.insert(0, Region { id: "local", label: "Local sandbox", api: url, app: url });
    }
    connector
}
