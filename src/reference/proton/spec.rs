//! The instances that a service spec lists.
//!
//! A spec is free text of the caller. This reader parses only the block `instances:`, line by line. It ignores
//! unknown content.

/// One item of the block `instances:`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SpecEntry {
    pub(super) name: String,
    pub(super) environment: Option<String>,
}

/// The instances with a name, in the order of the text. Names are not validated.
pub(super) fn instances(spec: &str) -> Vec<SpecEntry> {
    let mut reader = SpecReader::default();
    for line in block(spec) {
        reader.read(line);
    }
    reader.entries.retain(|entry| !entry.name.is_empty());
    reader.entries
}

/// The lines below `instances:` up to the next key of the same level.
fn block(spec: &str) -> impl Iterator<Item = &str> {
    spec.lines()
        .skip_while(|line| uncommented(line) != "instances:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with([' ', '\t', '-', '#', '\r']))
}

#[derive(Default)]
struct SpecReader {
    entries: Vec<SpecEntry>,
    /// The column of the dashes of the list, set by the first dash.
    dashes: Option<usize>,
    /// The column of the keys of the current item. Deeper keys belong to its spec.
    keys: Option<usize>,
}

impl SpecReader {
    fn read(&mut self, line: &str) {
        let text = line.trim_start();
        let column = line.len() - text.len();
        let item = text.strip_prefix('-').filter(|rest| rest.is_empty() || rest.starts_with(' '));
        match item {
            Some(rest) if *self.dashes.get_or_insert(column) == column => {
                self.entries.push(SpecEntry::default());
                let key = rest.trim_start();
                self.keys = (!key.is_empty()).then(|| line.len() - key.len());
                self.take(key);
            }
            _ if uncommented(text).is_empty() => {}
            _ if *self.keys.get_or_insert(column) == column => self.take(text),
            _ => {}
        }
    }

    fn take(&mut self, text: &str) {
        let (Some(entry), Some((key, rest))) = (self.entries.last_mut(), text.split_once(':')) else { return };
        match key.trim_end() {
            "name" => entry.name = scalar(rest),
            "environment" => entry.environment = Some(scalar(rest)).filter(|name| !name.is_empty()),
            _ => {}
        }
    }
}

/// A plain or quoted scalar without a trailing comment.
fn scalar(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some((inside, _)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inside.to_owned();
        }
    }
    uncommented(text).to_owned()
}

fn uncommented(text: &str) -> &str {
    let end = if text.starts_with('#') { Some(0) } else { text.find(" #") };
    end.map_or(text, |end| text.get(..end).unwrap_or(text)).trim_end()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const DOCUMENTED: &str = r#"proton: ServiceSpec

pipeline:
  input: "hello"

instances:
  - name: "one"
    environment: "env"
    spec:
      name: "no"
      list:
        - name: "no"
"#;

    const UNQUOTED: &str = "instances:\n- name: one # first\n  environment: 'env'\n- name: two\n";

    #[rstest]
    #[case::documented(DOCUMENTED, &[("one", Some("env"))])]
    #[case::plain_and_single_quotes(UNQUOTED, &[("one", Some("env")), ("two", None)])]
    #[case::other_key_order("instances:\n  - environment: e\n    name: one", &[("one", Some("e"))])]
    #[case::dash_alone("instances:\n  -\n    name: one\n", &[("one", None)])]
    #[case::carriage_returns("instances:\r\n  - name: one\r\n\r\n  - name: two", &[("one", None), ("two", None)])]
    #[case::block_ends("instances:\n  - name: one\npipeline:\n  - name: two\n", &[("one", None)])]
    #[case::comment_lines("instances: # all\n# none\n  - name: one\n", &[("one", None)])]
    #[case::nameless("instances:\n  - environment: e\n", &[])]
    #[case::none("proton: ServiceSpec", &[])]
    fn instances_are_read_only_from_their_block(#[case] spec: &str, #[case] expected: &[(&str, Option<&str>)]) {
        let found = instances(spec);
        let found: Vec<_> = found.iter().map(|entry| (&*entry.name, entry.environment.as_deref())).collect();
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn no_text_causes_a_panic(tail in "[- \\n:#\"'a-zé]{0,80}") {
            let entries = instances(&format!("instances:\n{tail}"));
            prop_assert!(entries.len() <= tail.lines().count());
        }
    }
}
