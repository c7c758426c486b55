//! The workgroup that is deployed, as it would be with the parameters' defaults.

use super::{
    Error,
    intrinsic::{Resolver, text_of},
    yaml,
};

const STACK: &str = include_str!("../../../../athena.yaml");
const KIND: &str = "AWS::Athena::WorkGroup";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workgroup {
    pub(crate) name: String,
    /// Bytes that a query may scan.
    pub(crate) bytes_scanned_cutoff: Option<u64>,
}

pub(crate) fn read() -> Result<Workgroup, Error> {
    let stack = yaml::parse(STACK)?;
    let resolver = Resolver::new(&stack);
    let mut resources = stack["Resources"].as_object().into_iter().flatten();
    let found = resources.find(|(_, resource)| resource["Type"] == KIND);
    let (_, resource) = found.ok_or_else(|| Error::invalid("athena.yaml declares no workgroup"))?;
    let properties = resolver.resolve(&resource["Properties"])?;
    let cutoff = text_of(&properties["WorkGroupConfiguration"]["BytesScannedCutoffPerQuery"])?;
    let cutoff = match cutoff.as_str() {
        "" => None,
        cutoff => Some(cutoff.parse().map_err(|_| Error::invalid(format!("{cutoff} is no number of bytes")))?),
    };
    Ok(Workgroup { name: text_of(&properties["Name"])?, bytes_scanned_cutoff: cutoff })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployed_workgroup_has_a_name_and_a_limit() {
        let workgroup = Workgroup { name: "local".to_owned(), bytes_scanned_cutoff: Some(1_000_000_000) };
        assert_eq!(read().unwrap(), workgroup);
    }
}
