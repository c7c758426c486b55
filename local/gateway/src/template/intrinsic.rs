//! CloudFormation's functions, evaluated with the parameters' defaults, as a stack on this machine would be.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Error;

pub(crate) const REGION: &str = "us-east-1";
pub(crate) const ACCOUNT: &str = "000000000000";

/// Evaluates parts of a template on demand, so that what nobody needs here may use what nobody can know here.
pub(super) struct Resolver<'a> {
    document: &'a Value,
    parameters: BTreeMap<&'a str, Value>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        let declared = document["Parameters"].as_object().into_iter().flatten();
        let parameters = declared.map(|(name, declaration)| (name.as_str(), default_of(declaration))).collect();
        Self { document, parameters }
    }

    /// With other values of parameters than their defaults.
    pub(super) fn with(mut self, own: &[(&'a str, &str)]) -> Self {
        self.parameters.extend(own.iter().map(|(name, value)| (*name, Value::from(*value))));
        self
    }

    /// The value with every function in it evaluated; null where it is `AWS::NoValue` or there is none.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, Error> {
        Ok(self.evaluate(value)?.unwrap_or(Value::Null))
    }

    /// Whether a resource is part of the stack.
    pub(super) fn exists(&self, resource: &Value) -> Result<bool, Error> {
        resource["Condition"].as_str().map_or(Ok(true), |name| self.condition(name, &[]))
    }

    /// What `!Ref` of a resource gives: the name it has on this machine.
    pub(super) fn name_of(&self, logical_id: &str) -> Result<String, Error> {
        let resource = &self.document["Resources"][logical_id];
        if resource.is_null() {
            return Err(Error::invalid(format!("nothing is called `{logical_id}`")));
        }
        let given = self.resolve(&resource["Properties"]["TableName"])?;
        Ok(given.as_str().unwrap_or(logical_id).to_owned())
    }

    /// `None` stands for `AWS::NoValue`, which removes what it is the value of.
    fn evaluate(&self, value: &Value) -> Result<Option<Value>, Error> {
        if let Some((function, argument)) = function_call(value) {
            return self.call(function, argument);
        }
        Ok(Some(match value {
            Value::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.evaluate(item)).collect();
                Value::Array(items?.into_iter().flatten().collect())
            }
            Value::Object(entries) => {
                let mut resolved = Map::new();
                for (key, entry) in entries {
                    if let Some(entry) = self.evaluate(entry)? {
                        resolved.insert(key.clone(), entry);
                    }
                }
                Value::Object(resolved)
            }
            scalar => scalar.clone(),
        }))
    }

    fn call(&self, function: &str, argument: &Value) -> Result<Option<Value>, Error> {
        let malformed = || Error::invalid(format!("`{function}` cannot take {argument}"));
        if function == "Fn::If" {
            let Some([Value::String(condition), then, otherwise]) = argument.as_array().map(Vec::as_slice) else {
                return Err(malformed());
            };
            return self.evaluate(if self.condition(condition, &[])? { then } else { otherwise });
        }
        if function == "Ref" {
            return self.reference(argument.as_str().ok_or_else(malformed)?);
        }
        if function == "Fn::Sub" {
            return self.substitute(argument).map(Some);
        }

        let argument = self.resolve(argument)?;
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(Some(match (function, arguments) {
            ("Fn::GetAtt", [Value::String(resource), Value::String(attribute)]) => {
                json!(self.attribute(resource, attribute)?)
            }
            ("Fn::Join", [Value::String(separator), Value::Array(items)]) => {
                json!(items.iter().map(text_of).collect::<Result<Vec<_>, _>>()?.join(separator))
            }
            ("Fn::Split", [Value::String(separator), Value::String(text)]) => {
                json!(text.split(separator.as_str()).collect::<Vec<_>>())
            }
            ("Fn::Select", [index, Value::Array(items)]) => {
                let index: usize = text_of(index)?.parse().map_err(|_| malformed())?;
                items.get(index).cloned().ok_or_else(malformed)?
            }
            ("Fn::FindInMap", [Value::String(map), first, second, ..]) => {
                let found = &self.document["Mappings"][map][text_of(first)?][text_of(second)?];
                if found.is_null() {
                    return Err(malformed());
                }
                found.clone()
            }
            _ => {
                return Err(Error::invalid(format!("`{function}` of {argument} has no meaning on this machine")));
            }
        }))
    }

    fn reference(&self, name: &str) -> Result<Option<Value>, Error> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        Ok(Some(json!(match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => "local".to_owned(),
            "AWS::StackId" => format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/local"),
            resource => self.name_of(resource)?,
        })))
    }

    /// Attributes of what does not exist here are named after themselves, which is enough for an identifier.
    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, Error> {
        let name = self.name_of(resource)?;
        let kind = self.document["Resources"][resource]["Type"].as_str().unwrap_or_default();
        Ok(match (kind, attribute) {
            ("AWS::DynamoDB::Table", "Arn") => format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"),
            _ => format!("{name}.{attribute}"),
        })
    }

    /// `${Name}`, `${Resource.Attribute}` and `${!Literal}`.
    fn substitute(&self, argument: &Value) -> Result<Value, Error> {
        let (text, own) = match argument {
            Value::String(text) => (text, Map::new()),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(own)] => (text, own.clone()),
                _ => return Err(Error::invalid(format!("`Fn::Sub` cannot take {argument}"))),
            },
            _ => return Err(Error::invalid(format!("`Fn::Sub` cannot take {argument}"))),
        };
        let mut result = String::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                return Err(Error::invalid(format!("`{text}` has a `${{` without its `}}`")));
            };
            result.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.get(name) {
                result.push_str(&text_of(&self.resolve(value)?)?);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                result.push_str(&self.attribute(resource, attribute)?);
            } else {
                result.push_str(&text_of(&self.reference(name)?.unwrap_or_default())?);
            }
        }
        result.push_str(rest);
        Ok(Value::String(result))
    }

    /// `outer` holds the conditions being evaluated, since one that asks for itself would never end.
    fn condition(&self, name: &str, outer: &[&str]) -> Result<bool, Error> {
        let definition = &self.document["Conditions"][name];
        if definition.is_null() || outer.contains(&name) {
            return Err(Error::invalid(format!("condition `{name}` is not defined, or by itself")));
        }
        self.test(definition, &[outer, &[name]].concat())
    }

    fn test(&self, value: &Value, outer: &[&str]) -> Result<bool, Error> {
        let malformed = || Error::invalid(format!("{value} is no condition"));
        let (function, argument) = function_call(value).ok_or_else(malformed)?;
        if let ("Condition", Some(name)) = (function, argument.as_str()) {
            return self.condition(name, outer);
        }
        let arguments = argument.as_array().ok_or_else(malformed)?;
        match (function, arguments.as_slice()) {
            ("Fn::Equals", [left, right]) => Ok(text_of(&self.resolve(left)?)? == text_of(&self.resolve(right)?)?),
            ("Fn::Not", [inner]) => Ok(!self.test(inner, outer)?),
            ("Fn::And", inner) => inner.iter().try_fold(true, |all, one| Ok(self.test(one, outer)? && all)),
            ("Fn::Or", inner) => inner.iter().try_fold(false, |any, one| Ok(self.test(one, outer)? || any)),
            _ => Err(malformed()),
        }
    }
}

