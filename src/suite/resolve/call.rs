//! Resolves the parts of a step that change the signature and the bytes of its request.

use base64::Engine as _;
use serde_json::Value;

use super::{
    Resolver,
    lint::{name_of, of_row},
};
use crate::{
    model::pointer::escape,
    suite::{
        Body, ByteChanges, CallSigning, ScenarioRow, Template,
        raw::{RawBody, RawRequest},
        source::Diagnostic,
    },
    wire::sigv4::SigningFault,
};

impl Resolver<'_> {
    /// The fault of a signature: a name, or a value of the row that is one in each row.
    pub(super) fn signing(
        &self,
        raw: Option<&Value>,
        at: &str,
        rows: &[ScenarioRow],
    ) -> Result<Option<CallSigning>, Diagnostic> {
        let Some(raw) = raw else { return Ok(None) };
        let template = self.template(raw, &format!("{at}/sign"))?;
        if let Template::Literal(literal) = template {
            return self.signing_fault(literal, at, "").map(|fault| Some(CallSigning::Always(fault)));
        }
        for row in rows {
            let value = template.fill(&of_row(row)).map_err(|error| {
                self.source
                    .at(&format!("{at}/sign"), format!("a signing fault is a name or a value of the row: {error}"))
            })?;
            self.signing_fault(value, at, &name_of(row))?;
        }
        Ok(Some(CallSigning::OfRow(template)))
    }

    fn signing_fault(&self, value: Value, at: &str, row: &str) -> Result<SigningFault, Diagnostic> {
        CallSigning::named(value).map_err(|error| {
            self.source.at(&format!("{at}/sign"), format!("unknown signing fault{row}: {error}")).help(
                "use none, flipped-digit, first-digit, half-signature, empty-signature, no-signature, longer-signature, other-service, other-region, other-terminator, other-day, { skewed-clock: SECONDS }, unknown-key, garbage, changed-header, changed-body, changed-query, empty-payload, unsigned-payload, other-payload, no-date, unsigned-date, unsigned-host, unsigned-target, other-algorithm, unsigned-user-agent, payload-hash or reordered-headers",
            )
        })
    }

    pub(super) fn byte_changes(&self, raw: &RawRequest, at: &str) -> Result<ByteChanges, Diagnostic> {
        let mut set = Vec::new();
        for (name, value) in &raw.set {
            let at = format!("{at}/set/{}", escape(name));
            if !value.is_string() {
                return Err(self.source.at(&at, "the value of a header must be a string").help("quote it"));
            }
            set.push((name.clone(), self.template(value, &at)?));
        }
        Ok(ByteChanges {
            method: raw.method.clone(),
            path: raw.path.as_ref().map(|path| self.text(path, &format!("{at}/path"))).transpose()?,
            query: raw.query.as_ref().map(|query| self.text(query, &format!("{at}/query"))).transpose()?,
            set,
            remove: raw.remove.clone(),
            body: raw.body.as_ref().map(|body| self.body(body, &format!("{at}/body"))).transpose()?,
            around: None,
            content_length: raw.content_length,
            chunked: raw.chunked,
        })
    }

    fn text(&self, text: &str, at: &str) -> Result<Template, Diagnostic> {
        Template::read(&Value::from(text)).map_err(|error| self.source.at(at, error.problem.to_string()))
    }

    fn body(&self, raw: &RawBody, at: &str) -> Result<Body, Diagnostic> {
        match (&raw.text, &raw.base64, &raw.hex) {
            (Some(text), None, None) => {
                self.text(text, &format!("{at}/text")).map(|template| Body::Text(template, raw.encoding))
            }
            (None, Some(text), None) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(text);
                bytes
                    .map(Body::Bytes)
                    .map_err(|error| self.source.at(&format!("{at}/base64"), format!("invalid base64: {error}")))
            }
            (None, None, Some(text)) => hex(text).map(Body::Bytes).ok_or_else(|| {
                self.source
                    .at(&format!("{at}/hex"), "invalid hex")
                    .help("write two digits for each byte, with optional spaces between bytes")
            }),
            _ => Err(self.source.at(at, "a body needs exactly one of text, base64 and hex")),
        }
    }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> =
        text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_accepts_only_pairs_of_digits() {
        assert_eq!(hex("ef bb BF"), Some(vec![0xef, 0xbb, 0xbf]));
        assert_eq!((hex("abc"), hex("zz")), (None, None));
    }
}
