//! The model check with the budget of every day, that it can fail, and the failures that the connector survives.

mod completeness;
mod failures;
mod model;
