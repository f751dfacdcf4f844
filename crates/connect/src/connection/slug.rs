//! What a connection is called in addresses: `intercom`, and for a further workspace of the provider `intercom.2` or `intercom.eu`.

/// The longest word behind the point.
const MOST_CHARACTERS: usize = 30;

/// The provider that is meant; none for what is no name of a connection.
pub(crate) fn provider(slug: &str) -> Option<&str> {
    let is_word = |word: &str| {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !word.is_empty() && word.len() <= MOST_CHARACTERS && word.chars().all(allowed)
    };
    match slug.split_once('.') {
        None => Some(slug),
        Some((provider, word)) => is_word(word).then_some(provider),
    }
}

/// The first name for a further connection that none of these has.
pub(crate) fn next<'a>(provider: &str, taken: impl Iterator<Item = &'a str> + Clone) -> String {
    let free = |slug: &String| !taken.clone().any(|other| other == slug);
    (2_u32..).map(|n| format!("{provider}.{n}")).find(free).unwrap_or_default()
}

/// What people read as a connection's name: the provider's, and for a further connection whose it is.
pub(crate) fn title(name: &str, slug: &str, account: Option<&str>) -> String {
    match (slug.split_once('.'), account) {
        (None, _) => name.to_owned(),
        (Some(_), Some(account)) => format!("{name} · {account}"),
        (Some((_, word)), None) => format!("{name} ({word})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_connection_says_whose_it_is() {
        assert_eq!(title("Intercom", "intercom", Some("Harbour Lane")), "Intercom");
        assert_eq!(title("Intercom", "intercom.2", Some("Harbour Lane")), "Intercom · Harbour Lane");
        assert_eq!(title("Intercom", "intercom.2", None), "Intercom (2)");
    }

    #[test]
    fn a_name_is_the_provider_alone_or_with_a_word() {
        let long = format!("intercom.{}", "a".repeat(31));
        for (slug, expected) in [
            ("intercom", Some("intercom")),
            ("intercom.2", Some("intercom")),
            ("intercom.eu-support", Some("intercom")),
            ("intercom.", None),
            ("intercom.EU", None),
            ("intercom.a.b", None),
            ("intercom.a/b", None),
            (long.as_str(), None),
        ] {
            assert_eq!(provider(slug), expected, "{slug}");
        }
    }

    #[test]
    fn further_connections_are_numbered() {
        assert_eq!(next("intercom", ["intercom", "intercom.2", "intercom.eu"].into_iter()), "intercom.3");
    }
}
