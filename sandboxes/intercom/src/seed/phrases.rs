//! The words of generated conversations: topics, sentences and how a body is put together.

use super::{
    WORDS,
    history::{Beat, History},
};
use crate::random::Random;
use crate::world::{World, part::Author};

/// What a conversation is about, with the sentences each side says.
#[derive(Debug)]
pub struct Topic {
    pub subject: &'static str,
    pub openings: &'static [&'static str],
    pub customer: &'static [&'static str],
    pub admin: &'static [&'static str],
    pub notes: &'static [&'static str],
}

/// The topics; `History::topic` is a position here.
pub const TOPICS: [Topic; 8] = [
    Topic {
        subject: "Checkout fails at the last step",
        openings: &[
            "Checkout shows an error when I press Pay.",
            "I cannot finish order {order}, the page just reloads.",
            "Die Bezahlung bricht immer ab, was kann ich tun?",
        ],
        customer: &[
            "It still fails for order {order}.",
            "Same message in another browser.",
            "Now it says the card was declined, but the bank says it is fine.",
            "It worked with the other card, thank you.",
        ],
        admin: &[
            "Thanks {name}, we are looking at it now.",
            "Could you send the exact text of the error?",
            "A fix is on its way. Order {order} is kept until {day}.",
            "I can see two attempts, only one was charged: {amount}.",
        ],
        notes: &[
            "Payment provider had an incident this morning, see the status page.",
            "Order {order} is stuck in <b>pending</b>; release it after the fix.",
            "Refund {amount} if it is charged twice.",
        ],
    },
    Topic {
        subject: "Question about our invoice",
        openings: &[
            "The last invoice is {amount} higher than agreed.",
            "We need the invoice with our new address on it.",
            "Pouvez-vous renvoyer la facture de {day} ?",
        ],
        customer: &[
            "Our purchase order number is {order}.",
            "The VAT number has changed as well.",
            "Can we pay by bank transfer?",
            "That is clear now, thanks.",
        ],
        admin: &[
            "I have corrected the address and sent the invoice again.",
            "The difference of {amount} is for the seats added on {day}.",
            "Yes, bank transfer works: the details are on page two.",
            "I will check with finance and come back on {day}.",
        ],
        notes: &[
            "Finance agreed to a credit note of {amount}.",
            "Long-standing customer, be generous.",
            "Follow up with billing before {day}.",
        ],
    },
    Topic {
        subject: "Export to spreadsheet",
        openings: &[
            "Is there a way to export all tasks with their comments?",
            "The export stops at 5,000 rows.",
            "Our export has broken umlauts: Ã¼ instead of ü.",
        ],
        customer: &[
            "We need it by {day} for the audit.",
            "CSV would be enough.",
            "I tried that, the file is empty.",
            "Perfect, the file opens now 🎉",
        ],
        admin: &[
            "You find it under Settings, then Data. It takes a few minutes.",
            "Open the file as UTF-8 and the letters will be right.",
            "The limit is lifted for your workspace until {day}.",
            "Here is a guide: <a href=\"https://help.harbourlane.example/export\">exporting data</a>.",
        ],
        notes: &["Raised the export limit by hand, put it back after {day}.", "Third request this month, link it to the export project."],
    },
    Topic {
        subject: "Single sign-on setup",
        openings: &[
            "We want to turn on single sign-on for 300 people.",
            "After the certificate change nobody can sign in.",
            "シングルサインオンの設定について質問があります。",
        ],
        customer: &[
            "The metadata is attached in the ticket {order}.",
            "Our identity team asks for the entity id.",
            "One person still sees the old sign-in page.",
            "It works for everybody now.",
        ],
        admin: &[
            "<p>Please check these three things:</p><ul><li>the entity id</li><li>the reply URL</li><li>the clock of your server</li></ul>",
            "I have uploaded the new certificate, could you try again?",
            "A call on {day} would be quickest. Does that suit you?",
            "Glad it works. I close this on {day} if nothing else comes up.",
        ],
        notes: &["Security review needed before they may go live.", "Their contact for identity is on holiday until {day}."],
    },
    Topic {
        subject: "Delivery has not arrived",
        openings: &[
            "Order {order} should have been here on {day}.",
            "The parcel was delivered to the wrong address.",
            "Two of five boxes arrived, where is the rest?",
        ],
        customer: &[
            "The tracking page has not changed since {day}.",
            "The neighbour does not have it either.",
            "We need at least one box before the weekend.",
            "It has arrived, a bit wet but fine.",
        ],
        admin: &[
            "The carrier says it is on the van today.",
            "I am sorry about this, {name}. A replacement leaves on {day}.",
            "Could you confirm the address on order {order}?",
            "I have refunded the delivery costs of {amount}.",
        ],
        notes: &[
            "Carrier lost it; claim number is {order}.",
            "Send the replacement by express, cost centre 4410.",
            "Warehouse confirms three boxes left on {day}.",
        ],
    },
    Topic {
        subject: "Demo and prices",
        openings: &[
            "We are 40 people and look for something calmer than what we have. What would it cost?",
            "Can we see a demo next week?",
            "Hello, do you have prices for schools?",
        ],
        customer: &[
            "{day} at 15:00 would be good.",
            "Does the price include support?",
            "We compare three products until {day}.",
            "Thank you, the board said yes.",
        ],
        admin: &[
            "Happy to show you around, {name}. Does {day} suit you?",
            "For 40 people it is {amount} a month, support included.",
            "I have sent the offer by e-mail.",
            "Schools pay half.",
        ],
        notes: &[
            "Deal is worth about {amount} a year.",
            "Send the offer, then call on {day}.",
            "Competitor offered 20 % less; talk to Léonie.",
        ],
    },
    Topic {
        subject: "Mobile app signs me out",
        openings: &[
            "The app signs me out every morning.",
            "Since the update I do not get notifications.",
            "App stürzt beim Öffnen eines Links ab (Version 4.2).",
        ],
        customer: &["Android 16, version 4.2.1.", "Reinstalling did not help.", "It happens only on Wi-Fi.", "The beta fixes it. Thanks!"],
        admin: &[
            "Which phone and version is it?",
            "We could reproduce it, a fix comes with 4.2.2 on {day}.",
            "You can join the beta if you do not want to wait.",
            "Please send the log from Help, then Send report: <code>atlas://log</code>",
        ],
        notes: &["Known issue, token refresh on sleep.", "Add to the list of people to tell when 4.2.2 is out."],
    },
    Topic {
        subject: "Deleting our data",
        openings: &[
            "Please confirm which of our data you keep and for how long.",
            "We want to delete a former employee's account.",
            "How do we get a copy of everything before we leave?",
        ],
        customer: &[
            "Our data protection officer asks for it in writing.",
            "The account is the one with order {order}.",
            "By {day}, if that is possible.",
        ],
        admin: &[
            "I have started the deletion, it finishes on {day}.",
            "Everything is kept for 30 days and then removed.",
            "The copy is ready in Settings, then Data.",
        ],
        notes: &["Legal wants to see the answer before it goes out.", "Deletion request, deadline {day}."],
    },
];

