//! Money: integer minor units and an ISO 4217 code, never a float.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code, three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^[A-Za-z]{3}$"))]
pub struct Currency([u8; 3]);

impl Currency {
    /// Euro, what a new workspace starts with.
    pub const EUR: Currency = Currency(*b"EUR");

    /// The code, such as `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("EUR")
    }

    /// How many decimal places amounts have (ISO 4217, 2024 table; two unless listed).
    pub fn decimals(&self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV"
            | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        match upper.as_bytes() {
            [a, b, c] if upper.bytes().all(|x| x.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err("three letters expected, such as EUR"),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount of money.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// Minor units: cents for EUR, yen for JPY.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

impl Money {
    /// What a person typed (`48,000` or `1234.5`) in `currency`.
    ///
    /// # Errors
    /// A sentence for the field when the text is no amount or too large.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, &'static str> {
        let cleaned: String = text.chars().filter(|c| !matches!(c, ',' | ' ' | '\u{a0}' | '€' | '$' | '£')).collect();
        let (whole, fraction) = cleaned.split_once('.').unwrap_or((&cleaned, ""));
        let decimals = currency.decimals() as usize;
        if !whole.bytes().any(|b| b.is_ascii_digit()) || fraction.len() > decimals || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err("an amount such as 48,000 or 1,234.50 expected");
        }
        let digits = format!("{whole}{fraction:0<decimals$}");
        let amount = digits.parse().map_err(|_| "an amount such as 48,000 or 1,234.50 expected")?;
        Ok(Self { amount, currency })
    }
}

impl fmt::Display for Money {
    /// `€48,000`, `$1,234.50`, `JPY 900`: whole amounts without decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(self.currency.decimals());
        let (whole, rest) = (self.amount.unsigned_abs() / unit, self.amount.unsigned_abs() % unit);
        let sign = if self.amount < 0 { "−" } else { "" };
        match self.currency.code() {
            "EUR" => write!(f, "{sign}€")?,
            "USD" => write!(f, "{sign}$")?,
            "GBP" => write!(f, "{sign}£")?,
            code => write!(f, "{sign}{code} ")?,
        }
        let digits = whole.to_string();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if rest > 0 {
            write!(f, ".{rest:0width$}", width = self.currency.decimals() as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_print() {
        let yen: Currency = "jpy".parse().unwrap();
        assert_eq!(Money::parse("48,000", Currency::EUR).unwrap().amount, 4_800_000);
        assert_eq!(Money::parse("€1,234.5", Currency::EUR).unwrap().to_string(), "€1,234.50");
        assert_eq!(Money::parse("900", yen).unwrap().to_string(), "JPY 900");
        for bad in ["", "abc", "1.234", "1.2.3", "99999999999999999999"] {
            assert!(Money::parse(bad, Currency::EUR).is_err(), "{bad}");
        }
    }
}
