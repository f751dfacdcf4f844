//! Which addresses may be called: HTTPS and public ones, unless the operator allows the local network.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether the address may be called as written; names are checked again when they are resolved.
pub(crate) fn public_url(url: &Url, allow_private: bool) -> Result<(), &'static str> {
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        _ => return Err("only https is allowed"),
    }
    let literal = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) => None,
        None => return Err("the address names no host"),
    };
    match literal {
        Some(ip) if !allow_private && !is_public(ip) => Err("the address is not public"),
        _ => Ok(()),
    }
}

/// Resolves names and leaves out what may not be called, so that no name can lead inside.
pub(crate) struct Resolver {
    pub allow_private: bool,
}

/// A name that leads only to addresses that are not public.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to no public address")
    }
}
impl StdError for Refused {}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let kept: Vec<SocketAddr> = found.filter(|a| allow_private || is_public(a.ip())).collect();
            if kept.is_empty() {
                return Err(Box::new(Refused) as Box<dyn StdError + Send + Sync>);
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

/// Whether an error comes from the guard.
pub(crate) fn was_refused(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        if cause.is::<Refused>() {
            return true;
        }
        source = cause.source();
    }
    false
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(inner) => is_public_v4(inner),
            None => is_public_v6(ip),
        },
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
    let unique_local = first & 0xfe00 == 0xfc00;
    let link_local = first & 0xffc0 == 0xfe80;
    let documentation = first == 0x2001 && ip.segments()[1] == 0xdb8;
    // NAT64 and 6to4 carry an IPv4 address inside.
    let carries_v4 = first == 0x2002 || (first == 0x64 && ip.segments()[1] == 0xff9b);
    !(ip.is_loopback() || ip.is_unspecified() || ip.is_multicast() || unique_local || link_local || documentation || carries_v4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_addresses_pass() {
        let check = |text: &str, private: bool| public_url(&Url::parse(text).unwrap(), private).is_ok();
        for inside in [
            "http://api.example.com/",
            "https://127.0.0.1/",
            "https://10.1.2.3/",
            "https://[::1]/",
            "https://169.254.169.254/latest",
            "https://[::ffff:192.168.0.1]/",
            "https://100.64.0.1/",
            "https://[fd00::1]/",
            "https://0.0.0.0/",
            "https://[2002:7f00:1::]/",
            "ftp://example.com/",
            "https://2130706433/",
        ] {
            assert!(!check(inside, false), "{inside}");
        }
        for outside in ["https://api.example.org/me", "https://93.184.216.34/", "https://[2606:4700::1111]/"] {
            assert!(check(outside, false), "{outside}");
        }
        assert!(check("http://127.0.0.1:7401/", true) && !check("ftp://127.0.0.1/", true));
    }
}
