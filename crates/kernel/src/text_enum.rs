//! Enumerations kept as words: in the database, in JSON and in URLs the same word.

/// Declares an enumeration whose variants are stored and sent as words.
///
/// Gives `ALL`, `as_str`, `FromStr` (with a field error), `Display`, serde and schema support.
#[macro_export]
macro_rules! text_enum {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        $vis enum $name { $($(#[$vdoc])* $variant,)+ }
        impl $name {
            /// Every variant, in declaration order.
            $vis const ALL: &'static [$name] = &[$($name::$variant,)+];
            /// The word stored and sent.
            $vis fn as_str(self) -> &'static str { match self { $(Self::$variant => $word,)+ } }
        }
        impl ::std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(text: &str) -> ::std::result::Result<Self, $crate::Error> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::Error::field(stringify!($name).to_lowercase(), "unknown", concat!("one of" $(, " ", $word)+))),
                }
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { f.write_str(self.as_str()) }
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, s: S) -> ::std::result::Result<S::Ok, S::Error> { s.serialize_str(self.as_str()) }
        }
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(d: D) -> ::std::result::Result<Self, D::Error> {
                let text = <::std::string::String as ::serde::Deserialize>::deserialize(d)?;
                Self::ALL.iter().copied().find(|v| v.as_str() == text)
                    .ok_or_else(|| ::serde::de::Error::custom(concat!("one of" $(, " ", $word)+, " expected")))
            }
        }
        impl ::schemars::JsonSchema for $name {
            fn inline_schema() -> bool { true }
            fn schema_name() -> ::std::borrow::Cow<'static, str> { stringify!($name).into() }
            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "type": "string", "enum": [$($word),+] })
            }
        }
    };
}
