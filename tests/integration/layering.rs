//! Modules import only what the tables allow: the rooms by the table in ARCHITECTURE.md, the modules of a room by the table
//! in the docs of its `mod.rs`. What the compiler sees of tests alone is exempt.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use syn::{UseTree, spanned::Spanned as _, visit::Visit};

use crate::{source_tree::SourceTree, support};

/// The rows of a table in order, each with what it may import.
type Table = Vec<(String, BTreeSet<String>)>;

/// One path into the crate, with where it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    /// The module that imports, from the room on.
    from: Vec<String>,
    /// The imported path, from the room on.
    to: Vec<String>,
    file: String,
    line: usize,
}

impl Import {
    fn room(&self) -> &str {
        &self.from[0]
    }

    fn to_room(&self) -> &str {
        &self.to[0]
    }

    /// The two modules of one room that this import joins, if it does.
    fn within(&self, room: &str) -> Option<(&str, &str)> {
        let inside = self.room() == room && self.to_room() == room && self.from.len() > 1 && self.to.len() > 1;
        inside.then(|| (self.from[1].as_str(), self.to[1].as_str())).filter(|(from, to)| from != to)
    }
}

/// Finds the paths of one file that start at the crate, or that climb to its room through `super`.
struct Imports<'f> {
    module: &'f [String],
    file: &'f str,
    found: Vec<Import>,
}

impl Imports<'_> {
    fn enter(&mut self, path: &[String], line: usize) {
        let Some(to) = self.resolve(path).filter(|to| !to.is_empty()) else { return };
        let (from, file) = (self.module.to_vec(), self.file.to_owned());
        self.found.push(Import { from, to, file, line });
    }

    /// The path from the room on; `None` for one into another crate or a local name.
    fn resolve(&self, path: &[String]) -> Option<Vec<String>> {
        let root = if self.module[0] == "main" { ["wireproof", "internals"].as_slice() } else { ["crate"].as_slice() };
        if path.iter().zip(root).all(|(a, b)| a == b) && path.len() > root.len() {
            return Some(path[root.len()..].to_vec());
        }
        let climbs = path.iter().take_while(|name| *name == "super").count();
        let kept = self.module.len().checked_sub(climbs).filter(|_| climbs > 0)?;
        Some(self.module[..kept].iter().chain(&path[climbs..]).cloned().collect())
    }

    fn tree(&mut self, tree: &UseTree, prefix: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                self.tree(&path.tree, prefix);
                prefix.pop();
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, prefix)),
            UseTree::Name(_) | UseTree::Rename(_) | UseTree::Glob(_) => {
                let mut path = prefix.clone();
                match tree {
                    UseTree::Name(name) if name.ident != "self" => path.push(name.ident.to_string()),
                    UseTree::Rename(name) if name.ident != "self" => path.push(name.ident.to_string()),
                    _ => {}
                }
                self.enter(&path, tree.span().start().line);
            }
        }
    }
}

impl<'a> Visit<'a> for Imports<'_> {
    fn visit_item(&mut self, item: &'a syn::Item) {
        if !SourceTree::is_for_tests(item) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.enter(&names, path.span().start().line);
        syn::visit::visit_path(self, path);
    }
}

/// The imports of a module's file from the crate.
pub(crate) fn imports_of(module: &[String], file: &str, ast: &syn::File) -> Vec<Import> {
    let mut imports = Imports { module, file, found: Vec::new() };
    imports.visit_file(ast);
    imports.found
}

fn imports() -> Vec<Import> {
    SourceTree::get().files.iter().flat_map(|file| file.imports.clone()).collect()
}

/// Reads the rows of the first table of this heading whose first cell is a name in backticks.
fn read_table(text: &str) -> Table {
    let rows = text.lines().map(|line| line.trim_start_matches("//!").trim()).filter(|line| line.starts_with("| `"));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        Some((names(cells.first()?).first()?.clone(), names(cells.last()?).into_iter().collect()))
    })
    .collect()
}

