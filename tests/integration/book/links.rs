//! Every link leads to a file or heading, and the contents name every page.

use std::{collections::BTreeMap, fs, path::Path};

use crate::{
    book::page::{Page, pages},
    support,
};

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut broken = Vec::new();
    for page in pages() {
        let folder = support::package().join(&page.path).parent().unwrap().to_owned();
        for (line, link) in page.links() {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let path = if file.is_empty() { support::package().join(&page.path) } else { folder.join(file) };
            let has_anchor = || Page::read(path.clone()).anchors().iter().any(|heading| heading == anchor);
            if !path.exists() || !anchor.is_empty() && !has_anchor() {
                broken.push(format!("{}:{line}: {link}", page.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Files beside the book are not there when the book is published.
#[test]
fn no_link_leads_out_of_the_book() {
    for page in pages().iter().filter(|page| page.path.starts_with("docs")) {
        let folders_below_docs = page.path.components().count() - 2;
        for (line, link) in page.links() {
            let up = link.split('/').filter(|part| *part == "..").count();
            assert!(up <= folders_below_docs, "{}:{line}: {link}: name it as code", page.path.display());
        }
    }
}

#[test]
fn the_contents_name_every_page_once() {
    let contents = Page::read("docs/SUMMARY.md".into());
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    for (_, link) in contents.links() {
        *named.entry(link).or_default() += 1;
    }
    let files = support::files_below(&support::package().join("docs"), ".md");
    let files = files.iter().map(|path| path.display().to_string()).filter(|path| path != "SUMMARY.md");
    assert_eq!(named, files.map(|file| (file, 1)).collect());
}

#[test]
fn the_book_is_what_mdbook_reads() {
    let text = fs::read_to_string(support::package().join("docs/book.toml")).unwrap();
    let book: toml::Table = text.parse().unwrap();
    assert_eq!(book["book"]["src"].as_str(), Some("."));
    assert!(Path::new(book["build"]["build-dir"].as_str().unwrap()).starts_with("../target"));
}
