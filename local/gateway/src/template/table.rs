//! `AWS::DynamoDB::Table` as the `CreateTable` request that makes the same table.

use local_aws::Table;
use serde_json::{Map, Value, json};

use super::{Error, intrinsic::Resolver};

pub(super) const KIND: &str = "AWS::DynamoDB::Table";

/// Properties that CloudFormation hands to `CreateTable` as they are. The others protect data (backups, encryption,
/// deletion protection), which has no counterpart here.
const REQUEST: [&str; 6] = [
    "AttributeDefinitions",
    "KeySchema",
    "BillingMode",
    "ProvisionedThroughput",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
];

pub(super) fn read(resolver: &Resolver<'_>, name: &str, resource: &Value) -> Result<Table, Error> {
    let properties = &resource["Properties"];
    let mut create = Map::from_iter([("TableName".to_owned(), json!(resolver.name_of(name)?))]);
    for property in REQUEST {
        let value = resolver.resolve(&properties[property])?;
        if !value.is_null() {
            create.insert(property.to_owned(), value);
        }
    }
    let expiry = resolver.resolve(&properties["TimeToLiveSpecification"])?;
    let enabled = expiry["Enabled"] == json!(true) || expiry["Enabled"] == json!("true");
    let ttl_attribute = expiry["AttributeName"].as_str().filter(|_| enabled).map(str::to_owned);
    Ok(Table { create: Value::Object(create), ttl_attribute })
}

#[cfg(test)]
mod tests {
    use super::{super::yaml, *};

    #[test]
    fn a_table_is_created_as_declared() {
        let document = yaml::parse(
            r#"
Parameters: {Protect: {Type: String, Default: "false"}}
Resources:
  Conversations:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      DeletionProtectionEnabled: !Ref Protect
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
"#,
        )
        .unwrap();
        let table = read(&Resolver::new(&document), "Conversations", &document["Resources"]["Conversations"]).unwrap();
        assert_eq!(table.ttl_attribute.as_deref(), Some("expires_at"));
        assert_eq!(
            table.create,
            json!({
                "TableName": "Conversations",
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            })
        );
    }
}
