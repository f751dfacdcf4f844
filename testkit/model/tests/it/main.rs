//! The model check and the failures to survive.
