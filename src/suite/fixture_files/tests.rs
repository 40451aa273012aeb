use std::fs;

use super::*;

#[test]
fn both_bundled_services_are_compiled_in() {
    let files = FixtureFiles::bundled_fixtures();
    assert!(files.get("codedeploy/model.json").is_some() && files.get("proton/requirements.yaml").is_some());
}

#[test]
fn a_file_with_the_other_extension_of_yaml_is_an_error_and_not_ignored() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.yml"), "x").unwrap();
    let error = FixtureFiles::folder(dir.path()).unwrap_err().to_string();
    assert!(error.ends_with("a.yml has the extension .yml\nhelp: rename it to .yaml"), "{error}");
}

#[test]
fn a_folder_gives_its_fixtures_by_relative_path() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("s/op")).unwrap();
    fs::write(dir.path().join("s/op/a.yaml"), "x").unwrap();
    fs::write(dir.path().join("s/op/notes.txt"), "x").unwrap();
    let files = FixtureFiles::folder(dir.path()).unwrap();
    assert_eq!(files.iter().map(|(path, _)| path).collect::<Vec<_>>(), ["s/op/a.yaml"]);
}

#[test]
fn a_missing_folder_is_an_error_that_names_it() {
    let error = FixtureFiles::folder(Path::new("not/there")).unwrap_err().to_string();
    assert!(error.contains("not/there"), "{error}");
}

#[test]
fn every_kind_of_fixture_is_read_and_shown_by_its_real_path() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "b.json", "c.snap", "d.snap.new"] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    let files = FixtureFiles::folder(dir.path()).unwrap();
    assert_eq!(files.iter().collect::<Vec<_>>(), [("a.yaml", "a.yaml"), ("b.json", "b.json"), ("c.snap", "c.snap")]);
    assert_eq!(files.display("a.yaml"), dir.path().join("a.yaml").display().to_string());
    assert_eq!(FixtureFiles::default().display("s/a.yaml"), "fixtures/s/a.yaml");
}

const BOTOCORE: &str = r#"{"metadata":{"apiVersion":"2020-01-01","endpointPrefix":"toy","serviceFullName":"Toy",
    "serviceId":"Toy","protocol":"json","jsonVersion":"1.1","targetPrefix":"Toy_20200101"},
    "operations":{"Get":{"http":{"method":"POST","requestUri":"/"},"input":{"shape":"In"}}},
    "shapes":{"In":{"type":"structure","required":["Name"],"members":{"Name":{"shape":"Name"}}},
              "Name":{"type":"string","min":1,"max":3}}}"#;
const SCENARIO: &str = "title: t\ncites: [T-1]\nevidence: modelled\nsteps:\n  - call: Get\n    input: { Name: abc }\n";

const REQUIREMENTS: &str = "service: svc\ndocuments:\n  model: { title: Toy, url: 'https://example.com/' }\nrequirements:\n  - \
    { id: T-1, says: A name has one to three characters., document: model, section: Name, edition: first, kind: request-constraint, evidence: modelled }\n";

