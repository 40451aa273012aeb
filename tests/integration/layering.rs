//! Modules import only what the table in ARCHITECTURE.md allows them.
//!
//! The table has one row a top-level module of `src/`, from the ground up; a row names only modules of rows above it.
//! What the compiler sees of tests alone is exempt: `#[cfg(test)]` modules, inline or in files of their own. Paths
//! are read from the text: `crate::x`, groups of any depth, and `super::` as far as it climbs to the root.

use crate::support;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The modules in the order of the table, each with what it may import.
type Table = Vec<(String, BTreeSet<String>)>;

/// One import of one top-level module by another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Import {
    from: String,
    to: String,
    file: String,
    line: usize,
}

fn table() -> Table {
    let text = fs::read_to_string(support::package().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    read_table(&text)
}

/// Reads the rows below the heading `## Imports`.
fn read_table(text: &str) -> Table {
    let section = text.split("\n## Imports\n").nth(1).expect("a section \"## Imports\"");
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section.lines().map(str::trim).filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|');
        let name = cells.next().unwrap_or_default().trim().trim_matches('`').to_owned();
        let imports = cells.next().unwrap_or_default().split(',').map(|name| name.trim().trim_matches('`').to_owned());
        (name, imports.filter(|name| !name.is_empty()).collect())
    })
    .collect()
}

/// Every import that the sources make, tests left out.
fn imports() -> Vec<Import> {
    sources().iter().flat_map(|(file, text)| imports_of(file, text)).collect()
}

/// Every source file that is not of tests alone, with comments and inline tests blanked out.
pub(crate) fn sources_without_tests() -> Vec<(String, String)> {
    sources().into_iter().map(|(file, text)| (file, without_comments_and_tests(&text))).collect()
}

/// A source with comments and inline tests blanked out, line by line as it was.
pub(crate) fn without_comments_and_tests(source: &str) -> String {
    let code = blanked(source, |text| text.starts_with("//") || text.starts_with("/*"));
    let marked = marked_inline_tests(&without_text(source), TEST);
    code.chars().zip(marked.chars()).map(|(c, mark)| if mark == TEST { ' ' } else { c }).collect()
}

/// Stands for a character of an inline test.
const TEST: char = '\0';

/// Every source file that is not of tests alone.
fn sources() -> Vec<(String, String)> {
    let src = support::package().join("src");
    let files = support::files_below(&src, ".rs");
    let texts: BTreeMap<String, String> =
        files.iter().map(|path| (slashed(path), fs::read_to_string(src.join(path)).unwrap())).collect();
    let of_tests: Vec<String> = texts.iter().flat_map(|(file, text)| test_modules(file, &without_text(text))).collect();
    let is_exempt = |file: &str| {
        of_tests.iter().any(|module| file == format!("{module}.rs") || file.starts_with(&format!("{module}/")))
    };
    texts.iter().filter(|(file, _)| !is_exempt(file)).map(|(file, text)| (file.clone(), text.clone())).collect()
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_str().unwrap()).collect::<Vec<_>>().join("/")
}

/// The path of a file's module, from the root: `check/mod.rs` is `[check]`, `check/json.rs` is `[check, json]`.
fn module_of(file: &str) -> Vec<&str> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').collect() }
}

/// Paths below `src`, without ending, of modules that a file declares for tests alone.
fn test_modules(file: &str, blank: &str) -> Vec<String> {
    let folder = module_of(file).join("/");
    let after = blank.split("#[cfg(test)]").skip(1).map(str::trim_start);
    let names = after.filter_map(|rest| module(rest)?.split_once(';').map(|(name, _)| name.trim()));
    names.filter(|name| name.chars().all(is_word)).map(|name| format!("{folder}/{name}")).collect()
}

/// What follows `mod`, after further attributes and a visibility, where a module is declared here.
fn module(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    while let Some(attribute) = rest.strip_prefix("#[") {
        rest = attribute.split_once("]\n")?.1.trim_start();
    }
    if let Some(visible) = rest.strip_prefix("pub") {
        rest = visible.trim_start_matches(|c| c != ' ').trim_start();
    }
    rest.strip_prefix("mod ")
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The imports of one file.
fn imports_of(file: &str, text: &str) -> Vec<Import> {
    let module = module_of(file);
    let Some(from) = module.first() else { return Vec::new() };
    let text = without_inline_tests(&without_text(text));
    let mut found = Vec::new();
    let root = if *from == "main" { "wireproof::internals::" } else { "crate::" };
    for (at, _) in text.match_indices(root) {
        if !text[..at].ends_with(is_word) {
            found.extend(heads(&text, at + root.len()));
        }
    }
    let climb = "super::".repeat(module.len());
    for (at, _) in text.match_indices(&climb) {
        // Of a longer climb only the end counts; it cannot be compiled anyway.
        if !text[..at].ends_with(is_word) && !text[..at].ends_with("super::") {
            found.extend(heads(&text, at + climb.len()));
        }
    }
    let import = |(to, at): (String, usize)| Import {
        from: (*from).to_owned(),
        line: text[..at].matches('\n').count() + 1,
        file: format!("src/{file}"),
        to,
    };
    found.into_iter().map(import).filter(|import| import.to != import.from && import.to != "super").collect()
}

/// The first names of the path or group that starts at `at`, with their places.
fn heads(text: &str, at: usize) -> Vec<(String, usize)> {
    let rest = &text[at..];
    let start = at + rest.len() - rest.trim_start().len();
    if !text[start..].starts_with('{') {
        let name: String = text[start..].chars().take_while(|c| is_word(*c)).collect();
        return if name.is_empty() { Vec::new() } else { vec![(name, start)] };
    }
    let mut found = Vec::new();
    let (mut depth, mut is_head) = (0, true);
    let mut skip = 0;
    for (offset, c) in text[start..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => is_head = true,
            c if depth == 1 && is_head && is_word(c) && offset >= skip => {
                let name: String = text[start + offset..].chars().take_while(|c| is_word(*c)).collect();
                skip = offset + name.len();
                is_head = false;
                found.push((name, start + offset));
            }
            _ => {}
        }
    }
    found
}

