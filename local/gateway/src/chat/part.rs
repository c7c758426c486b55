//! The parts of the UI message stream that a terminal shows.

use serde_json::Value;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The session that the turn belongs to.
    Session(String),
    Text(String),
    Error(String),
    Finish,
}

impl Part {
    /// None for parts that a terminal does not show, and for those that a later version may add.
    pub(super) fn parse(data: &str) -> Option<Self> {
        let part: Value = serde_json::from_str(data).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match part["type"].as_str()? {
            "start" => text(&part["messageMetadata"]["session_id"]).map(Self::Session),
            "text-delta" => text(&part["delta"]).map(Self::Text),
            "error" => text(&part["errorText"]).map(Self::Error),
            "finish" => Some(Self::Finish),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_understood_and_the_rest_is_passed_over() {
        for (data, expected) in [
            (
                r#"{"type":"start","messageId":"m","messageMetadata":{"session_id":"s"}}"#,
                Some(Part::Session("s".to_owned())),
            ),
            (r#"{"type":"text-delta","id":"0","delta":" a\n"}"#, Some(Part::Text(" a\n".to_owned()))),
            (r#"{"type":"error","errorText":"throttled: later"}"#, Some(Part::Error("throttled: later".to_owned()))),
            (r#"{"type":"finish","finishReason":"stop"}"#, Some(Part::Finish)),
            (r#"{"type":"start"}"#, None),
            (r#"{"type":"data-usage","data":{}}"#, None),
            ("[DONE]", None),
            ("", None),
        ] {
            assert_eq!(Part::parse(data), expected, "{data}");
        }
    }
}
