//! An equal `curl` command for a request, without any credential in it.

use super::Request;

/// A command line that sends the same request; `curl` signs it itself from the usual variables.
///
/// `signing` is the region and the service of the credential scope, or `None` for an unsigned request.
#[must_use]
pub fn curl(request: &Request, endpoint: &str, signing: Option<(&str, &str)>) -> String {
    let mut parts = vec!["curl --silent --show-error --include --path-as-is".to_owned()];
    if request.method != "POST" {
        parts.push(format!("--request {}", quote(&request.method)));
    }
    if let Some((region, service)) = signing {
        parts.push(format!("--aws-sigv4 {}", quote(&format!("aws:amz:{region}:{service}"))));
        parts.push("--user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"".to_owned());
    }
    for (name, value) in request.headers.iter() {
        let own = ["authorization", "x-amz-date", "x-amz-security-token", "host", "content-length", "accept"];
        if !own.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            parts.push(format!("--header {}", quote(&format!("{name}: {value}"))));
        }
    }
    match std::str::from_utf8(&request.body) {
        Ok(text) => parts.push(format!("--data-binary {}", quote(text))),
        Err(_) => parts.push("--data-binary @body.bin".to_owned()),
    }
    parts.push(quote(&format!("{}{}", endpoint.trim_end_matches('/'), request.target)));
    parts.join(" \\\n  ")
}

/// A word in single quotes, as POSIX shells read it; control characters go through `$'…'`.
fn quote(text: &str) -> String {
    if text.chars().any(char::is_control) {
        let escaped: String = text.chars().map(escape).collect();
        return format!("$'{escaped}'");
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn escape(c: char) -> String {
    match c {
        '\'' => r"\'".to_owned(),
        '\\' => r"\\".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn the_command_carries_the_request_and_no_credential() {
        let request = Request {
            method: "POST".into(),
            target: "/".into(),
            headers: [("authorization", "AWS4-HMAC-SHA256 Credential=AKID/x"), ("x-amz-target", "S.Op")]
                .into_iter()
                .collect(),
            body: Bytes::from_static(br#"{"a":"it's"}"#),
            ..Request::default()
        };
        let command = curl(&request, "http://127.0.0.1:1/", Some(("us-east-1", "codedeploy")));
        assert!(!command.contains("AKID"), "{command}");
        assert!(command.contains("--header 'x-amz-target: S.Op'") && command.contains(r"it'\''s"), "{command}");
        assert!(command.ends_with("'http://127.0.0.1:1/'"), "{command}");
    }

    #[test]
    fn control_characters_survive_the_shell() {
        assert_eq!(quote("a\nb'"), r"$'a\u000ab\''");
    }
}
