//! Merging a lead into a user.

use super::{Slot, World, event::Subject, refusal::Refusal};

impl World {
    /// Merges a lead into a user: conversations, tags, companies and notes move, the lead's id lives on as a pointer.
    pub fn merge_contacts(&mut self, from: Slot, into: Slot, skip_check: bool) -> Result<(), Refusal> {
        let (lead, user) = (self.contacts[from as usize].clone(), self.contacts[into as usize].clone());
        if from == into || !lead.lead || user.lead {
            return Err(invalid_merge("Contacts can only be merged from a lead into a user."));
        }
        let same = |a: &Option<String>, b: &Option<String>| {
            a.is_some() && a.as_ref().map(|v| v.to_lowercase()) == b.as_ref().map(|v| v.to_lowercase())
        };
        if !skip_check && !same(&lead.email, &user.email) && !same(&lead.phone, &user.phone) {
            return Err(invalid_merge(
                "Contacts can only be merged when they are duplicates (matching email or phone). Pass skip_duplicate_validation=true to override this check.",
            ));
        }
        self.move_belongings(from, into);
        self.contacts[from as usize].merged_into = Some(into);
        self.forget_contact(from);
        self.touch_contact(into);
        self.emit("contact.merged", Subject::ContactMerged(into, lead.id));
        Ok(())
    }

    fn move_belongings(&mut self, from: Slot, into: Slot) {
        let lead = self.contacts[from as usize].clone();
        for company in lead.companies {
            self.attach(into, company);
        }
        let user = &mut self.contacts[into as usize];
        let carried: Vec<u32> = user.tags.iter().map(|t| t.tag).collect();
        user.tags.extend(lead.tags.iter().filter(|t| !carried.contains(&t.tag)));
        user.notes.extend(&lead.notes);
        user.email = user.email.take().or(lead.email);
        user.phone = user.phone.take().or(lead.phone);
        user.name = user.name.take().or(lead.name);
        user.last_replied_at = user.last_replied_at.max(lead.last_replied_at);
        for note in &user.notes {
            self.notes[*note as usize].about = super::office::About::Contact(into);
        }
        for conversation in &mut self.conversations {
            for contact in &mut conversation.contacts {
                if *contact == from {
                    *contact = into;
                }
            }
        }
    }
}

fn invalid_merge(message: &str) -> Refusal {
    Refusal::Invalid { code: "invalid_merge", message: message.to_owned() }
}