/// Text as CloudFormation makes it of a scalar; a list is joined by commas, as a list parameter is.
pub(super) fn text_of(value: &Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Null => Ok(String::new()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(items) => Ok(items.iter().map(text_of).collect::<Result<Vec<_>, _>>()?.join(",")),
        Value::Object(_) => Err(Error::invalid(format!("{value} is no text"))),
    }
}

/// A parameter without a default is empty here: what needs it says so where it is used.
fn default_of(declaration: &Value) -> Value {
    let default = &declaration["Default"];
    let kind = declaration["Type"].as_str().unwrap_or_default();
    let text = default.as_str().map(str::to_owned).unwrap_or_else(|| match default {
        Value::Null => String::new(),
        other => other.to_string(),
    });
    if kind != "CommaDelimitedList" && !kind.starts_with("List<") {
        return Value::String(text);
    }
    Value::Array(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect())
}

fn function_call(value: &Value) -> Option<(&str, &Value)> {
    let (name, argument) = value.as_object().filter(|object| object.len() == 1)?.iter().next()?;
    let known = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    known.then_some((name.as_str(), argument))
}

#[cfg(test)]
mod tests {
    use super::super::yaml;
    use super::*;

    const TEMPLATE: &str = r#"
Parameters:
  Models: {Type: CommaDelimitedList, Default: "a, b"}
  Origin: {Type: String, Default: ""}
  Days: {Type: Number, Default: 30}
  Pool: {Type: String}
Conditions:
  HasOrigin: !Not [!Equals [!Ref Origin, ""]]
  IsMonth: !Equals [!Ref Days, "30"]
  Both: !And [!Condition HasOrigin, !Condition IsMonth]
  Either: !Or [!Condition HasOrigin, Condition: IsMonth]
  Loop: !Not [!Condition Loop]
Mappings:
  Sizes: {small: {memory: 256}}
Resources:
  Table: {Type: "AWS::DynamoDB::Table", Properties: {}}
  Named: {Type: "AWS::DynamoDB::Table", Properties: {TableName: !Sub "${AWS::StackName}-items"}}
  Absent: {Type: "AWS::SNS::Topic", Condition: HasOrigin}
"#;

