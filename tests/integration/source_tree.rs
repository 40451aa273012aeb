//! The sources of this crate as syntax trees, tests left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::LazyLock,
};

use crate::support;

/// One file below `src/`.
pub(crate) struct SourceFile {
    /// Its path from the package, with slashes.
    pub(crate) path: String,
    /// Its module from the root: `src/judge/check/mod.rs` is `[judge, check]`, `src/lib.rs` is empty.
    pub(crate) module: Vec<String>,
    pub(crate) text: String,
    pub(crate) ast: syn::File,
}

/// Every file below `src/` but those that only tests have.
pub(crate) struct SourceTree {
    pub(crate) files: Vec<SourceFile>,
}

static TREE: LazyLock<SourceTree> = LazyLock::new(SourceTree::read);

impl SourceTree {
    pub(crate) fn get() -> &'static Self {
        &TREE
    }

    fn read() -> Self {
        let src = support::package().join("src");
        let files = support::files_below(&src, ".rs").into_iter().map(|path| {
            let text = fs::read_to_string(src.join(&path)).unwrap();
            let ast = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            SourceFile { path: format!("src/{}", slashed(&path)), module: module_of(&slashed(&path)), text, ast }
        });
        let files: Vec<SourceFile> = files.collect();
        let of_tests: BTreeSet<Vec<String>> = files.iter().flat_map(test_modules).collect();
        let is_kept = |file: &SourceFile| !of_tests.iter().any(|module| file.module.starts_with(module));
        Self { files: files.into_iter().filter(is_kept).collect() }
    }

    /// Whether the compiler sees an item in tests alone.
    pub(crate) fn is_for_tests(item: &syn::Item) -> bool {
        use syn::Item;
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => return false,
        };
        attributes.iter().any(|attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
        })
    }

    /// The modules right below a room.
    pub(crate) fn modules_of(&self, room: &str) -> BTreeSet<String> {
        let inside = self.files.iter().filter(|file| file.module.len() > 1 && file.module[0] == room);
        inside.map(|file| file.module[1].clone()).collect()
    }

    /// Names of types that several modules define, each with its files. What a function has for itself does not count.
    pub(crate) fn types_of_one_name(&self) -> BTreeMap<String, Vec<String>> {
        let mut types: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in &self.files {
            for name in file.ast.items.iter().filter(|item| !Self::is_for_tests(item)).filter_map(type_name) {
                types.entry(name).or_default().push(file.path.clone());
            }
        }
        types.retain(|_, files| files.len() > 1);
        types
    }
}

fn type_name(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_str().unwrap()).collect::<Vec<_>>().join("/")
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The modules that a file declares for tests alone, in files of their own.
fn test_modules(file: &SourceFile) -> Vec<Vec<String>> {
    let modules = file.ast.items.iter().filter(|item| SourceTree::is_for_tests(item));
    let names = modules.filter_map(|item| match item {
        syn::Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
        _ => None,
    });
    names.map(|name| file.module.iter().cloned().chain([name]).collect()).collect()
}

#[test]
fn every_type_has_a_name_of_its_own() {
    let shared = SourceTree::get().types_of_one_name();
    assert!(shared.is_empty(), "{shared:#?}");
}

/// File names that several folders have, with the reason.
const SHARED_FILE_NAMES: [(&str, &str); 3] = [
    ("mod.rs", "the root of a module"),
    ("tests.rs", "the tests of a module"),
    ("testing.rs", "what tests of a module share"),
];

#[test]
fn no_two_files_have_one_name_without_a_reason() {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &SourceTree::get().files {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        names.entry(name).or_default().push(&file.path);
    }
    let is_excused = |name: &str| SHARED_FILE_NAMES.iter().any(|(excused, _)| *excused == name);
    names.retain(|name, files| files.len() > 1 && !is_excused(name));
    assert!(names.is_empty(), "{names:#?}");
}
