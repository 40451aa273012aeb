//! The result of `wireproof verify` as one JSON document, with its JSON Schema.

use serde::Serialize;

use super::Verification;
use crate::{
    certificate::{
        decision::Decision,
        key::PublicKey,
        nonce::Nonce,
        probe_scope::ModelStanding,
        statement::{Claims, Statement},
        verify::{VerifiedModel, VerifyCheck, VerifyProblem},
    },
    probe::RecipeOrigin,
    report::Schema,
    suite::ModelIdentity,
};

/// The JSON Schema of [`VerifyReport`].
pub(in crate::cli) const VERIFICATION: Schema = Schema {
    name: "verification",
    of: "wireproof verify --json",
    own: include_str!("verification.schema.json"),
    refers: false,
};

/// The JSON result for a bundle.
#[derive(Serialize)]
pub(super) struct VerifyReport<'a> {
    schema: &'static str,
    verified: bool,
    granted: bool,
    signed_by: Vec<String>,
    /// The nonce that the verifier passed.
    nonce: Option<&'a str>,
    problems: &'a [VerifyProblem],
    /// The model of the probes; `None` for profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<ComparedModel<'a>>,
    /// The proof that the suite detects faults; `None` without a valid one.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<ProofReport<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerun: Option<Rerun>,
    /// The number of mutants and constant endpoints in the kill matrix, if producing it again gave the same result.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<usize>,
    profiles: &'a [Decision],
}

/// The model of the probes, compared with the one of the verifier.
#[derive(Serialize)]
struct ComparedModel<'a> {
    service: &'a str,
    source: &'a str,
    version: &'a str,
    digest: &'a str,
    standing: &'static str,
    /// The files that differ.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    differs: &'a [String],
    recipe: &'static str,
}

/// The proof that the suite detects faults.
#[derive(Serialize)]
struct ProofReport<'a> {
    by: &'static str,
    /// The ID of the key that signed the statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    tool: &'a str,
    mutants: usize,
    constant_endpoints: usize,
}

/// The result of rerunning a sample.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Rerun {
    pub(super) seed: u64,
    pub(super) asked: usize,
    pub(super) compared: usize,
}

impl<'a> VerifyReport<'a> {
    pub(super) fn of(verification: &Verification<'a>) -> Self {
        let Verification { verified, keys, nonce, done } = *verification;
        let claims = verified.statement.as_ref().map(|statement: &Statement| &statement.predicate.wireproof);
        let has = |checks: &[VerifyCheck]| verified.problems.iter().any(|problem| checks.contains(&problem.check));
        let is_signed = !has(&[VerifyCheck::Signature, VerifyCheck::Envelope]);
        let has_proof = !has(&[VerifyCheck::Mutants, VerifyCheck::Proof, VerifyCheck::Statement]);
        let model = verified.model.as_ref().zip(claims.and_then(|claims| claims.stated.probes.as_ref()));
        Self {
            schema: "wireproof/verification/v1",
            verified: verified.is_sound(),
            granted: verified.is_granted(),
            signed_by: keys.iter().filter(|_| is_signed).map(PublicKey::id).collect(),
            nonce: nonce.map(Nonce::digits),
            problems: &verified.problems,
            model: model.map(|(model, stated)| ComparedModel::of(model, &stated.model)),
            proof: claims.filter(|_| has_proof).and_then(ProofReport::of),
            rerun: done.rerun,
            proven: done.proven,
            profiles: claims.map(|claims| claims.profiles.as_slice()).unwrap_or_default(),
        }
    }
}

impl<'a> ComparedModel<'a> {
    fn of(model: &'a VerifiedModel, stated: &'a ModelIdentity) -> Self {
        let (standing, differs) = match &model.standing {
            ModelStanding::Same => ("same", [].as_slice()),
            ModelStanding::Differs(files) => ("differs", files.as_slice()),
            ModelStanding::Unknown => ("not-compared", [].as_slice()),
        };
        let recipe = match model.recipe {
            RecipeOrigin::BuiltIn => "built-in",
            RecipeOrigin::Own => "own",
            RecipeOrigin::None => "none",
            RecipeOrigin::Removed => "removed",
        };
        let ModelIdentity { service, source, version, digest } = stated;
        Self { service, source, version, digest, standing, differs, recipe }
    }
}

