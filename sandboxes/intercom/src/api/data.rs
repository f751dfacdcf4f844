//! `/data_attributes`, `/segments` and `/subscription_types`: what the workspace is configured with.

use serde_json::json as object;

use super::{
    Answer,
    body::Params,
    call::{Call, READ_FIRMS, json},
    error::ApiError,
};

/// Attributes the generated data uses: model, name, label, type, whether custom.
const ATTRIBUTES: [(&str, &str, &str, &str, bool); 14] = [
    ("contact", "email", "Email", "string", false),
    ("contact", "name", "Name", "string", false),
    ("contact", "phone", "Phone", "string", false),
    ("contact", "external_id", "User ID", "string", false),
    ("contact", "created_at", "Created at", "date", false),
    ("contact", "updated_at", "Updated at", "date", false),
    ("contact", "plan_tier", "Plan tier", "string", true),
    ("contact", "seats", "Seats", "integer", true),
    ("contact", "renewal_note", "Renewal note", "string", true),
    ("company", "name", "Company name", "string", false),
    ("company", "company_id", "Company ID", "string", false),
    ("company", "monthly_spend", "Monthly spend", "integer", false),
    ("company", "region_code", "Region code", "string", true),
    ("company", "seats", "Seats", "integer", true),
];

/// `GET /data_attributes?model=contact|company`.
pub async fn attributes(call: Call, params: Params) -> Answer {
    call.needs(READ_FIRMS)?;
    let model = params.get("model");
    if model.is_some_and(|m| !matches!(m, "contact" | "company" | "conversation")) {
        return Err(ApiError::invalid("model must be contact or company"));
    }
    let wanted = ATTRIBUTES.iter().zip(12_870..).filter(|(a, _)| model.is_none_or(|m| m == a.0));
    let data: Vec<_> = wanted
        .map(|(&(model, name, label, kind, custom), id)| {
            let full_name = if custom { format!("custom_attributes.{name}") } else { name.to_owned() };
            let mut attribute = object!({
                "type": "data_attribute", "model": model, "name": name, "full_name": full_name, "label": label, "description": "",
                "data_type": kind, "api_writable": true, "ui_writable": custom, "custom": custom, "archived": false,
                "messenger_writable": false,
            });
            if custom {
                attribute["id"] = object!(id);
            }
            attribute
        })
        .collect();
    Ok(json(&object!({ "type": "list", "data": data })))
}

/// `GET /segments` and `GET /companies/{id}/segments`: there are none.
pub async fn segments(call: Call) -> Answer {
    call.needs(READ_FIRMS)?;
    Ok(json(&object!({ "type": "segment.list", "segments": [] })))
}

/// `GET /subscription_types`: there are none.
pub async fn subscription_types(call: Call) -> Answer {
    call.needs(READ_FIRMS)?;
    Ok(json(&object!({ "type": "list", "data": [] })))
}
