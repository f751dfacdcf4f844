//! What this module's operations need: one permission to read and one to write, per kind of record.

use atlas_kernel::Permission;

/// Read contacts, their timelines and tags.
pub const CONTACTS_READ: Permission = Permission::read("contacts:read");
/// Create and change contacts.
pub const CONTACTS_WRITE: Permission = Permission::write("contacts:write");
/// Read companies and their timelines.
pub const COMPANIES_READ: Permission = Permission::read("companies:read");
/// Create and change companies.
pub const COMPANIES_WRITE: Permission = Permission::write("companies:write");
/// Read deals.
pub const DEALS_READ: Permission = Permission::read("deals:read");
/// Create, change and move deals.
pub const DEALS_WRITE: Permission = Permission::write("deals:write");
/// Read pipelines and their stages.
pub const PIPELINES_READ: Permission = Permission::read("pipelines:read");
/// Change pipelines and their stages.
pub const PIPELINES_WRITE: Permission = Permission::write("pipelines:write");
/// Read notes.
pub const NOTES_READ: Permission = Permission::read("notes:read");
/// Write, change and delete notes.
pub const NOTES_WRITE: Permission = Permission::write("notes:write");
/// Read conversations and their messages.
pub const CONVERSATIONS_READ: Permission = Permission::read("conversations:read");
