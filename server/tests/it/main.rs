//! The whole program in process: every route's permission, tenancy, and how many queries a page needs.

mod intercom;
mod plan;
mod queries;
mod registry;
mod several;
mod suite;
mod tenancy;
mod two_way;
mod world;