/// The source with comments, texts and characters blanked out, line by line as it was.
fn without_text(source: &str) -> String {
    blanked(source, |_| true)
}

/// The source with those comments and literals blanked out that `is_blank` names.
fn blanked(source: &str, is_blank: fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = length_of_text(rest, out.chars().next_back());
        let (taken, after) = rest.split_at(length.unwrap_or(c.len_utf8()));
        match length {
            Some(_) if is_blank(taken) => out.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
            _ => out.push_str(taken),
        }
        rest = after;
    }
    out
}

/// The length of the comment or literal that starts here, if one does.
fn length_of_text(rest: &str, before: Option<char>) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(length_of_block(rest));
    }
    if let Some(raw) = rest.strip_prefix('r').filter(|_| !before.is_some_and(|c| is_word(c) && c != 'b')) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = &raw[hashes + 1..];
            return Some(body.find(&end).map_or(rest.len(), |at| 1 + hashes + 1 + at + end.len()));
        }
    }
    if rest.starts_with('"') {
        return Some(length_of_quoted(rest, '"'));
    }
    let mut characters = rest.strip_prefix('\'')?.chars();
    let (first, second) = (characters.next()?, characters.next()?);
    // Anything else that starts with an apostrophe is a lifetime.
    (first == '\\' || second == '\'').then(|| length_of_quoted(rest, '\''))
}

fn length_of_block(rest: &str) -> usize {
    let mut depth = 0;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn length_of_quoted(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The source with what stands in `#[cfg(test)] mod … { … }` blanked out.
fn without_inline_tests(blank: &str) -> String {
    marked_inline_tests(blank, ' ')
}

/// The source with `mark` for each character of `#[cfg(test)] mod … { … }`.
fn marked_inline_tests(blank: &str, mark: char) -> String {
    let mut out = String::with_capacity(blank.len());
    let mut rest = blank;
    while let Some(at) = rest.find("#[cfg(test)]") {
        let after = &rest[at..];
        let is_module = module(&after["#[cfg(test)]".len()..]).is_some();
        let open = after.find('{').filter(|open| is_module && !after[..*open].contains(';'));
        let end = open.map_or("#[cfg(test)]".len(), |open| open + length_of_braces(&after[open..]));
        out.push_str(&rest[..at]);
        out.extend(after[..end].chars().map(|c| if c == '\n' { '\n' } else { mark }));
        rest = &after[end..];
    }
    out + rest
}

fn length_of_braces(rest: &str) -> usize {
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if depth == 0 {
            return at + 1;
        }
    }
    rest.len()
}

/// Imports that the table does not allow, each in one line.
fn forbidden(table: &Table, imports: &[Import]) -> Vec<String> {
    let rows: BTreeMap<&str, &BTreeSet<String>> =
        table.iter().map(|(name, allowed)| (name.as_str(), allowed)).collect();
    let is_allowed = |import: &Import| rows.get(import.from.as_str()).is_some_and(|row| row.contains(&import.to));
    let refused = imports.iter().filter(|import| !is_allowed(import));
    refused.map(|Import { from, to, file, line }| format!("{file}:{line}: {from} may not import {to}")).collect()
}

/// Entries of the table that no import needs.
fn unused(table: &Table, imports: &[Import]) -> Vec<String> {
    let made: BTreeSet<(&str, &str)> =
        imports.iter().map(|import| (import.from.as_str(), import.to.as_str())).collect();
    let entries = table.iter().flat_map(|(name, allowed)| allowed.iter().map(move |to| (name.as_str(), to.as_str())));
    entries.filter(|entry| !made.contains(entry)).map(|(from, to)| format!("{from} does not import {to}")).collect()
}

/// Everything that a module reaches through others.
fn reached(table: &Table, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from.to_owned()];
    while let Some(name) = open.pop() {
        for to in table.iter().filter(|(row, _)| *row == name).flat_map(|(_, allowed)| allowed) {
            if seen.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    seen
}

#[test]
fn every_module_has_its_row_and_every_row_its_module() {
    let in_lib = fs::read_to_string(support::package().join("src/lib.rs")).unwrap();
    let in_lib = without_text(&in_lib);
    let modules = in_lib.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod "))?.strip_suffix(';')
    });
    let mut modules: Vec<&str> = modules.chain(["main"]).collect();
    let table = table();
    let mut rows: Vec<&str> = table.iter().map(|(name, _)| name.as_str()).collect();
    modules.sort_unstable();
    rows.sort_unstable();
    assert_eq!(modules, rows);
}

