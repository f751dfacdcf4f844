//! Opaque ids: 128 bits that the caller chooses, so that a UUID or any smaller number fits.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        ///
        /// Ties between equal records are broken by the smaller id. Written as 32 hexadecimal digits.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                u128::from_str_radix(&text, 16).map(Self).map_err(D::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A person who works.
    PersonId,
    /// A task to plan.
    TaskId,
    /// A meeting in somebody's calendar.
    MeetingId,
    /// Something a task needs and a person can do.
    SkillId,
}
