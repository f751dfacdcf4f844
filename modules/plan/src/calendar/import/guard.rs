//! Which addresses calendars may be read from: those that connectors may call, in the words of a person's calendar.

use atlas_connect::Refusal;
use url::Url;

/// What is wanted instead of an address that may not be called.
pub fn refusal(url: &Url, allow_private: bool) -> Option<&'static str> {
    atlas_connect::refusal(url, allow_private).map(|why| match why {
        Refusal::Scheme => "an address that begins with https:// or webcal://",
        Refusal::Credentials => "an address without a name and password in it",
        Refusal::NoHost => "an address with a host",
        Refusal::Private => "a public address",
    })
}
