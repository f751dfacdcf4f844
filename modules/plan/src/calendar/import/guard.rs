//! Which addresses calendars may be read from: HTTPS and public ones, unless the operator allows the local network.
//!
//! The connectors' HTTP client has the same rule for providers, with an interface that only knows their JSON.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Why an address may not be called.
pub fn refusal(url: &Url, allow_private: bool) -> Option<&'static str> {
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        _ => return Some("an address that begins with https:// or webcal://"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("an address without a name and password in it");
    }
    let literal = match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
        Some(Host::Domain(name)) if !allow_private && !name.trim_end_matches('.').contains('.') => return Some("a public address"),
        Some(Host::Domain(_)) => return None,
        None => return Some("an address with a host"),
    };
    (!allow_private && !is_public(literal)).then_some("a public address")
}

/// Resolves names and leaves out what may not be called, so that no name can lead inside.
pub struct Resolver {
    pub allow_private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|address| allow_private || is_public(address.ip())).collect();
            if kept.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| is_public_v6(ip), is_public_v4),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19)) || a == 0 || a >= 240;
    !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_documentation() || shared || special)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let first = ip.segments()[0];
    let inside = first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 || (first == 0x2001 && ip.segments()[1] == 0xdb8);
    // NAT64, 6to4 and the old compatible form carry an IPv4 address inside.
    let carries_v4 = first == 0x2002 || (first == 0x64 && ip.segments()[1] == 0xff9b) || ip.segments()[..6] == [0; 6];
    !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || inside || carries_v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_addresses_pass() {
        let passes = |text: &str, private: bool| refusal(&Url::parse(text).unwrap(), private).is_none();
        for inside in [
            "http://calendar.example.com/a.ics",
            "https://127.0.0.1/a.ics",
            "https://10.1.2.3/",
            "https://[::1]/",
            "https://169.254.169.254/latest",
            "https://[::ffff:192.168.0.1]/",
            "https://[::7f00:1]/",
            "https://100.64.0.1/",
            "https://[fd00::1]/",
            "https://0.0.0.0/",
            "https://[2002:7f00:1::]/",
            "https://2130706433/",
            "https://localhost/",
            "https://ana:secret@calendar.example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
        ] {
            assert!(!passes(inside, false), "{inside}");
        }
        for outside in ["https://calendar.google.com/calendar/ical/x/basic.ics", "https://93.184.216.34/", "https://[2606:4700::1111]/"] {
            assert!(passes(outside, false), "{outside}");
        }
        assert!(passes("http://127.0.0.1:7401/", true) && !passes("ftp://127.0.0.1/", true));
    }
}
