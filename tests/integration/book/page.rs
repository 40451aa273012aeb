//! The parts of Markdown that the tests need: fences, headings and links.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support;

/// A page; the path is relative to the package.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) line: usize,
    /// The first word after the fence.
    pub(crate) language: String,
    /// The words after it.
    pub(crate) info: String,
    pub(crate) lines: Vec<String>,
}

/// The README and every page of the book.
pub(crate) fn pages() -> Vec<Page> {
    let docs = support::files_below(&support::package().join("docs"), ".md");
    let paths =
        std::iter::once(PathBuf::from("README.md")).chain(docs.into_iter().map(|path| Path::new("docs").join(path)));
    paths.map(Page::read).collect()
}

impl Page {
    pub(crate) fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(support::package().join(&path)).unwrap();
        Self { path, text }
    }

    pub(crate) fn fences(&self) -> Vec<Fence> {
        let mut fences: Vec<Fence> = Vec::new();
        let mut is_open = false;
        for (number, line) in (1..).zip(self.text.lines()) {
            match line.trim_start().strip_prefix("```") {
                Some(_) if is_open => is_open = false,
                Some(info) => {
                    let (language, info) = info.split_once(' ').unwrap_or((info, ""));
                    let (language, info) = (language.to_owned(), info.trim().to_owned());
                    fences.push(Fence { line: number, language, info, lines: Vec::new() });
                    is_open = true;
                }
                None if is_open => fences.last_mut().unwrap().lines.push(line.to_owned()),
                None => {}
            }
        }
        assert!(!is_open, "{}: a fence is left open", self.path.display());
        fences
    }

    /// The lines outside of fences, with their numbers.
    pub(crate) fn prose(&self) -> Vec<(usize, &str)> {
        let mut is_open = false;
        let numbered = (1..).zip(self.text.lines());
        let outside = numbered.filter(|(_, line)| {
            let is_fence = line.trim_start().starts_with("```");
            is_open ^= is_fence;
            !is_open && !is_fence
        });
        outside.collect()
    }

    /// The anchors of its headings, in the form of GitHub and mdBook.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.prose().into_iter().filter_map(|(_, line)| line.strip_prefix('#'));
        let text = |line: &str| line.trim_start_matches('#').trim().to_lowercase();
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        headings.map(|line| text(line).chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
    }

    /// Link targets, without those of other sites.
    pub(crate) fn links(&self) -> Vec<(usize, String)> {
        let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
        let code = regex::Regex::new("`[^`]*`").unwrap();
        let mut found = Vec::new();
        for (number, line) in self.prose() {
            let without_code = code.replace_all(line, "");
            let links = link.captures_iter(&without_code).map(|found| found[1].to_owned());
            found.extend(links.filter(|to| !to.contains("://")).map(|to| (number, to)));
        }
        found
    }
}

#[test]
fn a_page_is_read_as_it_is_shown() {
    let text = "# One, `two`\n[a](b.md#c) `[no](x)` [d](https://e)\n```sh no-run: f\ng [no](y)\n```\n".to_owned();
    let page = Page { path: PathBuf::new(), text };
    assert_eq!(page.anchors(), ["one-two"]);
    assert_eq!(page.links(), [(2, "b.md#c".to_owned())]);
    let (language, info) = ("sh".to_owned(), "no-run: f".to_owned());
    assert_eq!(page.fences(), [Fence { line: 3, language, info, lines: vec!["g [no](y)".to_owned()] }]);
}
