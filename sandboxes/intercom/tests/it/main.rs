//! Tests of the sandbox over real HTTP.

mod answers;
mod client;
mod data;
mod errors;
mod limits;
mod merging;
mod nested;
mod notices;
mod oauth;
mod openapi;
mod pages;
mod receiver;
mod scale;
mod scopes;
mod scroll;
mod search;
mod steering;
mod subscriptions;
mod trouble;
mod versions;
mod writing;
