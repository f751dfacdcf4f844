//! Where contacts sit: location, language, browser and system.

/// One row of a contact's surroundings.
#[derive(Debug)]
pub struct Place {
    pub country: &'static str,
    pub region: &'static str,
    pub city: &'static str,
    pub country_code: &'static str,
    pub continent_code: &'static str,
    pub language: &'static str,
    pub browser: &'static str,
    pub os: &'static str,
    /// Start of phone numbers there.
    pub dial: &'static str,
}

const fn place(
    country: &'static str,
    region: &'static str,
    city: &'static str,
    codes: (&'static str, &'static str),
    language: &'static str,
    system: (&'static str, &'static str),
    dial: &'static str,
) -> Place {
    Place { country, region, city, country_code: codes.0, continent_code: codes.1, language, browser: system.0, os: system.1, dial }
}

/// The rows; `Contact::place` is a position here.
pub const PLACES: [Place; 12] = [
    place("Ireland", "Leinster", "Dublin", ("IRL", "EU"), "en", ("chrome", "Windows 11"), "+353855"),
    place("Ireland", "Munster", "Cork", ("IRL", "EU"), "en", ("safari", "macOS 15"), "+353855"),
    place("Germany", "Berlin", "Berlin", ("DEU", "EU"), "de", ("firefox", "Linux"), "+491555"),
    place("France", "Île-de-France", "Paris", ("FRA", "EU"), "fr", ("chrome", "macOS 15"), "+336555"),
    place("Sweden", "Västra Götaland", "Göteborg", ("SWE", "EU"), "sv", ("edge", "Windows 11"), "+467055"),
    place("Portugal", "Porto", "Porto", ("PRT", "EU"), "pt", ("chrome", "Android 16"), "+351915"),
    place("Poland", "Małopolskie", "Kraków", ("POL", "EU"), "pl", ("chrome", "Windows 10"), "+485555"),
    place("United States", "Oregon", "Portland", ("USA", "NA"), "en", ("safari", "iOS 20"), "+150355"),
    place("Brazil", "São Paulo", "São Paulo", ("BRA", "SA"), "pt", ("chrome", "Windows 11"), "+551155"),
    place("Kenya", "Nairobi", "Nairobi", ("KEN", "AF"), "en", ("chrome", "Android 15"), "+254755"),
    place("Japan", "Osaka", "Ōsaka", ("JPN", "AS"), "ja", ("chrome", "Windows 11"), "+818055"),
    place("Australia", "Victoria", "Melbourne", ("AUS", "OC"), "en", ("firefox", "macOS 15"), "+614555"),
];