    fn resolve(text: &str) -> Result<Value, Error> {
        let document = yaml::parse(TEMPLATE).unwrap();
        Resolver::new(&document).resolve(&yaml::parse(text).unwrap())
    }

    #[test]
    fn every_function_gives_what_cloudformation_gives() {
        for (text, expected) in [
            ("!Ref Models", json!(["a", "b"])),
            ("!Ref Origin", json!("")),
            ("!Ref Days", json!("30")),
            ("!Ref Pool", json!("")),
            ("!Ref Table", json!("Table")),
            ("!Ref Named", json!("local-items")),
            ("!Ref AWS::Region", json!(REGION)),
            ("!GetAtt Named.Arn", json!("arn:aws:dynamodb:us-east-1:000000000000:table/local-items")),
            ("!GetAtt Absent.TopicName", json!("Absent.TopicName")),
            ("!Join ['-', [!Ref Days, 2, x]]", json!("30-2-x")),
            ("!Join [',', !Ref Models]", json!("a,b")),
            ("!Split ['-', 'a-b']", json!(["a", "b"])),
            ("!Select [1, !Ref Models]", json!("b")),
            ("!FindInMap [Sizes, small, memory]", json!(256)),
            ("!Sub '${Days}/${Table}/${Named.Arn}/${!Days}'", {
                json!("30/Table/arn:aws:dynamodb:us-east-1:000000000000:table/local-items/${Days}")
            }),
            ("!Sub ['${a}-${Days}', {a: !Ref Table}]", json!("Table-30")),
            ("!If [HasOrigin, 1, 2]", json!(2)),
            ("!If [IsMonth, 1, 2]", json!(1)),
            ("!If [Both, 1, 2]", json!(2)),
            ("!If [Either, 1, 2]", json!(1)),
            ("{a: !If [HasOrigin, 1, !Ref AWS::NoValue], b: [!Ref AWS::NoValue, 2]}", json!({"b": [2]})),
            ("{Condition: {StringEquals: {a: b}}}", json!({"Condition": {"StringEquals": {"a": "b"}}})),
        ] {
            assert_eq!(resolve(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_known_is_said() {
        for (text, expected) in [
            ("!Ref Nothing", "nothing is called `Nothing`"),
            ("!If [Loop, 1, 2]", "condition `Loop`"),
            ("!If [Nothing, 1, 2]", "condition `Nothing`"),
            ("!ImportValue x", "`Fn::ImportValue` of \"x\" has no meaning"),
            ("!Select [7, [a]]", "`Fn::Select` cannot take"),
            ("!Sub '${Days'", "without its"),
        ] {
            let error = resolve(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn conditions_decide_what_exists() {
        let document = yaml::parse(TEMPLATE).unwrap();
        let resolver = Resolver::new(&document);
        assert!(!resolver.exists(&document["Resources"]["Absent"]).unwrap());
        assert!(resolver.exists(&document["Resources"]["Table"]).unwrap());
    }
}
