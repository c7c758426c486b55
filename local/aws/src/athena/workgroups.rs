//! The workgroups: the one of the settings and the one that every account has.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::{refusal, settings::Athena, time};
use crate::reply::Refusal;

pub(super) const PRIMARY: &str = "primary";
pub(super) const ENGINE_VERSION: &str = "Athena engine version 3";
/// The bucket of results; the server's own.
pub(super) const RESULTS: &str = "athena-results";

pub(super) struct Workgroups {
    groups: Vec<Workgroup>,
    began: SystemTime,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Workgroup {
    pub(super) name: String,
    /// Settings of a request count for nothing.
    pub(super) is_enforced: bool,
    /// Bytes.
    pub(super) cutoff: Option<u64>,
}

impl Workgroups {
    pub(super) fn new(settings: &Athena) -> Workgroups {
        let own =
            Workgroup { name: settings.workgroup.clone(), is_enforced: true, cutoff: settings.bytes_scanned_cutoff };
        let mut groups = vec![own];
        if settings.workgroup != PRIMARY {
            groups.push(Workgroup { name: PRIMARY.to_owned(), is_enforced: false, cutoff: None });
        }
        Workgroups { groups, began: SystemTime::now() }
    }

    /// `primary` where none is named.
    pub(super) fn find(&self, name: Option<&str>) -> Result<&Workgroup, Refusal> {
        let name = name.unwrap_or(PRIMARY);
        let found = self.groups.iter().find(|group| group.name == name);
        found.ok_or_else(|| refusal::invalid(format!("WorkGroup {name} is not found.")))
    }

    /// `GetWorkGroup`.
    pub(super) fn describe(&self, name: &str) -> Result<Value, Refusal> {
        let group = self.find(Some(name))?;
        let mut configuration = json!({
            "ResultConfiguration": { "OutputLocation": format!("s3://{RESULTS}/") },
            "EnforceWorkGroupConfiguration": group.is_enforced,
            "PublishCloudWatchMetricsEnabled": false,
            "RequesterPaysEnabled": false,
            "EngineVersion": engine_version(),
        });
        if let Some(cutoff) = group.cutoff {
            configuration["BytesScannedCutoffPerQuery"] = cutoff.into();
        }
        let described = json!({
            "Name": group.name,
            "State": "ENABLED",
            "Configuration": configuration,
            "CreationTime": time(self.began),
        });
        Ok(json!({ "WorkGroup": described }))
    }
}

pub(super) fn engine_version() -> Value {
    json!({ "SelectedEngineVersion": ENGINE_VERSION, "EffectiveEngineVersion": ENGINE_VERSION })
}
