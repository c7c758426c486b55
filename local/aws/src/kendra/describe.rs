//! `DescribeIndex`.

use std::time::SystemTime;

use local_search::Index;
use serde_json::{Value, json};

use super::{
    attributes::Schema,
    failed,
    settings::{Kendra, UserContext},
    user::{GROUPS_CLAIM, NAME_CLAIM},
};
use crate::reply::Refusal;

/// The index has existed since `began`, as far as this server knows.
pub(super) async fn index(index: &Index, settings: &Kendra, began: SystemTime) -> Result<Value, Refusal> {
    let counts = index.counts().await.map_err(|error| failed(&error))?;
    let schema = Schema::of(index).await?;
    let began = began.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut described = json!({
        "Id": settings.index_id,
        "Name": "local",
        "Edition": "DEVELOPER_EDITION",
        "Status": "ACTIVE",
        "CreatedAt": began,
        "UpdatedAt": began,
        "DocumentMetadataConfigurations": schema.to_json(),
        "IndexStatistics": {
            "FaqStatistics": { "IndexedQuestionAnswersCount": counts.answers },
            "TextDocumentStatistics": {
                "IndexedTextDocumentsCount": counts.documents,
                "IndexedTextBytes": counts.text_bytes,
            },
        },
        "CapacityUnits": { "StorageCapacityUnits": 0, "QueryCapacityUnits": 0 },
        "UserContextPolicy": "ATTRIBUTE_FILTER",
    });
    if settings.user_context == UserContext::UserToken {
        let tokens = json!({
            "KeyLocation": "URL",
            "UserNameAttributeField": NAME_CLAIM,
            "GroupAttributeField": GROUPS_CLAIM,
        });
        described["UserContextPolicy"] = "USER_TOKEN".into();
        described["UserTokenConfigurations"] = json!([{ "JwtTokenTypeConfiguration": tokens }]);
    }
    Ok(described)
}