#[test]
fn a_row_names_only_modules_of_rows_above_it() {
    let table = table();
    for (index, (name, allowed)) in table.iter().enumerate() {
        for to in allowed {
            assert!(table[..index].iter().any(|(above, _)| above == to), "{name} names {to}, which is not above it");
        }
    }
}

#[test]
fn no_module_imports_what_the_table_does_not_allow() {
    let forbidden = forbidden(&table(), &imports());
    assert!(forbidden.is_empty(), "see ARCHITECTURE.md, Imports:\n{}", forbidden.join("\n"));
}

#[test]
fn the_table_allows_nothing_that_no_module_needs() {
    let unused = unused(&table(), &imports());
    assert!(unused.is_empty(), "take these out of ARCHITECTURE.md, Imports:\n{}", unused.join("\n"));
}

#[test]
fn the_judge_cannot_reach_execution() {
    assert!(!reached(&table(), "judge").contains("run"));
}

fn names(file: &str, text: &str) -> Vec<(String, usize)> {
    imports_of(file, text).into_iter().map(|import| (import.to, import.line)).collect()
}

fn pair(to: &str, line: usize) -> (String, usize) {
    (to.to_owned(), line)
}

#[test]
fn paths_and_groups_of_any_depth_are_read() {
    let text = "use crate::{\n    code::Code,\n    wire::{self, sigv4::{Scope, sign}},\n    event,\n};\nuse crate::source::Source;\n";
    let found = names("check/mod.rs", text);
    assert_eq!(found, [pair("code", 2), pair("wire", 3), pair("event", 4), pair("source", 6)]);
}

#[test]
fn paths_in_code_and_paths_through_super_are_read() {
    let text = "fn f() -> crate::exit::ExitStatus { mycrate::other::g(); super::super::snapshot::x() }";
    assert_eq!(names("check/json.rs", text), [pair("exit", 1), pair("snapshot", 1)]);
    assert_eq!(names("code.rs", "use super::wire;\nuse super::super::x;"), [pair("wire", 1)]);
    assert_eq!(names("check/json.rs", "use super::subject;"), []);
    assert_eq!(names("main.rs", "fn main() { wireproof::internals::cli::main() }"), [pair("cli", 1)]);
}

#[test]
fn what_stands_in_comments_and_texts_does_not_count() {
    let text = "// crate::a\n/* crate::b /* crate::c */ crate::d */\nconst X: &str = \"crate::e \\\" crate::f\";\n\
                const Y: &str = r#\"crate::g \" crate::h\"#;\nfn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' }\nuse crate::real;\n";
    assert_eq!(names("code.rs", text), [pair("real", 6)]);
}

#[test]
fn tests_are_exempt_inline_and_in_files_of_their_own() {
    let text = "use crate::a;\n#[cfg(test)]\nmod tests {\n    use crate::b;\n    mod inner { }\n}\nuse crate::c;\n";
    assert_eq!(names("code.rs", text), [pair("a", 1), pair("c", 7)]);
    let declared = test_modules("reference/mod.rs", "mod server;\n#[cfg(test)]\nmod testing;\nmod x;");
    assert_eq!(declared, ["reference/testing"]);
    assert_eq!(test_modules("check/mod.rs", "#[cfg(test)]\npub(crate) mod testing;\nmod x;"), ["check/testing"]);
    let text =
        "use crate::a;\n#[cfg(test)]\n#[expect(\n    clippy::x,\n)]\nmod tests { use crate::b; }\nuse crate::c;\n";
    assert_eq!(names("code.rs", text), [pair("a", 1), pair("c", 7)]);
}

#[test]
fn a_forbidden_import_is_told_with_its_file_and_line() {
    let table = read_table(
        "# A\n\n## Imports\n\n| module | imports |\n|---|---|\n| `code` | |\n| `check` | `code` |\n\n## B\n| `x` | |\n",
    );
    let imports = imports_of("check/json.rs", "use crate::code::Code;\nuse crate::execute::Executor;\n");
    assert_eq!(forbidden(&table, &imports), ["src/check/json.rs:2: check may not import execute"]);
    assert_eq!(unused(&table, &imports), Vec::<String>::new());
    assert_eq!(unused(&table, &[]), ["check does not import code"]);
    assert_eq!(table.len(), 2);
}
