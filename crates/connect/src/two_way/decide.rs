//! The decisions, as pure functions of the two values and the one that both sides last had in common.
//!
//! Values are compared as the provider can hold them. `None` is a blank, and a blank never overwrites anything.

use atlas_kernel::text_enum;
use serde_json::Value;

text_enum! {
    /// Which way a field goes.
    pub enum Direction {
        /// The provider's value comes in until somebody writes another one here; nothing goes out.
        In = "in",
        /// What is written here goes out; the provider's value does not come in.
        Out = "out",
        /// Both: the side that changed wins, and the conflict rule says what holds when both did.
        Both = "both",
        /// Neither.
        Off = "off",
    }
}
text_enum! {
    /// Which value holds when both sides changed a field since they last agreed.
    pub enum ConflictRule {
        /// The provider's.
        Provider = "provider",
        /// The one in Atlas.
        Atlas = "atlas",
        /// The one changed last, by the provider's time of change of the whole record.
        Newest = "newest",
        /// Neither until a person has decided.
        Ask = "ask",
    }
}
atlas_store::text_column!(Direction, ConflictRule);

impl Direction {
    /// Whether what is written here goes out.
    pub fn goes_out(self) -> bool {
        matches!(self, Self::Out | Self::Both)
    }
    /// Whether the provider's value comes in.
    pub fn comes_in(self) -> bool {
        matches!(self, Self::In | Self::Both)
    }
}

impl ConflictRule {
    /// The reason it gives for the provider's value, when both sides changed.
    pub(super) fn why(self) -> &'static str {
        match self {
            Self::Provider => "both changed; the provider wins",
            Self::Newest => "both changed; the provider's change was newer",
            Self::Atlas | Self::Ask => "both changed",
        }
    }
}

/// A field as both sides have it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'a> {
    /// What both sides last had in common; none when that never was.
    pub base: Option<&'a Value>,
    /// The value in Atlas.
    pub ours: Option<&'a Value>,
    /// When it was written, microseconds since 1970.
    pub ours_at: i64,
    /// The provider's value.
    pub theirs: Option<&'a Value>,
    /// When the provider's record last changed, microseconds since 1970.
    pub theirs_at: i64,
}

/// What becomes of a provider's value that came in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Incoming {
    /// Both sides have it.
    Same,
    /// It becomes the value in Atlas.
    Take,
    /// The value in Atlas stays; the provider's has not changed since both agreed, or is not to come in.
    Keep,
    /// The value in Atlas wins over a change at the provider, and goes out.
    Win,
    /// A person decides.
    Ask,
}

/// What to do about a field when a record is to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outgoing {
    /// Nothing: it is the same, blank, unchanged here, or the provider's change stands.
    Nothing,
    /// Write the value in Atlas.
    Write,
    /// A person decides.
    Ask,
}

/// Judges a value that came in.
pub(super) fn incoming(direction: Direction, rule: ConflictRule, sides: Sides<'_>) -> Incoming {
    let Sides { base, ours, ours_at, theirs, theirs_at } = sides;
    if theirs.is_none() || ours == theirs {
        return if ours == theirs { Incoming::Same } else { Incoming::Keep };
    }
    if direction != Direction::Both || base == theirs {
        return Incoming::Keep;
    }
    if ours.is_none() || base == ours {
        return Incoming::Take;
    }
    match rule {
        ConflictRule::Provider => Incoming::Take,
        ConflictRule::Atlas => Incoming::Win,
        ConflictRule::Newest if theirs_at > ours_at => Incoming::Take,
        ConflictRule::Newest => Incoming::Win,
        ConflictRule::Ask => Incoming::Ask,
    }
}

