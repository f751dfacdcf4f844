//! Pauses: on the system's clock they take their time; a clock that is turned by hand is turned by them.

use std::time::Duration;

use atlas_kernel::{Clock, Timestamp};

/// So often the other tasks come first before a pause turns a clock that stands still.
const OTHERS_FIRST: usize = 24;

/// Waits until `by` has passed on `clock`.
///
/// On a manual clock nothing else would ever end the wait: everybody who has something to do does it, then the clock moves.
pub(crate) async fn pause(clock: &Clock, by: Duration) {
    let Clock::Manual(_) = clock else { return tokio::time::sleep(by).await };
    let end = clock.now().checked_add(jiff::SignedDuration::try_from(by).unwrap_or_default()).unwrap_or(Timestamp::MAX);
    for _ in 0..OTHERS_FIRST {
        tokio::task::yield_now().await;
    }
    let left = end.duration_since(clock.now());
    clock.advance(Duration::try_from(left).unwrap_or_default());
}