/// The rooms: the rows below the heading `## Imports`.
fn rooms() -> Table {
    let text = fs::read_to_string(support::package().join("ARCHITECTURE.md")).unwrap();
    read_table(text.split("\n## Imports\n").nth(1).expect("a section \"## Imports\""))
}

/// The modules of a room: the table in the docs of its `mod.rs`.
fn modules_of(room: &str) -> Table {
    let text = fs::read_to_string(support::package().join(format!("src/{room}/mod.rs"))).unwrap();
    let docs: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
    read_table(&docs.join("\n"))
}

/// The violations of a table: imports that it does not allow, rows that name a lower row, unused entries.
fn problems(table: &Table, pairs: &BTreeMap<(String, String), String>) -> Vec<String> {
    let rows: BTreeMap<&str, &BTreeSet<String>> =
        table.iter().map(|(name, allowed)| (name.as_str(), allowed)).collect();
    let is_allowed = |from: &str, to: &str| rows.get(from).is_some_and(|row| row.contains(to));
    let forbidden = pairs.iter().filter(|((from, to), _)| !is_allowed(from, to));
    let forbidden = forbidden.map(|((from, to), at)| format!("{at}: {from} may not import {to}"));
    let unused = table.iter().flat_map(|(from, allowed)| allowed.iter().map(move |to| (from.clone(), to.clone())));
    let unused = unused.filter(|pair| !pairs.contains_key(pair));
    let unused = unused.map(|(from, to)| format!("{from} does not import {to}"));
    let upward = upward(table).map(|(from, to)| format!("{from} names {to}, which is not above it"));
    forbidden.chain(unused).chain(upward).collect()
}

/// Entries that name a module of the same row or of one below, unless both are in one of the [`CYCLES`].
fn upward(table: &Table) -> impl Iterator<Item = (&str, &str)> {
    table.iter().enumerate().flat_map(move |(index, (from, allowed))| {
        let above = move |to: &&String| table[..index].iter().any(|(name, _)| name == *to);
        let upward = allowed.iter().filter(move |to| !above(to)).map(move |to| (from.as_str(), to.as_str()));
        upward.filter(|(from, to)| !CYCLES.iter().any(|(cycle, _)| cycle.contains(from) && cycle.contains(to)))
    })
}

/// Modules of one room that need each other, with the reason.
const CYCLES: [(&[&str], &str); 2] = [
    (
        &["check", "code", "obstacle", "verdict"],
        "the registry of checks owns the codes that findings and verdicts carry",
    ),
    (&["judged_case", "observer"], "what an observer wants decides what a judged case makes of itself"),
];

/// Each pair once, with the first place where it is written.
fn pairs<'i>(
    imports: &'i [Import],
    pair: impl Fn(&'i Import) -> Option<(&'i str, &'i str)>,
) -> BTreeMap<(String, String), String> {
    let mut pairs = BTreeMap::new();
    for import in imports {
        if let Some((from, to)) = pair(import) {
            let at = format!("{}:{}", import.file, import.line);
            pairs.entry((from.to_owned(), to.to_owned())).or_insert(at);
        }
    }
    pairs
}

#[test]
fn a_room_imports_only_rooms_above_it() {
    let imports = imports();
    let between = |import: &'_ Import| import.room() != import.to_room();
    let pairs = pairs(&imports, |import| between(import).then(|| (import.room(), import.to_room())));
    let problems = problems(&rooms(), &pairs);
    assert!(problems.is_empty(), "see ARCHITECTURE.md, Imports:\n{}", problems.join("\n"));
}

#[test]
fn every_room_has_its_row() {
    let rooms: BTreeSet<String> = rooms().into_iter().map(|(name, _)| name).collect();
    let files = &SourceTree::get().files;
    let found: BTreeSet<String> = files.iter().filter_map(|file| file.module.first().cloned()).collect();
    assert_eq!(rooms, found);
}

