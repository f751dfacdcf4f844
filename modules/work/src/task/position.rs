//! Places on the board: texts compared byte by byte, so that one fits between any two others.
//!
//! What is put on top or at the bottom gets its place from the clock (newer is higher, or lower, than all before), so
//! that no neighbour is read and keys stay short; what is put between two cards gets a text between theirs.

use atlas_kernel::Timestamp;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Microseconds since 1970 fit into this many base-62 digits until the year 5000 and beyond.
const WIDTH: usize = 9;
const SPAN: u64 = 62_u64.pow(WIDTH as u32);

/// A place above everything placed before `now`.
pub fn top(now: Timestamp, salt: u64) -> String {
    format!("T{}{}", digits(SPAN - 1 - micros(now)), tail(salt))
}

/// A place below everything placed before `now`.
pub fn bottom(now: Timestamp, salt: u64) -> String {
    format!("b{}{}", digits(micros(now)), tail(salt))
}

/// A place above `above` and below `below`; either end may be open. When the two are not in order (two cards at one
/// place), the answer is right after `above`.
pub fn between(above: Option<&str>, below: Option<&str>, now: Timestamp, salt: u64) -> String {
    match (above, below) {
        (None, None) => top(now, salt),
        (None, Some(below)) => {
            let place = top(now, salt);
            if place.as_str() < below { place } else { middle("", Some(below)) + &tail(salt) }
        }
        (Some(above), None) => {
            let place = bottom(now, salt);
            if place.as_str() > above { place } else { middle(above, None) + &tail(salt) }
        }
        (Some(above), Some(below)) if above < below => middle(above, Some(below)) + &tail(salt),
        (Some(above), Some(_)) => middle(above, None) + &tail(salt),
    }
}

/// A text strictly between `low` and `high` that no longer text can squeeze out: it never ends in the lowest digit.
fn middle(low: &str, high: Option<&str>) -> String {
    let (low, high) = (low.as_bytes(), high.map(str::as_bytes));
    let mut out = Vec::new();
    let mut bounded = high;
    for place in 0..=low.len().max(high.map_or(0, <[u8]>::len)) + 1 {
        let from = low.get(place).map_or(0, |byte| rank(*byte));
        let to = bounded.map_or(DIGITS.len(), |high| high.get(place).map_or(0, |byte| rank(*byte)));
        if to > from + 1 {
            out.push(DIGITS[(from + to) / 2]);
            break;
        }
        out.push(DIGITS[from]);
        if to > from {
            bounded = None;
        }
    }
    String::from_utf8(out).expect("digits are ASCII")
}

fn rank(byte: u8) -> usize {
    DIGITS.iter().position(|digit| *digit == byte).unwrap_or(0)
}

fn micros(now: Timestamp) -> u64 {
    u64::try_from(now.as_microsecond()).unwrap_or(0).min(SPAN - 1)
}

fn digits(mut number: u64) -> String {
    let mut out = [b'0'; WIDTH];
    for digit in out.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Two digits that differ between cards placed at the same moment, the last one never the lowest.
fn tail(salt: u64) -> String {
    let (first, second) = (salt % 62, 1 + salt / 62 % 61);
    String::from_utf8_lossy(&[DIGITS[first as usize], DIGITS[second as usize]]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(micros).unwrap()
    }

    #[test]
    fn newer_is_higher_on_top_and_lower_at_the_bottom() {
        assert!(top(at(2_000), 5) < top(at(1_000), 9) && bottom(at(2_000), 5) > bottom(at(1_000), 9));
        assert!(top(at(0), 0) < bottom(at(0), 0));
    }

    proptest! {
        #[test]
        fn a_card_always_fits_where_it_is_dropped(drops in proptest::collection::vec((0_usize..64, any::<u64>()), 1..200)) {
            let mut cards: Vec<String> = Vec::new();
            for (moment, (gap, salt)) in drops.into_iter().enumerate() {
                let gap = gap % (cards.len() + 1);
                let above = gap.checked_sub(1).map(|n| cards[n].clone());
                let below = cards.get(gap).cloned();
                let place = between(above.as_deref(), below.as_deref(), at(moment as i64), salt);
                prop_assert!(above.as_deref().is_none_or(|above| above < place.as_str()), "{above:?} < {place}");
                prop_assert!(below.as_deref().is_none_or(|below| place.as_str() < below), "{place} < {below:?}");
                cards.insert(gap, place);
            }
        }

        #[test]
        fn always_dropping_on_top_or_at_the_bottom_keeps_places_short(count in 1_usize..300) {
            let (mut high, mut low) = (None, None);
            for moment in 0..count {
                high = Some(between(None, high.as_deref(), at(moment as i64 + 1), 7));
                low = Some(between(low.as_deref(), None, at(moment as i64 + 1), 7));
            }
            prop_assert!(high.unwrap().len() <= 12 && low.unwrap().len() <= 12);
        }
    }
}
