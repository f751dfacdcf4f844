//! Conversations, their messages, and the one event of each message on every timeline it belongs to.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use atlas_connect::What;
use atlas_growth::{ContactId, ConversationId};
use atlas_kernel::{EventId, Ref, Timestamp};
use atlas_store::query;
use serde_json::{Value, json};

use super::{Sides, listed, text};

atlas_store::row! {
    struct MessageRow {
        pub source_kind: String,
        pub external_id: String,
        pub at: Timestamp,
        pub side: String,
        pub action: String,
        pub internal: bool,
        pub words: Option<String>,
        pub redacted: bool,
    }
}
type TalkRow = (Option<String>, String, Option<String>, Option<i64>, i64);

impl Sides<'_> {
    pub(super) async fn talks(&mut self) -> Result<()> {
        let (there, behind) = (self.ids("conversations"), self.behind(What::Conversation));
        self.same_set("conversation", &behind.keys().cloned().collect(), &there);
        let rows = self.world.count("SELECT COUNT(*) FROM conversations").await?;
        self.same("number of conversations", &rows, &(there.len() as i64));
        for id in there.iter().filter(|id| behind.contains_key(*id)) {
            self.compared.conversations += 1;
            self.talk(id, &behind[id]).await?;
        }
        self.parts_are_all_there().await?;
        self.events_are_single().await
    }

    async fn talk(&mut self, id: &str, record: &Ref) -> Result<()> {
        let truth = self.read(&format!("/conversations/{id}")).await?;
        let talk: Option<ConversationId> = record.as_id();
        let sql = "SELECT title, state, assignee, stated_parts, message_count FROM conversations WHERE workspace_id = $1 AND id = $2";
        let row: Option<TalkRow> = query(sql).bind(self.world.owner.workspace).bind(talk).first(&self.world.db).await?;
        let Some((title, state, assignee, stated, count)) = row else {
            self.differ(format!("conversation {id} has no record"));
            return Ok(());
        };
        let parts = listed(&truth["conversation_parts"]["conversation_parts"]);
        let nobody = text(&truth["admin_assignee_id"]);
        let nobody = Some(nobody).filter(|id| !id.is_empty() && id != "0");
        self.same(&format!("conversation {id}: state"), &json!(state), &truth["state"]);
        self.same(&format!("conversation {id}: assignee"), &assignee, &nobody);
        self.same(&format!("conversation {id}: stated parts"), &stated, &Some(parts.len() as i64));
        self.same(&format!("conversation {id}: messages counted"), &count, &(parts.len() as i64 + 1));
        if !truth["title"].is_null() {
            self.same(&format!("conversation {id}: title"), &json!(title), &truth["title"]);
        }
        let people = self.people_of(id, talk, &truth).await?;
        self.messages(id, talk, record, &truth, &parts, &people).await
    }

    /// Who takes part and is still there; answers their records.
    async fn people_of(&mut self, id: &str, talk: Option<ConversationId>, truth: &Value) -> Result<Vec<Ref>> {
        let sql = "SELECT external_id, contact_id FROM conversation_people WHERE workspace_id = $1 AND conversation_id = $2";
        let rows: Vec<(String, Option<ContactId>)> = query(sql).bind(self.world.owner.workspace).bind(talk).all(&self.world.db).await?;
        let (there, behind) = (self.ids("contacts"), self.behind(What::Person));
        let ours: BTreeMap<String, Option<Ref>> = rows.into_iter().map(|(id, contact)| (id, contact.map(|c| c.to_ref()))).collect();
        let theirs: Vec<String> = listed(&truth["contacts"]["contacts"]).iter().map(|c| text(&c["id"])).collect();
        let mut records = vec![];
        for person in theirs.iter().filter(|person| there.contains(*person)) {
            let record = behind.get(person).cloned();
            self.same(&format!("conversation {id}: the record of {person}"), &ours.get(person).cloned().flatten(), &record);
            records.extend(record);
        }
        let merged: BTreeSet<String> = listed(&self.truth["mergedContacts"]).iter().map(|pair| text(&pair[0])).collect();
        for left in ours.keys().filter(|person| merged.contains(*person)) {
            self.differ(format!("conversation {id}: {left} was merged and is still named"));
        }
        Ok(records)
    }

    async fn messages(
        &mut self,
        id: &str,
        talk: Option<ConversationId>,
        record: &Ref,
        truth: &Value,
        parts: &[Value],
        people: &[Ref],
    ) -> Result<()> {
        let sql = "SELECT source_kind, external_id, at, side, action, internal, words, redacted FROM messages \
             WHERE workspace_id = $1 AND conversation_id = $2 ORDER BY at, id";
        let rows: Vec<MessageRow> = query(sql).bind(self.world.owner.workspace).bind(talk).all(&self.world.db).await?;
        let mut ours: BTreeMap<(String, String), MessageRow> = BTreeMap::new();
        for row in rows {
            if let Some(twin) = ours.insert((row.source_kind.clone(), row.external_id.clone()), row) {
                self.differ(format!("conversation {id}: message {} {} is there twice", twin.source_kind, twin.external_id));
            }
        }
        let opening = ("conversation".to_owned(), id.to_owned(), &truth["source"]);
        let all = std::iter::once(opening).chain(parts.iter().map(|part| ("conversation_part".to_owned(), text(&part["id"]), part)));
        for (kind, message, said) in all {
            self.compared.messages += 1;
            let Some(row) = ours.remove(&(kind.clone(), message.clone())) else {
                self.differ(format!("conversation {id}: message {kind} {message} is missing"));
                continue;
            };
            self.message(&format!("conversation {id}: message {message}"), &row, &kind, said);
            self.on_timelines(&format!("conversation {id}: message {message}"), &kind, &message, record, people).await?;
        }
        for (kind, message) in ours.keys() {
            self.wrong.push(format!("conversation {id}: message {kind} {message} is not the provider's"));
        }
        Ok(())
    }

    fn message(&mut self, what: &str, row: &MessageRow, kind: &str, said: &Value) {
        let MessageRow { at, side, action, internal, words, redacted, .. } = row;
        let side_there = match said["author"]["type"].as_str() {
            Some("user" | "lead") => "customer",
            Some("admin") => "teammate",
            _ => "bot",
        };
        let gone = said["redacted"] == json!(true);
        let body = said["body"].as_str().filter(|_| !gone).map(atlas_web::ui::plain_text).filter(|words| !words.is_empty());
        self.same(&format!("{what}: side"), &side.as_str(), &side_there);
        self.same(&format!("{what}: redacted"), redacted, &gone);
        self.same(&format!("{what}: words"), words, &body);
        if kind == "conversation_part" {
            self.same(&format!("{what}: action"), &json!(action), &said["part_type"]);
            self.same(&format!("{what}: internal"), internal, &(said["part_type"] == "note"));
            self.same(&format!("{what}: time"), &json!(at.as_second()), &said["created_at"]);
        }
    }

    /// Exactly one event, on the timelines of the conversation and of everybody in it.
    async fn on_timelines(&mut self, what: &str, kind: &str, message: &str, talk: &Ref, people: &[Ref]) -> Result<()> {
        let sql = "SELECT id FROM events WHERE workspace_id = $1 AND connection_id = $2 AND source_kind = $3 AND source_id = $4";
        let events = query(sql).bind(self.world.owner.workspace).bind(self.connection).bind(kind).bind(message);
        let events: Vec<EventId> = events.values(&self.world.db).await?;
        let [event] = events[..] else {
            self.differ(format!("{what}: {} events", events.len()));
            return Ok(());
        };
        let sql = "SELECT subject FROM event_subjects WHERE workspace_id = $1 AND event_id = $2";
        let subjects: Vec<Ref> = query(sql).bind(self.world.owner.workspace).bind(event).values(&self.world.db).await?;
        for record in std::iter::once(talk).chain(people) {
            if !subjects.contains(record) {
                self.differ(format!("{what}: not on the timeline of {record}"));
            }
        }
        Ok(())
    }

    /// The list of all parts, which the conversations themselves must add up to.
    async fn parts_are_all_there(&mut self) -> Result<()> {
        let sql = "SELECT external_id FROM messages WHERE workspace_id = $1 AND connection_id = $2 AND source_kind = 'conversation_part'";
        let rows = query(sql).bind(self.world.owner.workspace).bind(self.connection);
        let rows: Vec<String> = rows.values(&self.world.db).await?;
        let ours: BTreeSet<String> = rows.iter().cloned().collect();
        self.same("parts, each once", &rows.len(), &ours.len());
        let theirs = self.ids("parts");
        self.same_set("part", &ours, &theirs);
        Ok(())
    }

    /// No event of a message but those of messages that are there.
    async fn events_are_single(&mut self) -> Result<()> {
        let events = self.world.count("SELECT COUNT(*) FROM events WHERE operation = 'conversation.message'").await?;
        let messages = self.world.count("SELECT COUNT(*) FROM messages").await?;
        self.same("events of messages", &events, &messages);
        Ok(())
    }
}
