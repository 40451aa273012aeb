//! A pattern that is one class, repeated: `^[\p{L} ]{0,1024}$`. Its bounds are counted, not compiled.

/// Bounds for the number of characters of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repetition {
    least: usize,
    most: Option<usize>,
}

impl Repetition {
    /// The class and the bounds of a translated pattern; `None` if it has other parts.
    pub(super) fn read(translated: &str) -> Option<(&str, Self)> {
        let rest = translated.strip_prefix('^').unwrap_or(translated);
        let rest = rest.strip_suffix(r"\z").unwrap_or(rest);
        let (class, times) = rest.split_at_checked(class_end(rest)?)?;
        let (least, most) = match times {
            "" => (1, Some(1)),
            "?" => (0, Some(1)),
            "*" => (0, None),
            "+" => (1, None),
            _ => bounds(times.strip_prefix('{')?.strip_suffix('}')?)?,
        };
        Some((class, Self { least, most }))
    }

    /// Stops counting when the result is known.
    pub(super) fn allows(self, text: &str) -> bool {
        let enough = self.least == 0 || text.chars().nth(self.least - 1).is_some();
        enough && self.most.is_none_or(|most| text.chars().nth(most).is_none())
    }
}

fn bounds(text: &str) -> Option<(usize, Option<usize>)> {
    match text.split_once(',') {
        None => text.parse().ok().map(|times| (times, Some(times))),
        Some((least, "")) => Some((least.parse().ok()?, None)),
        Some((least, most)) => {
            let (least, most) = (least.parse().ok()?, most.parse().ok()?);
            (least <= most).then_some((least, Some(most)))
        }
    }
}

/// The end of the class at the start of a pattern; translated classes have brackets in pairs.
fn class_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if depth > 0 => escaped = true,
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            _ if depth == 0 => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(at + c.len_utf8());
        }
    }
    None
}