#[test]
fn a_module_imports_only_modules_above_it_in_the_table_of_its_room() {
    let imports = imports();
    let rooms = rooms();
    let problems: Vec<String> = rooms
        .iter()
        .filter(|(room, _)| room != "main")
        .flat_map(|(room, _)| {
            let modules = SourceTree::get().modules_of(room);
            let pairs = pairs(&imports, |import| {
                import.within(room).filter(|(from, to)| modules.contains(*from) && modules.contains(*to))
            });
            let table = modules_of(room);
            let listed: BTreeSet<String> = table.iter().map(|(name, _)| name.clone()).collect();
            let missing = modules.difference(&listed).map(|name| format!("{name} has no row"));
            let gone = listed.difference(&modules).map(|name| format!("{name} is no module"));
            let found: Vec<String> = problems(&table, &pairs).into_iter().chain(missing).chain(gone).collect();
            found.into_iter().map(move |problem| format!("src/{room}/mod.rs: {problem}"))
        })
        .collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// Everything that the modules of `room` reach, as `room::module`.
fn reached(imports: &[Import], room: &str) -> BTreeSet<String> {
    let name = |path: &[String]| path[..path.len().min(2)].join("::");
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for import in imports {
        edges.entry(name(&import.from)).or_default().insert(name(&import.to));
    }
    let mut open: Vec<String> = edges.keys().filter(|from| from.starts_with(&format!("{room}::"))).cloned().collect();
    let mut seen = BTreeSet::new();
    while let Some(from) = open.pop() {
        for to in edges.get(&from).into_iter().flatten() {
            if seen.insert(to.clone()) {
                open.push(to.clone());
            }
        }
    }
    seen
}

#[test]
fn a_report_reaches_no_transport_and_the_judge_no_run() {
    let imports = imports();
    let report = reached(&imports, "report");
    assert!(report.contains("run::event"), "{report:?}");
    for module in ["transport", "execute", "session"] {
        assert!(!report.contains(&format!("run::{module}")), "report reaches run::{module}");
    }
    let judge = reached(&imports, "judge");
    assert!(judge.contains("suite::source") && !judge.iter().any(|module| module.starts_with("run")), "{judge:?}");
}

fn read(module: &[&str], text: &str) -> Vec<(String, usize)> {
    let ast = syn::parse_file(text).unwrap();
    let module: Vec<String> = module.iter().map(|name| (*name).to_owned()).collect();
    imports_of(&module, "x.rs", &ast).into_iter().map(|import| (import.to.join("::"), import.line)).collect()
}

#[test]
fn uses_paths_and_super_are_read_and_tests_are_exempt() {
    let text = "use crate::{a::B, c::{self, d::*}};\nfn f() -> crate::e::F { super::super::g::h() }\n\
                #[cfg(test)]\nmod tests { use crate::x::Y; }\n";
    let found = read(&["judge", "check"], text);
    let expected = [("a::B", 1), ("c", 1), ("c::d", 1), ("e::F", 2), ("g::h", 2)];
    assert_eq!(found, expected.map(|(path, line)| (path.to_owned(), line)));
    assert_eq!(read(&["main"], "fn main() { wireproof::internals::cli::main() }"), [("cli::main".to_owned(), 1)]);
}

#[test]
fn a_table_that_is_not_kept_is_reported_with_file_and_line() {
    let table = read_table(
        "//! | module | holds | may import |\n//! |---|---|---|\n//! | `a` | x | |\n//! | `b` | y | `a` |\n",
    );
    let pair = |from: &str, to: &str| ((from.to_owned(), to.to_owned()), "f.rs:7".to_owned());
    assert_eq!(problems(&table, &BTreeMap::from([pair("b", "a")])), Vec::<String>::new());
    assert_eq!(
        problems(&table, &BTreeMap::from([pair("a", "b")])),
        ["f.rs:7: a may not import b", "b does not import a"]
    );
    let upward = read_table("| `a` | `b` |\n| `b` | |\n");
    assert_eq!(problems(&upward, &BTreeMap::from([pair("a", "b")])), ["a names b, which is not above it"]);
}
