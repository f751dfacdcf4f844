//! Tasks from notes, and that Atlas itself is at rest and says so.

use std::collections::BTreeMap;

use anyhow::Result;
use atlas_connect::ConnectionState;
use atlas_kernel::Error;
use atlas_store::query;
use atlas_work::TaskId;
use serde_json::json;

use super::{Sides, listed, text};

impl Sides<'_> {
    /// One task for each note that asks for one; none for any other, and none of a note that nobody can read any more but was.
    pub(super) async fn tasks(&mut self) -> Result<()> {
        let sql = "SELECT n.external_id, n.task_id, t.title FROM work_note_tasks n \
             LEFT JOIN work_tasks t ON t.workspace_id = n.workspace_id AND t.id = n.task_id WHERE n.workspace_id = $1 AND n.connection_id = $2";
        let rows = query(sql).bind(self.world.owner.workspace).bind(self.connection);
        let rows: Vec<(Option<String>, TaskId, Option<String>)> = rows.all(&self.world.db).await?;
        let mut made: BTreeMap<String, Vec<(TaskId, Option<String>)>> = BTreeMap::new();
        for (note, task, title) in rows {
            made.entry(note.unwrap_or_default()).or_default().push((task, title));
        }
        for (note, tasks) in &made {
            if tasks.len() != 1 {
                self.wrong.push(format!("note {note} has {} tasks", tasks.len()));
            }
        }
        for (note, title) in self.asked().await? {
            self.compared.tasks += 1;
            let Some((task, shown)) = made.get(&note).and_then(|tasks| tasks.first()).cloned() else {
                self.differ(format!("note {note} asks for a task and has none"));
                continue;
            };
            let title = self.edits.tasks.get(&task.to_string()).cloned().unwrap_or(title);
            self.same(&format!("the task of note {note}"), &shown, &Some(title));
        }
        let all = self.world.count("SELECT COUNT(*) FROM work_tasks").await?;
        self.same("number of tasks", &all, &(made.values().map(Vec::len).sum::<usize>() as i64));
        Ok(())
    }

    /// Notes that ask for a task and can be read, each with the title it asks for.
    async fn asked(&self) -> Result<Vec<(String, String)>> {
        let mut asked = vec![];
        for id in self.ids("conversations") {
            let truth = self.read(&format!("/conversations/{id}")).await?;
            for part in listed(&truth["conversation_parts"]["conversation_parts"]) {
                let words = part["body"].as_str().map(atlas_web::ui::plain_text).unwrap_or_default();
                let title = words.strip_prefix("/task ").filter(|_| part["part_type"] == "note" && part["redacted"] != json!(true));
                asked.extend(title.map(|title| (text(&part["id"]), title.trim().to_owned())));
            }
        }
        Ok(asked)
    }

    /// Connected, complete, and nothing left to do.
    pub(super) async fn at_rest(&mut self) -> Result<()> {
        let view = self.world.view().await?;
        self.same("state of the connection", &view.state, &ConnectionState::Connected);
        self.same("parts stored", &view.completeness.stored, &view.completeness.stated);
        self.same("objects that could not be read", &view.completeness.unreadable, &0);
        for (what, sql) in [
            ("signals that wait", "SELECT COUNT(*) FROM connect_signals"),
            ("objects held back", "SELECT COUNT(*) FROM connect_versions WHERE state = 'held'"),
            ("syncs that have not ended", "SELECT COUNT(*) FROM connect_syncs WHERE ended_at IS NULL"),
        ] {
            let count = self.world.count(sql).await?;
            self.same(what, &count, &0);
        }
        for (kind, _, error) in self.world.jobs().await?.into_iter().filter(|(_, status, _)| status == "dead") {
            self.differ(format!("a dead letter of {kind}: {}", error.unwrap_or_default()));
        }
        Ok(())
    }

    /// The raw log through the same functions again gives the records that are there.
    pub(super) async fn replay_changes_nothing(&mut self) -> Result<()> {
        let before = self.records().await?;
        if let Err(error) = self.world.conns.replay(&self.world.owner, "intercom").await {
            self.wrong.push(format!("the raw log cannot be replayed: {}", Error::code(&error)));
        }
        let after = self.records().await?;
        self.same("number of records after a replay of the raw log", &after.len(), &before.len());
        for (before, after) in before.iter().zip(&after).filter(|(before, after)| before != after) {
            self.wrong.push(format!("a replay of the raw log changed {before} to {after}"));
        }
        Ok(())
    }

    /// What Growth has, a line each.
    async fn records(&self) -> Result<Vec<String>> {
        let mut all = vec![];
        for sql in [
            "SELECT id, name || emails || phones || status || provided FROM contacts ORDER BY id",
            "SELECT id, name || status || provided FROM companies ORDER BY id",
            "SELECT id, state || message_count FROM conversations ORDER BY id",
            "SELECT id, external_id || action || COALESCE(words, '') FROM messages ORDER BY id",
            "SELECT id, title || status FROM work_tasks ORDER BY id",
        ] {
            let rows: Vec<(uuid::Uuid, String)> = query(sql).all(&self.world.db).await?;
            all.extend(rows.into_iter().map(|(id, row)| format!("{id} {row}")));
        }
        Ok(all)
    }
}
