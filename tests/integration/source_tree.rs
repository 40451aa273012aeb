//! The sources of this crate as syntax trees, tests left out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::LazyLock,
};

use syn::visit::Visit;

use crate::{
    layering::{self, Import},
    phrases, support,
};

/// One file below `src/`, and what the tests want of it. Its syntax tree cannot be shared between threads.
pub(crate) struct SourceFile {
    /// Its path from the package, with slashes.
    pub(crate) path: String,
    /// Its module from the root: `src/judge/check/mod.rs` is `[judge, check]`, `src/lib.rs` is empty.
    pub(crate) module: Vec<String>,
    pub(crate) imports: Vec<Import>,
    /// The texts of its string literals, each with its line.
    pub(crate) texts: Vec<(usize, String)>,
    types: Vec<String>,
    /// The modules that it declares for tests alone, in files of their own.
    test_modules: Vec<Vec<String>>,
}

/// Every file below `src/` but those that only tests have.
pub(crate) struct SourceTree {
    pub(crate) files: Vec<SourceFile>,
}

static TREE: LazyLock<SourceTree> = LazyLock::new(SourceTree::read);

impl SourceFile {
    fn read(path: &Path) -> Self {
        let path = slashed(path);
        let text = fs::read_to_string(support::package().join("src").join(&path)).unwrap();
        let ast = syn::parse_file(&text).unwrap_or_else(|error| panic!("src/{path}: {error}"));
        let module = module_of(&path);
        let path = format!("src/{path}");
        let imports = if module.is_empty() { Vec::new() } else { layering::imports_of(&module, &path, &ast) };
        let (texts, types) = (phrases::texts_of(&ast), types_of(&ast));
        Self { imports, texts, types, test_modules: test_modules(&module, &ast), path, module }
    }
}

impl SourceTree {
    pub(crate) fn get() -> &'static Self {
        &TREE
    }

    fn read() -> Self {
        let paths = support::files_below(&support::package().join("src"), ".rs");
        let files: Vec<SourceFile> = paths.iter().map(|path| SourceFile::read(path)).collect();
        let of_tests: BTreeSet<Vec<String>> = files.iter().flat_map(|file| file.test_modules.clone()).collect();
        let is_kept = |file: &SourceFile| !of_tests.iter().any(|module| file.module.starts_with(module));
        Self { files: files.into_iter().filter(is_kept).collect() }
    }

    /// Returns whether the compiler sees an item in tests alone.
    pub(crate) fn is_for_tests(item: &syn::Item) -> bool {
        attributes(item).iter().any(|attribute| {
            let tokens = attribute.meta.require_list().map(|list| list.tokens.to_string()).unwrap_or_default();
            attribute.path().is_ident("cfg") && (tokens == "test" || tokens.starts_with("all (test"))
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
            for name in &file.types {
                types.entry(name.clone()).or_default().push(file.path.clone());
            }
        }
        types.retain(|_, files| files.len() > 1);
        types
    }
}

/// The types of a file and of the modules in it. What a function has for itself, and what tests have, does not count.
struct TypeNames(Vec<String>);

impl<'a> Visit<'a> for TypeNames {
    fn visit_item(&mut self, item: &'a syn::Item) {
        if SourceTree::is_for_tests(item) {
            return;
        }
        match item {
            syn::Item::Struct(item) => self.0.push(item.ident.to_string()),
            syn::Item::Enum(item) => self.0.push(item.ident.to_string()),
            syn::Item::Trait(item) => self.0.push(item.ident.to_string()),
            syn::Item::Type(item) => self.0.push(item.ident.to_string()),
            syn::Item::Mod(_) => syn::visit::visit_item(self, item),
            _ => {}
        }
    }
}

fn types_of(ast: &syn::File) -> Vec<String> {
    let mut names = TypeNames(Vec::new());
    names.visit_file(ast);
    names.0
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_str().unwrap()).collect::<Vec<_>>().join("/")
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn test_modules(module: &[String], ast: &syn::File) -> Vec<Vec<String>> {
    let items = ast.items.iter().filter(|item| SourceTree::is_for_tests(item));
    let names = items.filter_map(|item| match item {
        syn::Item::Mod(module) if module.content.is_none() => Some(module.ident.to_string()),
        _ => None,
    });
    names.map(|name| module.iter().cloned().chain([name]).collect()).collect()
}

#[test]
fn types_in_modules_count_and_those_of_tests_and_functions_do_not() {
    let text = "struct A; mod m { enum B {} } fn f() { struct C; } #[cfg(test)] mod tests { struct D; }\n\
                #[cfg(all(test, unix))] type E = u8; trait F {}";
    assert_eq!(types_of(&syn::parse_file(text).unwrap()), ["A", "B", "F"]);
}

#[test]
fn every_type_has_a_name_of_its_own() {
    let shared = SourceTree::get().types_of_one_name();
    assert!(shared.is_empty(), "{shared:#?}");
}

/// File names that several folders have, with the reason.
const SHARED_FILE_NAMES: [(&str, &str); 4] = [
    ("mod.rs", "the root of a module"),
    ("error_identity.rs", "a check has the name of its code"),
    ("outcome.rs", "a check has the name of its code"),
    ("run.rs", "a subcommand has its name"),
];

#[test]
fn no_two_files_have_one_name_without_a_reason() {
    let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &SourceTree::get().files {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        names.entry(name).or_default().push(&file.path);
    }
    names.retain(|_, files| files.len() > 1);
    let reasons = BTreeMap::from(SHARED_FILE_NAMES);
    let without: Vec<_> = names.iter().filter(|(name, _)| !reasons.contains_key(*name)).collect();
    let idle: Vec<_> = reasons.keys().filter(|name| !names.contains_key(*name)).collect();
    assert!(without.is_empty() && idle.is_empty(), "without a reason: {without:#?}\nreasons without files: {idle:?}");
}
