//! Contacts and companies.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use atlas_connect::What;
use atlas_growth::{CompanyId, ContactId, ProvidedBy};
use atlas_kernel::Ref;
use atlas_store::query;
use serde_json::{Value, json};

use super::{Sides, listed, text};

atlas_store::row! {
    struct ContactRow {
        pub name: String,
        pub emails: Value,
        pub phones: Value,
        pub own_id: Option<String>,
        pub lead: bool,
        pub status: String,
        pub provenance: Value,
        pub provided: Value,
    }
}
atlas_store::row! {
    struct CompanyRow {
        pub name: String,
        pub website: Option<String>,
        pub industry: Option<String>,
        pub size: Option<i64>,
        pub plan: Option<String>,
        pub own_id: Option<String>,
        pub status: String,
    }
}

impl Sides<'_> {
    pub(super) async fn people(&mut self) -> Result<()> {
        let (there, archived) = (self.ids("contacts"), self.ids("archivedContacts"));
        let behind = self.behind(What::Person);
        // Whoever is put away at the provider vanishes from its lists, and may or may not have been seen before.
        let known: BTreeSet<String> = behind.keys().filter(|id| there.contains(*id) || !archived.contains(*id)).cloned().collect();
        self.same_set("contact", &known, &there);
        let mut shared: BTreeMap<&Ref, usize> = BTreeMap::new();
        behind.values().for_each(|record| *shared.entry(record).or_default() += 1);
        for id in there.iter().filter(|id| behind.contains_key(*id)) {
            let record = &behind[id];
            self.compared.contacts += 1;
            if shared[record] == 1 {
                self.person(id, record).await?;
            }
        }
        let mine = "SELECT id FROM contacts WHERE workspace_id = $1 AND origin = 'intercom' AND status = 'active'";
        let mine: Vec<ContactId> = query(mine).bind(self.world.owner.workspace).values(&self.world.db).await?;
        for id in mine.into_iter().filter(|id| !shared.contains_key(&id.to_ref())) {
            self.differ(format!("contact record {id} has nobody behind it at the provider"));
        }
        Ok(())
    }

    async fn person(&mut self, id: &str, record: &Ref) -> Result<()> {
        let truth = self.read(&format!("/contacts/{id}")).await?;
        let contact: Option<ContactId> = record.as_id();
        let sql =
            "SELECT name, emails, phones, own_id, lead, status, provenance, provided FROM contacts WHERE workspace_id = $1 AND id = $2";
        let row: Option<ContactRow> = query(sql).bind(self.world.owner.workspace).bind(contact).first(&self.world.db).await?;
        let Some(ContactRow { name, emails, phones, own_id, lead, status, provenance, provided }) = row else {
            self.differ(format!("contact {id} has no record"));
            return Ok(());
        };
        let provided: ProvidedBy = serde_json::from_value(provided)?;
        let said = provided.of(self.connection).cloned().unwrap_or_default();
        let is_user = truth["role"] == "user";
        let fields = [
            ("name", json!(name), truth["name"].clone()),
            ("emails", emails, json!([truth["email"]])),
            ("phones", phones, json!([truth["phone"]])),
            ("externalId", json!(own_id), if is_user { truth["external_id"].clone() } else { Value::Null }),
            ("lead", json!(lead), json!(!is_user)),
            ("archived", json!(status != "active"), json!(false)),
        ];
        for (field, ours, theirs) in fields {
            // What the provider does not say, or takes back, blanks nothing.
            if theirs.is_null() || theirs == json!([null]) {
                continue;
            }
            let kept = said.values.get(field).map_or(Value::Null, |stated| stated.value.clone());
            self.same(&format!("contact {id}: {field} as the provider said it"), &kept, &theirs);
            let by_person = provenance[field]["by"].as_str().is_some_and(|by| by.starts_with("user_"));
            if !by_person {
                self.same(&format!("contact {id}: {field}"), &ours, &theirs);
            }
        }
        let named = contact.and_then(|id| self.edits.contacts.get(&id.to_string()).cloned());
        if let Some(named) = named {
            self.same(&format!("contact {id}: the name that a person gave"), &name, &named);
        }
        self.company_ids(id, contact, &truth).await?;
        self.tag_names(&format!("contact {id}"), record, &truth["tags"]["data"]).await
    }

    async fn company_ids(&mut self, id: &str, contact: Option<ContactId>, truth: &Value) -> Result<()> {
        let sql = "SELECT claim, company_id FROM contact_companies WHERE workspace_id = $1 AND contact_id = $2 AND writer <> 'person'";
        let rows: Vec<(String, Option<CompanyId>)> = query(sql).bind(self.world.owner.workspace).bind(contact).all(&self.world.db).await?;
        let theirs: BTreeSet<String> = listed(&truth["companies"]["data"]).iter().map(|c| text(&c["id"])).collect();
        self.same_set(&format!("contact {id}: company"), &rows.iter().map(|(claim, _)| claim.clone()).collect(), &theirs);
        let behind = self.behind(What::Company);
        for (claim, company) in rows {
            self.same(&format!("contact {id}: the record of company {claim}"), &company.map(|c| c.to_ref()), &behind.get(&claim).cloned());
        }
        Ok(())
    }

    async fn tag_names(&mut self, of: &str, record: &Ref, truth: &Value) -> Result<()> {
        let sql = "SELECT t.name FROM record_tags r JOIN tags t ON t.workspace_id = r.workspace_id AND t.id = r.tag_id \
             WHERE r.workspace_id = $1 AND r.record = $2 AND r.writer <> 'person'";
        let ours: Vec<String> = query(sql).bind(self.world.owner.workspace).bind(record).values(&self.world.db).await?;
        let theirs = listed(truth).iter().filter_map(|tag| self.tags.get(&text(&tag["id"])).cloned()).collect();
        self.same_set(&format!("{of}: tag"), &ours.into_iter().collect(), &theirs);
        Ok(())
    }

    pub(super) async fn companies(&mut self) -> Result<()> {
        let (there, behind) = (self.ids("companies"), self.behind(What::Company));
        self.same_set("company", &behind.keys().cloned().collect(), &there);
        for id in there.iter().filter(|id| behind.contains_key(*id)) {
            self.compared.companies += 1;
            self.company(id, &behind[id]).await?;
        }
        Ok(())
    }

    async fn company(&mut self, id: &str, record: &Ref) -> Result<()> {
        let truth = self.read(&format!("/companies/{id}")).await?;
        let company: Option<CompanyId> = record.as_id();
        let sql = "SELECT name, website, industry, size, plan, own_id, status FROM companies WHERE workspace_id = $1 AND id = $2";
        let row: Option<CompanyRow> = query(sql).bind(self.world.owner.workspace).bind(company).first(&self.world.db).await?;
        let Some(CompanyRow { name, website, industry, size, plan, own_id, status }) = row else {
            self.differ(format!("company {id} has no record"));
            return Ok(());
        };
        let fields = [
            ("name", json!(name), truth["name"].clone()),
            ("website", json!(website), truth["website"].clone()),
            ("industry", json!(industry), truth["industry"].clone()),
            ("size", json!(size), truth["size"].clone()),
            ("plan", json!(plan), truth["plan"]["name"].clone()),
            ("externalId", json!(own_id), truth["company_id"].clone()),
            ("status", json!(status), json!("active")),
        ];
        for (field, ours, theirs) in fields.into_iter().filter(|(_, _, theirs)| !theirs.is_null()) {
            self.same(&format!("company {id}: {field}"), &ours, &theirs);
        }
        self.tag_names(&format!("company {id}"), record, &truth["tags"]["tags"]).await
    }
}