/// A botocore with one service, and a fixture folder for it with this `model.yaml`.
fn toy(model_yaml: &str) -> (tempfile::TempDir, PathBuf, Places) {
    let dir = tempfile::tempdir().unwrap();
    let version = dir.path().join("botocore/data/toy/2020-01-01");
    let operation = dir.path().join("fixtures/svc/get");
    fs::create_dir_all(&version).unwrap();
    fs::create_dir_all(&operation).unwrap();
    fs::write(version.join("service-2.json"), BOTOCORE).unwrap();
    fs::write(version.join("examples-1.json"), r#"{"examples":{"Get":[{"title":"t","input":{"Name":"a"}}]}}"#).unwrap();
    fs::write(dir.path().join("fixtures/svc/model.yaml"), model_yaml).unwrap();
    fs::write(dir.path().join("fixtures/svc/requirements.yaml"), REQUIREMENTS).unwrap();
    fs::write(operation.join("a.yaml"), SCENARIO).unwrap();
    let root = dir.path().join("fixtures");
    let places = Places { botocore: Some(dir.path().join("botocore")), path: None };
    (dir, root, places)
}

#[rstest::rstest]
#[case::by_service("model: botocore:toy\n")]
#[case::by_path("model: ../../botocore/data/toy/2020-01-01/service-2.json\n")]
fn a_service_may_name_its_model(#[case] model_yaml: &str) {
    let (_dir, root, places) = toy(model_yaml);
    let files = FixtureFiles::folder_with_models(&root, &places).unwrap();
    assert!(files.display("svc/model.json").ends_with("service-2.json"));
    let suite = crate::suite::Fixtures::read(&files).unwrap();
    assert_eq!(suite.cases().len(), 1);
    let operation = suite.service("svc").unwrap().contract().operation("Get").unwrap();
    assert_eq!(operation.example_input(), Some(&serde_json::json!({"Name": "a"})));
}

#[rstest::rstest]
#[case::unknown("model: botocore:toi\n", "did you mean toy?")]
#[case::no_file("model: gone.json\n", "svc/gone.json")]
#[case::no_model("modell: x\n", "unknown field")]
#[case::form("model: toy\n", "expected a .json")]
fn a_model_that_cannot_be_loaded_is_reported_at_its_position(#[case] model_yaml: &str, #[case] expected: &str) {
    let (_dir, root, places) = toy(model_yaml);
    let error = FixtureFiles::folder_with_models(&root, &places).unwrap_err().to_string();
    assert!(error.contains(expected) && error.contains("model.yaml:1:"), "{error}");
}

#[test]
fn a_model_and_the_name_of_one_are_one_too_many() {
    let (_dir, root, places) = toy("model: botocore:toy\n");
    fs::write(root.join("svc/model.json"), BOTOCORE).unwrap();
    let error = FixtureFiles::folder_with_models(&root, &places).unwrap_err().to_string();
    assert!(error.contains("keep model.json or model.yaml, not both"), "{error}");
}

#[test]
fn snapshots_are_compiled_in() {
    assert!(FixtureFiles::bundled_snapshots().iter().any(|(path, text)| path.contains(".snap") && !text.is_empty()));
}

#[test]
fn a_text_is_found_only_by_its_path() {
    let files = FixtureFiles::from_texts([("s/a.yaml".to_owned(), "text".to_owned())]);
    assert_eq!((files.get("s/a.yaml"), files.get("a.yaml")), (Some("text"), None));
    assert_eq!(files.iter().collect::<Vec<_>>(), [("s/a.yaml", "text")]);
}

const ALONE: &str = "model: botocore:toy\ntitle: t\nsteps:\n  - { call: Get, input: { Name: abc } }\n";

fn read_alone(root: &Path, places: &Places) -> Vec<String> {
    let files = FixtureFiles::folder_with_models(root, places).unwrap();
    let fixtures = crate::suite::Fixtures::read(&files).unwrap();
    fixtures.cases().into_iter().map(|case| case.id.0).collect()
}

#[test]
fn a_scenario_that_names_its_model_stands_alone_in_a_file_or_in_a_folder_of_topics() {
    let (dir, _, places) = toy("model: botocore:toy\n");
    let root = dir.path().join("own");
    fs::create_dir_all(root.join("names")).unwrap();
    fs::write(root.join("names/get.yaml"), ALONE).unwrap();
    fs::write(root.join("whole.yaml"), ALONE).unwrap();
    fs::write(root.join("compose.yaml"), "services: { a: { image: b } }").unwrap();
    assert_eq!(read_alone(&root, &places), ["toy/names/get", "toy/whole"]);
    assert_eq!(read_alone(&root.join("whole.yaml"), &places), ["toy/whole"]);
    let files = FixtureFiles::folder_with_models(&root.join("whole.yaml"), &places).unwrap();
    assert_eq!(files.display("toy/whole.yaml"), root.join("whole.yaml").display().to_string());
    let ids = ["toy/whole".to_owned()].into();
    assert_eq!(crate::suite::Fixtures::of_cases(&files, &ids).unwrap().cases().len(), 1);
}

#[rstest::rstest]
#[case::no_model("title: t\nsteps: []\n", "it names no model")]
#[case::unknown("model: botocore:toi\ntitle: t\nsteps: []\n", "did you mean toy?")]
fn a_scenario_alone_without_its_model_says_what_to_write(#[case] text: &str, #[case] expected: &str) {
    let (dir, _, places) = toy("model: botocore:toy\n");
    let root = dir.path().join("own");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("x.yaml"), text).unwrap();
    for path in [root.clone(), root.join("x.yaml")] {
        let error = FixtureFiles::folder_with_models(&path, &places).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("x.yaml:1:"), "{error}");
    }
}

#[test]
fn a_model_in_a_scenario_of_a_folder_that_has_one_is_one_too_many() {
    let (_dir, root, places) = toy("model: botocore:toy\n");
    fs::write(root.join("svc/get/b.yaml"), ALONE).unwrap();
    let files = FixtureFiles::folder_with_models(&root, &places).unwrap();
    let error = crate::suite::Fixtures::read(&files).unwrap_err().to_string();
    assert!(error.contains("the folder svc already has a model"), "{error}");
}
