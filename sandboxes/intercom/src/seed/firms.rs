//! Founds the companies.

use serde_json::json;

use super::{FIRMS, IDS, SPAN, names};
use crate::options::Options;
use crate::random::Random;
use crate::world::{World, company::Company};

const PLANS: [(&str, i64); 4] = [("Free", 0), ("Starter", 79), ("Growth", 480), ("Enterprise", 2400)];

/// Fills the table of companies; who works there is decided with the people.
pub fn found(world: &mut World, options: &Options) {
    let now = world.now();
    let mut random = Random::new(options.seed, FIRMS);
    for number in 0..options.companies {
        let company = company(&mut random, options.seed, number, now);
        world.company_by_id.insert(company.id.clone(), number);
        if let Some(key) = &company.company_id {
            world.company_by_company_id.insert(key.clone(), number);
        }
        world.companies.push(company);
    }
}

fn company(random: &mut Random, seed: u64, number: u32, now: i64) -> Company {
    let (firsts, seconds) = (names::FIRM_FIRST.len() as u32, names::FIRM_SECOND.len() as u32);
    let (second, industry) = names::FIRM_SECOND[((number / firsts + 5 * number) % seconds) as usize];
    let mut name = format!("{} {second}", names::FIRM_FIRST[((7 * number) % firsts) as usize]);
    let round = number / (firsts * seconds);
    if round > 0 {
        name = format!("{name} {}", round + 1);
    }
    if number == 3 {
        name = "Amalgamated Upland, Saltmarsh & Westering Provident Building and Textile Society (Holdings)".to_owned();
    }
    let created_at = now - SPAN + random.below(SPAN as u64 / 2) as i64;
    let updated_at = created_at + random.below((now - created_at) as u64) as i64;
    let (plan, spend) = random.pick(&PLANS);
    let regions = ["IE", "DE", "SE", "US", "BR"];
    let seats = random.between(2, 400);
    let custom = json!({ "region_code": random.pick(&regions), "seats": seats });
    Company {
        id: Random::new(seed, IDS + (1 << 31) + u64::from(number)).hex(24),
        company_id: Some(format!("crm-acct-{}", 1000 + number)),
        website: Some(format!("https://{}.example", names::ascii(&name))),
        name: Some(name),
        plan: random.chance(0.8).then(|| (*plan).to_owned()),
        size: random.chance(0.7).then(|| random.between(2, 4000) as i64),
        industry: Some(industry.to_owned()),
        remote_created_at: Some(created_at - random.below(90 * 86_400) as i64),
        created_at,
        updated_at,
        last_request_at: updated_at,
        monthly_spend: *spend,
        session_count: random.below(900) as i64,
        custom: custom.as_object().cloned().unwrap_or_default(),
        tags: if random.chance(0.2) { vec![random.below(names::TAGS.len() as u64) as u32] } else { Vec::new() },
        deleted: false,
    }
}
