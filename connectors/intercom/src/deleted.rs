//! Conversations that were deleted at Intercom, newest first (API 2.16).

use atlas_connect::{Listing, Request, Stream, Window};
use serde_json::Value;

use crate::{fields, paging, scopes};

/// The most a page gives here.
const PER_PAGE: u32 = 60;

/// Ids of deleted conversations.
pub const STREAM: Stream = Stream {
    name: "conversations_deleted",
    label: "Deleted conversations",
    object: "conversation",
    scope: scopes::READ_CONVERSATIONS,
    open: |_| page(1),
    read,
    detail: false,
    exclusive: None,
    incremental: true,
    deletions: true,
    order: 40,
};

fn page(number: i64) -> Request {
    Request::get(format!("/conversations/deleted?per_page={PER_PAGE}&page={number}&order=desc"))
}

/// The version of a deletion is when it happened.
fn identify(item: &Value) -> Option<(String, i64)> {
    Some((fields::id(item, "id")?, fields::number(item, "deleted_at").unwrap_or(0)))
}

/// Newest first, so a page that reaches behind the window is the last one needed.
/// New deletions while reading push ids to later pages: they come twice, none is missed.
fn read(window: &Window, _: &Request, answer: &Value) -> Result<Listing, String> {
    let rows = paging::page(answer, &["conversations", "data"])?;
    let reaches_behind = rows.iter().filter_map(identify).any(|(_, at)| !paging::belongs(window, at));
    let next = paging::next_page(answer).filter(|_| !rows.is_empty() && !reaches_behind);
    Ok(Listing {
        items: paging::listed(window, rows, identify),
        total: (*window == Window::History).then(|| fields::number(answer, "total_count")).flatten(),
        next: next.map(page),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer() -> Value {
        json!({
            "type": "conversations.list", "total_count": 4,
            "pages": {"type": "pages", "next": "https://api.intercom.io/conversations/deleted?per_page=2&order=desc&page=2", "page": 1, "per_page": 2, "total_pages": 2},
            "conversations": [{"type": "conversation", "id": "512", "deleted_at": 1_734_537_460}, {"id": 513, "deleted_at": 1_734_537_400}],
        })
    }

    #[test]
    fn history_reads_every_page() {
        let listing = read(&Window::History, &page(1), &answer()).unwrap();
        assert_eq!(
            listing.items.iter().map(|i| (i.id.as_str(), i.version)).collect::<Vec<_>>(),
            [("512", 1_734_537_460), ("513", 1_734_537_400)]
        );
        assert_eq!(listing.next, Some(Request::get("/conversations/deleted?per_page=60&page=2&order=desc")));
        assert_eq!(listing.total, Some(4));
    }

    #[test]
    fn a_window_stops_where_it_began() {
        let listing = read(&Window::Since(1_734_537_401), &page(1), &answer()).unwrap();
        assert_eq!(listing.items.len(), 1);
        assert_eq!(listing.next, None);
    }
}
