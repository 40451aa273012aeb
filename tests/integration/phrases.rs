//! Phrases that no reader should meet: in the program's help, in its errors and reports, in the README and in docs/.

use std::{collections::BTreeSet, sync::LazyLock};

use proc_macro2::{TokenStream, TokenTree};
use regex::{Regex, RegexBuilder};
use syn::visit::Visit;

use crate::{
    book::page::{self, Page},
    source_tree::SourceTree,
    support::program::{assert_status, out, run},
};

/// Banned phrases, and their replacements.
const BANNED: [(&str, &str); 24] = [
    (r"(is|are|was|were) told", "reported, printed"),
    (r"tells? (you|people|whoever|in words)", "reports, prints"),
    (r"anew", "again, new"),
    (r"so many", "at most N, up to N"),
    (r"of which", "two sentences"),
    (r"as ever", "as usual, or nothing"),
    (r"(comes?|came) to (a|an|no|nothing)", "is, has"),
    (r"stands? in( for)?", "replaces"),
    (r"whoever", "the user, the caller"),
    (r"anybody|nobody has", "a user, no service has"),
    (r"ill?egal(ly)?", "invalid"),
    (r"goldens?", "snapshot"),
    (r"null targets?", "constant endpoint"),
    (r"pseudonym\w*", "redaction"),
    (r"convict\w*", "detect"),
    (r"false alarms?", "false positive"),
    (r"not[- ]provoked", "not exercised"),
    (r"stand-ins?", "redaction"),
    (r"slip of the pen", "typo"),
    (r"is no (\w+ )?(url|number|file|folder|case|text|day|token|baseline|report|recording)", "is not a"),
    (r"there is no \w+ to be had", "cannot be started, not found"),
    (r"takes? its place", "replaces"),
    (r"beneath", "below"),
    (r"nothing shows that", "add evidence"),
];

/// Words of others that sources must name: the file, the word, the reason.
const FOREIGN_WORDS: [(&str, &str, &str); 1] =
    [("src/probe/rejection.rs", "\"Illegal\"", "a word in the names of AWS errors")];

static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let pattern = |phrase: &str| RegexBuilder::new(&format!(r"\b(?:{phrase})\b")).case_insensitive(true).build();
    BANNED.iter().map(|(phrase, instead)| (pattern(phrase).unwrap(), *instead)).collect()
});

/// Each banned phrase of a text, with what to write instead.
fn banned(text: &str) -> Vec<String> {
    let found = PATTERNS.iter().filter_map(|(pattern, instead)| {
        pattern.find(text).map(|found| format!("\"{}\" (write: {instead})", found.as_str()))
    });
    found.collect()
}

/// The lines of a text with banned phrases.
fn banned_lines(at: &str, text: &str) -> Vec<String> {
    let lines = (1..).zip(text.lines());
    lines.flat_map(|(number, line)| banned(line).into_iter().map(move |one| format!("{at}:{number}: {one}"))).collect()
}

fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} banned phrases:\n{}", found.len(), found.join("\n"));
}

/// The help of a command and of all commands below it.
fn help(path: &[&str], found: &mut Vec<String>) {
    let output = run(&[path, &["--help"]].concat());
    assert_status(&output, 0);
    let text = out(&output);
    found.extend(banned_lines(&format!("wireproof {} --help", path.join(" ")), &text));
    let commands = text.split("\nCommands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
        help(&[path, &[name]].concat(), found);
    }
}

#[test]
fn the_help_of_every_command_is_plain() {
    let mut found = Vec::new();
    help(&[], &mut found);
    assert_none(&found);
}

/// The texts of a file: what string literals and `#[error("…")]` say; comments and tests left out.
struct Texts(Vec<(usize, String)>);

/// The texts of a file, each with its line.
pub(crate) fn texts_of(ast: &syn::File) -> Vec<(usize, String)> {
    let mut texts = Texts(Vec::new());
    texts.visit_file(ast);
    texts.0
}

impl Texts {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    if let Ok(syn::Lit::Str(text)) = syn::parse2(TokenTree::from(literal).into()) {
                        self.0.push((line, text.value()));
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

impl<'a> Visit<'a> for Texts {
    fn visit_item(&mut self, item: &'a syn::Item) {
        if !SourceTree::is_for_tests(item) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_attribute(&mut self, attribute: &'a syn::Attribute) {
        if attribute.path().is_ident("error") {
            self.tokens(attribute.meta.require_list().map(|list| list.tokens.clone()).unwrap_or_default());
        }
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_lit_str(&mut self, text: &'a syn::LitStr) {
        self.0.push((text.span().start().line, text.value()));
    }
}

#[test]
fn every_error_and_report_is_plain() {
    let files = &SourceTree::get().files;
    let found = files.iter().flat_map(|file| {
        let texts = file.texts.iter();
        texts.flat_map(move |(line, text)| {
            banned(text).into_iter().map(move |one| format!("{}:{line}: {one}", file.path))
        })
    });
    let of_aws =
        |found: &String| FOREIGN_WORDS.iter().any(|(file, word, _)| found.starts_with(file) && found.contains(word));
    let found: BTreeSet<String> = found.filter(|found| !of_aws(found)).collect();
    assert_none(&found.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_page_is_plain() {
    let pages = page::pages();
    let found = pages.iter().flat_map(|Page { path, text }| banned_lines(&path.display().to_string(), text));
    assert_none(&found.collect::<Vec<_>>());
}

#[test]
fn a_banned_phrase_is_found_in_a_text_an_error_and_a_macro() {
    assert_eq!(
        banned_lines("x", "fine\nIt Is Told anew"),
        ["x:2: \"Is Told\" (write: reported, printed)", "x:2: \"anew\" (write: again, new)"]
    );
    assert_eq!(banned("renewed; fortold; a manual of golden-ratio").len(), 1);
    let code = "/// anew\n#[error(\"anew {0}\")]\nstruct E;\nfn f() { g!(\"whoever\", 1); }\nconst T: &str = \"convicts\";\n\
                #[cfg(test)]\nmod tests { const T: &str = \"illegal\"; }\n";
    let texts = texts_of(&syn::parse_file(code).unwrap());
    let found: Vec<(usize, usize)> = texts.iter().map(|(line, text)| (*line, banned(text).len())).collect();
    assert_eq!(found, [(2, 1), (4, 1), (5, 1)]);
}
