//! Which addresses may be called: HTTPS and public ones, unless the operator allows the local network.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Why an address may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not HTTPS.
    Scheme,
    /// It has a name and password in it.
    Credentials,
    /// It names no host.
    NoHost,
    /// Its host is not public.
    Private,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl Refusal {
    /// The same in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Scheme => "only https is allowed",
            Self::Credentials => "the address has a name and password in it",
            Self::NoHost => "the address names no host",
            Self::Private => "the address is not public",
        }
    }
}

/// Why the address may not be called as written; names are checked again when [`Resolver`] resolves them.
///
/// Everything that calls an address somebody named goes through this and the resolver.
pub fn refusal(url: &Url, allow_private: bool) -> Option<Refusal> {
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        _ => return Some(Refusal::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some(Refusal::Credentials);
    }
    let public = match url.host() {
        Some(Host::Ipv4(ip)) => is_public(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => is_public(IpAddr::V6(ip)),
        // A name without a dot is of the local network.
        Some(Host::Domain(name)) => name.trim_end_matches('.').contains('.'),
        None => return Some(Refusal::NoHost),
    };
    (!allow_private && !public).then_some(Refusal::Private)
}

/// The connectors' own door to [`refusal`].
pub(crate) fn public_url(url: &Url, allow_private: bool) -> Result<(), &'static str> {
    refusal(url, allow_private).map_or(Ok(()), |why| Err(why.words()))
}

/// Resolves names and leaves out what may not be called, so that no name can lead inside.
#[derive(Clone, Copy, Debug)]
pub struct Resolver {
    /// Whether addresses of the local network may be called.
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

/// Whether an address is one of the public internet.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| is_public_v6(ip), is_public_v4),
    }
}

/// IANA's IPv4 special-purpose registry (RFC 6890 and after), multicast and what is reserved.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let assigned = (a == 192 && b == 0 && c == 0) || (a == 192 && b == 88 && c == 99);
    let benchmark = a == 198 && (b == 18 || b == 19);
    let special = shared || assigned || benchmark || a == 0 || a >= 240;
    !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_documentation() || special)
}

/// Only 2000::/3 is given out as public. That leaves out loopback, `::a.b.c.d`, NAT64, unique local, link-local, site-local and
/// multicast addresses; within it, what carries an IPv4 address (Teredo, 6to4), protocol assignments and documentation.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    let assigned = first == 0x2001 && second < 0x0200;
    let documentation = (first == 0x2001 && second == 0xdb8) || (first == 0x3fff && second < 0x1000);
    first & 0xe000 == 0x2000 && first != 0x2002 && !assigned && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why_not(text: &str, allow_private: bool) -> Option<Refusal> {
        refusal(&Url::parse(text).unwrap(), allow_private)
    }

    #[test]
    fn no_range_that_leads_inside_is_public() {
        for inside in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::8.8.8.8",
            "::ffff:192.168.0.1",
            "::ffff:127.0.0.1",
            "::ffff:0:7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "feff::1",
            "ff02::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "8.8.8.8",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
            "3ffe::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn only_public_https_addresses_pass() {
        for (text, why) in [
            ("http://api.example.com/", Refusal::Scheme),
            ("ftp://example.com/", Refusal::Scheme),
            ("file:///etc/passwd", Refusal::Scheme),
            ("https://ana:secret@api.example.com/", Refusal::Credentials),
            ("https://ana@api.example.com/", Refusal::Credentials),
            ("https://localhost/", Refusal::Private),
            ("https://intranet./", Refusal::Private),
            ("https://2130706433/", Refusal::Private),
            ("https://127.1/", Refusal::Private),
            ("https://[::7f00:1]/", Refusal::Private),
            ("https://[fec0::1]/", Refusal::Private),
            ("https://[::ffff:192.168.0.1]/", Refusal::Private),
        ] {
            assert_eq!(why_not(text, false), Some(why), "{text}");
        }
        for outside in ["https://api.example.org/me", "https://93.184.216.34/", "https://[2606:4700::1111]/"] {
            assert_eq!(why_not(outside, false), None, "{outside}");
        }
        assert_eq!((why_not("http://127.0.0.1:7401/", true), why_not("http://sandbox:7401/", true)), (None, None));
        assert_eq!(why_not("ftp://127.0.0.1/", true), Some(Refusal::Scheme));
    }
}
