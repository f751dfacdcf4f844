//! The ids of this module's records.

atlas_kernel::kinds! {
    /// A person one deals with.
    ContactKind = "contact", ContactId;
    /// A company one deals with.
    CompanyKind = "company", CompanyId;
    /// Something that may be sold.
    DealKind = "deal", DealId;
    /// An ordered list of stages that deals go through.
    PipelineKind = "pipeline", PipelineId;
    /// One stage of a pipeline.
    StageKind = "stage", StageId;
    /// Something a person wrote about a record.
    NoteKind = "note", NoteId;
    /// A talk with a customer, brought by a connector.
    ConversationKind = "conv", ConversationId;
    /// One message, internal note or change of a conversation.
    MessageKind = "msg", MessageId;
    /// A word that groups records.
    TagKind = "tag", TagId;
}
