//! Why the workspace refuses a change, in its own words; the API layer turns them into the provider's errors.

/// A refusal; each variant has its own answer in the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoContact,
    NoCompany,
    NoConversation,
    DeletedConversation,
    NoTag,
    NoAdmin,
    NoNote,
    NoPart,
    /// The contact lives on under this id.
    Merged(String),
    /// A contact with those details exists: its id, and whether it is archived.
    Duplicate {
        id: String,
        archived: bool,
    },
    /// The contact is already attached to the most companies allowed.
    TooManyCompanies,
    /// Anything else that is wrong with the input: the provider's code and text.
    Invalid {
        code: &'static str,
        message: String,
    },
}

impl Refusal {
    /// A `parameter_invalid` refusal.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid { code: "parameter_invalid", message: message.into() }
    }
}