const BOT: [&str; 3] = [
    "Thanks for writing. The team usually answers within two hours.",
    "While you wait, these articles may help.",
    "You are out of our office hours; we come back to you tomorrow morning.",
];
const CLOSINGS: [&str; 3] = ["Closing this now. Reply to reopen.", "I am glad that is sorted, {name}.", "Closed for now; write any time."];
const OUTBOUND: [&str; 2] =
    ["Hello {name}, how did the first weeks go?", "Hello {name}, your plan renews on {day}. Is everything as you need it?"];
const DAYS: [&str; 6] = ["Monday", "Tuesday", "Thursday", "Friday", "3 May", "the 21st"];

/// Subject and body of the opening message.
pub fn opening(world: &World, history: &History, by_admin: bool) -> (String, String) {
    let mut random = Random::new(world.seed, WORDS ^ u64::from(history.number) << 8);
    let topic = &TOPICS[history.topic as usize];
    let sentence = if by_admin { random.pick(&OUTBOUND) } else { random.pick(topic.openings) };
    (topic.subject.to_owned(), paragraph(&fill(history, &mut random, sentence)))
}

/// Body of one generated part.
pub fn body(world: &World, history: &History, beat: &Beat, part: u64) -> String {
    let mut random = Random::new(world.seed, WORDS + part);
    let topic = &TOPICS[history.topic as usize];
    let sentences: &[&str] = match (beat.kind, beat.author) {
        ("note", _) => topic.notes,
        ("close", _) => &CLOSINGS,
        (_, Author::Contact(_)) => topic.customer,
        (_, Author::Admin(_)) => topic.admin,
        (_, Author::Bot) => &BOT,
    };
    let first = *random.pick(sentences);
    let mut text = paragraph(&fill(history, &mut random, first));
    if random.chance(0.12) {
        let more = *random.pick(sentences);
        text.push_str(&paragraph(&fill(history, &mut random, more)));
    }
    text
}

fn paragraph(text: &str) -> String {
    if text.starts_with("<p>") { text.to_owned() } else { format!("<p>{text}</p>") }
}

fn fill(history: &History, random: &mut Random, sentence: &str) -> String {
    if !sentence.contains('{') {
        return sentence.to_owned();
    }
    let amount = format!("€{}.{:02}", random.between(9, 4800), random.below(100));
    sentence
        .replace("{order}", &random.between(4000, 9999).to_string())
        .replace("{day}", DAYS[random.below(DAYS.len() as u64) as usize])
        .replace("{amount}", &amount)
        .replace("{name}", &history.name)
}