/// Judges a field of a record that is to be written. `eager` is false for differences older than the choice to write.
pub(super) fn outgoing(rule: ConflictRule, sides: Sides<'_>, eager: bool) -> Outgoing {
    let Sides { base, ours, ours_at, theirs, theirs_at } = sides;
    if ours.is_none() || ours == theirs || !eager {
        return Outgoing::Nothing;
    }
    if theirs.is_none() || base.is_none() || base == theirs {
        return Outgoing::Write;
    }
    if base == ours {
        return Outgoing::Nothing;
    }
    match rule {
        ConflictRule::Provider => Outgoing::Nothing,
        ConflictRule::Atlas => Outgoing::Write,
        ConflictRule::Newest if theirs_at > ours_at => Outgoing::Nothing,
        ConflictRule::Newest => Outgoing::Write,
        ConflictRule::Ask => Outgoing::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One field on both sides, with what the engine remembers of it.
    #[derive(Clone, Debug)]
    struct Field {
        ours: Option<Value>,
        ours_at: i64,
        theirs: Option<Value>,
        theirs_at: i64,
        /// What the provider said last, and what both sides last had in common.
        said: Option<Value>,
        base: Option<Value>,
        asked: bool,
        writes: u32,
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        EditHere(u8),
        EditThere(u8),
        Fetch,
        Push,
    }

    impl Field {
        fn sides(&self) -> Sides<'_> {
            Sides {
                base: self.base.as_ref().or(self.said.as_ref()),
                ours: self.ours.as_ref(),
                ours_at: self.ours_at,
                theirs: self.theirs.as_ref(),
                theirs_at: self.theirs_at,
            }
        }

        /// What the engine does when the provider's record was fetched.
        fn fetch(&mut self, rule: ConflictRule) {
            let before = self.base.clone().or(self.said.clone());
            match incoming(Direction::Both, rule, self.sides()) {
                Incoming::Same => (self.base, self.asked) = (None, false),
                Incoming::Take => (self.ours, self.ours_at, self.base, self.asked) = (self.theirs.clone(), self.theirs_at, None, false),
                Incoming::Keep => (self.base, self.asked) = (before, false),
                Incoming::Win => (self.base, self.asked) = (None, false),
                Incoming::Ask => (self.base, self.asked) = (before, true),
            }
            self.said = self.theirs.clone();
        }

        fn push(&mut self, rule: ConflictRule, now: i64) {
            self.fetch(rule);
            if !self.asked && outgoing(rule, self.sides(), true) == Outgoing::Write {
                (self.theirs, self.theirs_at, self.writes) = (self.ours.clone(), now, self.writes + 1);
                (self.said, self.base) = (self.ours.clone(), None);
            }
        }
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![(0..4u8).prop_map(Step::EditHere), (0..4u8).prop_map(Step::EditThere), Just(Step::Fetch), Just(Step::Push)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

        /// Whatever happens in whatever order: afterwards both sides agree (or a person is asked), nothing is written more
        /// often than it was edited, the last edit of the side that edited alone is what remains, and all is quiet.
        #[test]
        fn both_sides_converge_and_no_update_is_lost(
            rule in prop::sample::select(vec![ConflictRule::Provider, ConflictRule::Atlas, ConflictRule::Newest, ConflictRule::Ask]),
            steps in prop::collection::vec(step(), 0..24),
        ) {
            let start = Some(Value::from("v0"));
            let mut field = Field { ours: start.clone(), ours_at: 0, theirs: start.clone(), theirs_at: 0, said: start.clone(), base: None, asked: false, writes: 0 };
            let (mut here, mut there, mut now) = (vec![], vec![], 0);
            for step in steps {
                now += 10;
                match step {
                    Step::EditHere(n) => {
                        let value = Some(Value::from(format!("here {n} {now}")));
                        (field.ours, field.ours_at) = (value.clone(), now);
                        here.push(value);
                    }
                    Step::EditThere(n) => {
                        let value = Some(Value::from(format!("there {n} {now}")));
                        (field.theirs, field.theirs_at) = (value.clone(), now);
                        there.push(value);
                    }
                    Step::Fetch => field.fetch(rule),
                    Step::Push => field.push(rule, now + 1),
                }
            }
            for _ in 0..3 {
                now += 10;
                field.push(rule, now);
            }
            let writes = field.writes;
            field.push(rule, now + 10);
            prop_assert_eq!(writes, field.writes, "it is quiet: no loop");
            prop_assert!(writes as usize <= here.len(), "never more writes than edits here");
            if field.asked && field.ours != field.theirs {
                prop_assert!(rule == ConflictRule::Ask && !here.is_empty() && !there.is_empty());
                prop_assert!(field.ours == *here.last().unwrap() || there.contains(&field.ours));
                return Ok(());
            }
            prop_assert_eq!(&field.ours, &field.theirs, "both sides agree");
            match (here.last(), there.last()) {
                (None, None) => prop_assert_eq!(field.ours, start),
                (Some(last), None) => prop_assert_eq!(&field.ours, last),
                (None, Some(last)) => prop_assert_eq!(&field.ours, last),
                (Some(a), Some(b)) => prop_assert!(field.ours == *a || field.ours == *b, "one of the two last edits remains"),
            }
        }
    }

    #[test]
    fn a_blank_never_overwrites() {
        let (a, b) = (Value::from("a"), Value::from("b"));
        let sides = |base, ours, theirs| Sides { base, ours, ours_at: 5, theirs, theirs_at: 9 };
        for rule in ConflictRule::ALL.iter().copied() {
            assert_eq!(incoming(Direction::Both, rule, sides(Some(&a), Some(&a), None)), Incoming::Keep);
            assert_eq!(outgoing(rule, sides(Some(&a), None, Some(&a)), true), Outgoing::Nothing);
            assert_eq!(incoming(Direction::Both, rule, sides(Some(&a), None, Some(&b))), Incoming::Take);
            assert_eq!(outgoing(rule, sides(None, Some(&a), None), true), Outgoing::Write);
        }
    }

    #[test]
    fn what_one_side_left_alone_never_fights() {
        let (a, b) = (Value::from("a"), Value::from("b"));
        for rule in ConflictRule::ALL.iter().copied() {
            let here = Sides { base: Some(&a), ours: Some(&b), ours_at: 1, theirs: Some(&a), theirs_at: 9 };
            assert_eq!((incoming(Direction::Both, rule, here), outgoing(rule, here, true)), (Incoming::Keep, Outgoing::Write));
            let there = Sides { base: Some(&a), ours: Some(&a), ours_at: 9, theirs: Some(&b), theirs_at: 1 };
            assert_eq!((incoming(Direction::Both, rule, there), outgoing(rule, there, true)), (Incoming::Take, Outgoing::Nothing));
        }
    }

    #[test]
    fn rules_decide_only_when_both_changed() {
        let (a, b, c) = (Value::from("a"), Value::from("b"), Value::from("c"));
        let sides = |ours_at, theirs_at| Sides { base: Some(&a), ours: Some(&b), ours_at, theirs: Some(&c), theirs_at };
        let check = |rule, ours_at, theirs_at, expect| {
            assert_eq!(incoming(Direction::Both, rule, sides(ours_at, theirs_at)), expect, "{rule:?}");
        };
        check(ConflictRule::Provider, 9, 1, Incoming::Take);
        check(ConflictRule::Atlas, 1, 9, Incoming::Win);
        check(ConflictRule::Newest, 1, 9, Incoming::Take);
        check(ConflictRule::Newest, 9, 1, Incoming::Win);
        check(ConflictRule::Ask, 9, 1, Incoming::Ask);
        for direction in [Direction::In, Direction::Out, Direction::Off] {
            assert_eq!(incoming(direction, ConflictRule::Provider, sides(1, 9)), Incoming::Keep);
        }
    }
}
