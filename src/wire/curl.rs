//! The `curl` command for a request, without credentials.

use super::Request;

/// The command that sends the same request. `curl` signs it with the credentials of the usual variables.
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
        let own = ["authorization", "x-amz-date", "x-amz-security-token", "content-length", "accept"];
        let is_own = own.iter().any(|own| name.eq_ignore_ascii_case(own)) || is_host_of(endpoint, name, value);
        if !is_own {
            parts.push(format!("--header {}", quote(&format!("{name}: {value}"))));
        }
    }
    let text = std::str::from_utf8(&request.body).ok().filter(|text| !text.contains('\0'));
    parts.push(match text {
        // curl reads a file if the value of --data-binary begins with @.
        Some(text) if text.starts_with('@') => format!("--data-raw {}", quote(text)),
        Some(text) => format!("--data-binary {}", quote(text)),
        None => "--data-binary @-".to_owned(),
    });
    parts.push(quote(&format!("{}{}", origin(endpoint), request.target)));
    let command = parts.join(" \\\n  ");
    // No argument can hold a NUL, and few shells can quote bytes that are not UTF-8.
    if text.is_some() { command } else { format!("{} | {command}", printed(&request.body)) }
}

/// Returns whether a header is the `host` that a request to the URL has anyway.
fn is_host_of(endpoint: &str, name: &str, value: &str) -> bool {
    let authority = origin(endpoint).split_once("://").map_or(endpoint, |(_, authority)| authority);
    name.eq_ignore_ascii_case("host") && value.eq_ignore_ascii_case(authority)
}

/// The scheme, host and port of a URL. The target of a request has the path of the endpoint already.
fn origin(endpoint: &str) -> &str {
    let start = endpoint.find("://").map_or(0, |at| at + 3);
    let end = endpoint.get(start..).and_then(|rest| rest.find('/'));
    end.and_then(|end| endpoint.get(..start + end)).unwrap_or(endpoint)
}

/// A command for POSIX shells that prints bytes.
fn printed(bytes: &[u8]) -> String {
    let octal = bytes.iter().fold(String::new(), |octal, byte| octal + &format!("\\0{byte:03o}"));
    format!("printf '%b' '{octal}'")
}

/// A word in single quotes for POSIX shells; with control characters, in `$'…'`.
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
    fn the_command_contains_the_request_without_credentials() {
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

    #[test]
    fn headers_that_signing_or_curl_adds_are_left_out() {
        let own = ["Authorization", "X-Amz-Date", "X-Amz-Security-Token", "Content-Length", "Accept"];
        let headers = own.into_iter().map(|name| (name, "x")).chain([("Host", "H"), ("X-Other", "1")]);
        let request = Request {
            method: "GET".into(),
            target: "/../x".into(),
            headers: headers.collect(),
            body: Bytes::from_static(b"\xff"),
            ..Request::default()
        };
        assert_eq!(
            curl(&request, "http://h/", None),
            "printf '%b' '\\0377' | curl --silent --show-error --include --path-as-is \\\n  --request 'GET' \\\n  --header 'X-Other: 1' \\\n  \
             --data-binary @- \\\n  'http://h/../x'"
        );
    }

    #[test]
    fn a_host_of_its_own_is_a_header() {
        let headers = [("Host", "mine.s3.h:1")].into_iter().collect();
        let request = Request { method: "POST".into(), target: "/".into(), headers, ..Request::default() };
        assert!(curl(&request, "http://h:1/prod", None).contains("--header 'Host: mine.s3.h:1'"));
    }

    #[test]
    fn a_signed_post_has_signing_options_and_no_method() {
        let request = Request { method: "POST".into(), target: "/".into(), ..Request::default() };
        assert_eq!(
            curl(&request, "http://h", Some(("r", "s"))),
            "curl --silent --show-error --include --path-as-is \\\n  --aws-sigv4 'aws:amz:r:s' \\\n  \
             --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\" \\\n  --data-binary '' \\\n  'http://h/'"
        );
    }

    #[test]
    fn a_backslash_is_escaped_only_where_the_shell_would_read_it() {
        assert_eq!([quote("\\"), quote("\\\t")], ["'\\'", "$'\\\\\\u0009'"]);
    }
}
