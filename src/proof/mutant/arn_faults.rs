//! ARNs in responses that name another service, Region or account.

use serde_json::{Value, json};

use super::{
    FaultScope, Mutant, MutantFamily, MutantSubject,
    behavior::{Altered, ResponseRule, change_body},
    member_location::MemberLocation,
    sample::SeenMembers,
};
use crate::judge::code::Code;

const KIND: &[Code] = &[Code::EXPECTED_BODY, Code::EVENTUALLY, Code::SIDE_EFFECT, Code::OUTCOME];

/// A name, the part of an ARN by its position between colons, and the wrong value.
const PARTS: [(&str, usize, &str); 3] =
    [("service", 2, "codedeploy"), ("region", 3, "af-south-1"), ("account", 4, "999999999999")];

/// The operations whose ARNs scenarios compare in their own steps.
const OPERATIONS: [&str; 2] = ["CancelServicePipelineDeployment", "GetService"];

pub(super) fn mutants(subject: &MutantSubject<'_>, seen: &SeenMembers) -> Vec<Mutant> {
    if !OPERATIONS.contains(&subject.operation.name.as_str()) {
        return Vec::new();
    }
    let own = seen.members.iter().filter(|location| location.name() == Some("arn") && !location.has_items());
    own.flat_map(|location| PARTS.map(|part| naming(subject, location, part))).collect()
}

fn naming(
    subject: &MutantSubject<'_>,
    location: &MemberLocation,
    (name, position, wrong): (&str, usize, &'static str),
) -> Mutant {
    let (target, at) = (subject.target(), location.clone());
    let says = format!("{location} names another {name}");
    let mutant = subject.mutant(MutantFamily::Arn, &format!("{location}/{name}"), KIND, says, move || {
        let at = at.clone();
        let alter = move |response: &mut _| {
            change_body(response, |body| at.change(body, &mut |value| replace_part(value, position, wrong)));
        };
        Altered { target: target.clone(), responses: ResponseRule::Successes, alter }
    });
    mutant.at(FaultScope::Member(location.clone()))
}

/// Replaces one of the parts between the colons of an ARN.
fn replace_part(arn: &mut Value, position: usize, wrong: &str) {
    let Some(text) = arn.as_str() else { return };
    let parts = text.split(':').enumerate().map(|(index, part)| if index == position { wrong } else { part });
    *arn = json!(parts.collect::<Vec<_>>().join(":"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_of_an_arn_is_replaced() {
        let named = |position, wrong| {
            let mut arn = json!("arn:aws:proton:us-east-1:000000000000:service/a");
            replace_part(&mut arn, position, wrong);
            arn
        };
        let [service, region, account] = PARTS.map(|(_, position, wrong)| named(position, wrong));
        assert_eq!(service, "arn:aws:codedeploy:us-east-1:000000000000:service/a");
        assert_eq!(region, "arn:aws:proton:af-south-1:000000000000:service/a");
        assert_eq!(account, "arn:aws:proton:us-east-1:999999999999:service/a");
    }
}