impl<'a> ProofReport<'a> {
    fn of(claims: &'a Claims) -> Option<Self> {
        let sums = claims.mutants.as_ref()?;
        Some(Self {
            by: if sums.stated_by.is_some() { "statement" } else { "kill-matrix" },
            key: sums.stated_by.as_deref(),
            tool: &claims.stated.tool,
            mutants: sums.mutants,
            constant_endpoints: sums.constant_endpoints,
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::certificate::verify::Verified;
    use crate::cli::verify::DoneAgain;

    fn problems(document: &Value) -> Vec<String> {
        let schema: Value = serde_json::from_str(VERIFICATION.own).unwrap();
        assert!(jsonschema::meta::is_valid(&schema));
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// The document for a bundle without a statement, in which every check found a problem.
    fn document() -> Value {
        let problems = VerifyCheck::ALL.map(|check| VerifyProblem::new(check, "p")).to_vec();
        let verified = Verified { statement: None, problems, model: None, underived: 0 };
        let done = DoneAgain { rerun: Some(Rerun { seed: 1, asked: 2, compared: 2 }), proven: Some(3) };
        let nonce = Nonce::of(&[7; 16]);
        let verification = Verification { verified: &verified, keys: &[], nonce: Some(&nonce), done };
        serde_json::to_value(VerifyReport::of(&verification)).unwrap()
    }

    fn with(member: &str, value: Value) -> Value {
        let mut document = document();
        document[member] = value;
        document
    }

    fn compared(model: &VerifiedModel) -> Value {
        let stated = ModelIdentity::of("sqs", "botocore:sqs@2012-11-05".to_owned(), "2012-11-05", "{}");
        with("model", serde_json::to_value(ComparedModel::of(model, &stated)).unwrap())
    }

    #[rstest]
    #[case::the_same(ModelStanding::Same, "same")]
    #[case::another_one(ModelStanding::Differs(vec!["model.json".to_owned()]), "differs")]
    #[case::nothing_to_compare_with(ModelStanding::Unknown, "not-compared")]
    fn the_standing_of_the_model_fits_the_schema(#[case] standing: ModelStanding, #[case] name: &str) {
        use RecipeOrigin::{BuiltIn, None, Own, Removed};
        for recipe in [BuiltIn, Own, None, Removed] {
            let document = compared(&VerifiedModel { standing: standing.clone(), recipe });
            assert_eq!(problems(&document), Vec::<String>::new());
            assert_eq!(document["model"]["standing"], name);
        }
    }

    #[test]
    fn every_check_and_both_proofs_fit_the_schema() {
        assert_eq!(problems(&document()), Vec::<String>::new());
        let proof = |by, key| ProofReport { by, key, tool: "wireproof 1.0.0", mutants: 1, constant_endpoints: 1 };
        let id = "0".repeat(64);
        for proof in [proof("kill-matrix", None), proof("statement", Some(id.as_str()))] {
            assert_eq!(problems(&with("proof", serde_json::to_value(proof).unwrap())), Vec::<String>::new());
        }
    }

    #[rstest]
    #[case::another_version("schema", json!("wireproof/verification/v9"))]
    #[case::a_short_key("signed_by", json!(["00ff"]))]
    #[case::an_unknown_check("problems", json!([{ "check": "luck", "says": "p" }]))]
    #[case::a_statement_without_its_key("proof", json!({ "by": "statement", "tool": "t", "mutants": 1, "constant_endpoints": 1 }))]
    #[case::a_matrix_with_a_key("proof", json!({ "by": "kill-matrix", "key": "0".repeat(64), "tool": "t", "mutants": 1, "constant_endpoints": 1 }))]
    #[case::another_level("profiles", json!([{ "service": "s", "profile": "p", "granted": "most", "cases": 1, "requirements": 1, "missing": [] }]))]
    #[case::an_unknown_member("more", json!(1))]
    fn the_schema_rejects_other_documents(#[case] member: &str, #[case] value: Value) {
        assert!(!problems(&with(member, value)).is_empty());
    }

    #[test]
    fn a_difference_without_files_does_not_fit_the_schema() {
        let standing = ModelStanding::Differs(vec!["model.json".to_owned()]);
        let mut document = compared(&VerifiedModel { standing, recipe: RecipeOrigin::Own });
        document["model"].as_object_mut().unwrap().remove("differs");
        assert!(!problems(&document).is_empty());
        document["model"]["standing"] = json!("same");
        assert_eq!(problems(&document), Vec::<String>::new());
    }
}
