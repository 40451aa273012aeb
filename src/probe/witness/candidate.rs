//! Strings as a person would write them, tried before any is made from the pattern: an endpoint may check more than the
//! pattern, and a reader recognizes them.

use super::salt::Salt;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
const NON_ZERO: &str = "123456789";
const HEX: &str = "0123456789abcdef";
const BASE36: &str = "0123456789abcdefghijklmnopqrstuvwxyz";

const REGIONS: [&str; 6] = ["us-east-1", "eu-west-1", "us-west-2", "eu-central-1", "ap-south-1", "us-east-2"];

/// The account of AWS's own examples.
const ACCOUNT: &str = "123456789012";

/// Strings that may match this pattern, the plainest first. Another salt gives other ones.
pub(super) fn candidates(pattern: &str, salt: u64) -> Vec<String> {
    let salt = &mut Salt::new(salt, 0);
    let token = format!("{}{}", salt.characters(LETTERS, 1), salt.characters(BASE36, 7));
    let mut all = names(&token, salt);
    all.extend(places(&token, salt));
    all.extend(numbers(salt));
    if pattern.contains("arn") {
        // If a pattern accepts anything, a plain name suffices; if it requires ARNs, it does not.
        let at = if begins_optionally(pattern) { all.len() } else { 0 };
        all.splice(at..at, arns(pattern, &format!("wp-{token}"), salt));
    }
    all
}

/// Returns whether the group at the beginning of a pattern is optional: what follows it stands alone.
fn begins_optionally(pattern: &str) -> bool {
    let mut depth = 0_usize;
    let group = pattern.trim_start_matches('^');
    let end = group.char_indices().find_map(|(at, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0).then_some(at + 1)
    });
    group.starts_with('(') && end.and_then(|end| group.get(end..)).is_some_and(|rest| rest.starts_with('?'))
}

fn names(token: &str, salt: &mut Salt) -> Vec<String> {
    let letters = salt.characters(LETTERS, 8);
    let capitals = letters.to_ascii_uppercase();
    vec![
        format!("wp-{token}"),
        format!("wp_{token}"),
        format!("wp{token}"),
        format!("Wp{token}"),
        format!("wp{letters}"),
        format!("Wp{letters}"),
        format!("WP{capitals}"),
        token.chars().take(5).collect(),
        letters.chars().take(4).collect(),
        letters.chars().take(2).collect(),
        capitals.chars().take(2).collect(),
        format!("WP{}", token.to_ascii_uppercase()),
        uuid(salt),
        format!("wp-{token}-{}", salt.characters(BASE36, 12)),
        format!("wp-{token}-{}", salt.characters(BASE36, 28)),
    ]
}

fn numbers(salt: &mut Salt) -> Vec<String> {
    let mut all = vec![uuid(salt)];
    all.extend(
        [12, 8, 5, 3, 2, 1]
            .map(|count| format!("{}{}", salt.characters(NON_ZERO, 1), salt.characters(DIGITS, count - 1))),
    );
    all.extend([8, 12, 16, 17, 24, 32, 36, 40, 64].map(|count| salt.characters(HEX, count)));
    let (month, day, minute) = (1 + salt.below(12), 10 + salt.below(18), 10 + salt.below(49));
    all.extend([
        format!("2026-{month:02}-{day}T10:{minute}:00Z"),
        format!("2026-{month:02}-{day}T10:{minute}:00.000Z"),
        format!("2026-{month:02}-{day}"),
        format!("2026-{month:02}"),
        format!("10:{minute}"),
        format!("1.{}.{}", salt.below(90), salt.below(90)),
        format!("1.{}", salt.below(90)),
    ]);
    all
}

fn uuid(salt: &mut Salt) -> String {
    let parts = [8, 3, 3, 12].map(|count| salt.characters(HEX, count));
    let [first, second, third, last] = parts;
    format!("{first}-{}-4{second}-a{third}-{last}", salt.characters(HEX, 4))
}

fn places(token: &str, salt: &mut Salt) -> Vec<String> {
    let region = region(salt);
    let (high, low) = (salt.below(200), 1 + salt.below(200));
    vec![
        region.to_owned(),
        format!("{region}a"),
        format!("wp-{token}@example.com"),
        format!("https://wp-{token}.example.com/"),
        format!("https://wp-{token}.example.com/wp"),
        format!("https://example.com/wp-{token}"),
        format!("wp-{token}.example.com"),
        format!("s3://wp-{token}/wp"),
        format!("s3://wp-{token}"),
        format!("/wp/{token}"),
        format!("/wp/{token}/"),
        format!("wp/{token}"),
        format!("10.{high}.{low}.0/24"),
        format!("10.{high}.{low}.7"),
        format!("2001:db8::{low:x}/64"),
        format!("2001:db8::{low:x}"),
        format!("{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/wp-{token}:latest"),
    ]
}

fn region(salt: &mut Salt) -> &'static str {
    salt.pick(&REGIONS).copied().unwrap_or("us-east-1")
}

/// ARNs of the service and the kind of resource that the pattern spells out.
fn arns(pattern: &str, name: &str, salt: &mut Salt) -> Vec<String> {
    let fields = fields(pattern.find("arn").and_then(|place| pattern.get(place..)).unwrap_or_default());
    let literal = |place: usize| fields.get(place).map(|field| literal_start(field)).unwrap_or_default();
    let service = Some(literal(2)).filter(|service| !service.is_empty()).or_else(|| lone_word(pattern));
    let service = service.unwrap_or_else(|| "s3".to_owned());
    let region = region(salt);
    let id = uuid(salt);
    let kind = literal(5);
    let kind = kind.trim_end_matches('/');
    let below = fields.get(6).map(|field| literal_start(field)).unwrap_or_default();
    let resources = [
        format!("{kind}/{name}"),
        format!("{kind}:{name}"),
        format!("{kind}/{id}"),
        format!("{kind}{name}"),
        format!("{kind}/{name}/{id}"),
        format!("{kind}:{below}{name}"),
        format!("{kind}/{name}:1"),
        format!("wp/{name}"),
        name.to_owned(),
    ];
    let owners = [format!("{region}:{ACCOUNT}"), format!(":{ACCOUNT}"), ":".to_owned(), format!("{region}:")];
    let of = |owner: &String| resources.clone().map(|resource| format!("arn:aws:{service}:{owner}:{resource}"));
    owners.iter().flat_map(of).collect()
}

/// The fields of an ARN as its pattern has them: split at the colons outside of groups and classes.
fn fields(pattern: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut depth = 0_u32;
    for c in pattern.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => {
                fields.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = fields.last_mut() {
            last.push(c);
        }
    }
    fields
}

/// The literal beginning of a part of a pattern, also within a group.
fn literal_start(part: &str) -> String {
    let part = part.trim_start_matches(['(', '?', ':', '^']).replace('\\', "");
    part.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_')).collect()
}

/// The first word between two colons in the pattern.
fn lone_word(pattern: &str) -> Option<String> {
    let is_word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    pattern.split(':').skip(1).find(is_word).map(str::to_owned)
}

/// A generated ARN with a well-known partition, region and account, as far as it stays valid.
pub(super) fn familiar(made: String, is_valid: impl Fn(&str) -> bool) -> String {
    if !made.starts_with("arn:") {
        return made;
    }
    [(1, "aws"), (3, "us-east-1"), (4, ACCOUNT)].into_iter().fold(made, |text, (place, known)| {
        let fields = text.split(':').enumerate();
        let better: Vec<&str> = fields.map(|(at, field)| if at == place { known } else { field }).collect();
        Some(better.join(":")).filter(|better| is_valid(better)).unwrap_or(text)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+", "arn:aws:secretsmanager:", ":secret:wp-n")]
    #[case(r"^arn:(aws|aws-cn):iam::\d{12}:role/.+$", "arn:aws:iam::123456789012:", ":role/wp-n")]
    #[case(r".*arn:.*", "arn:aws:s3:::", ":wp-n")]
    fn an_arn_names_the_service_and_the_sort_of_resource(
        #[case] pattern: &str,
        #[case] start: &str,
        #[case] end: &str,
    ) {
        let arns = arns(pattern, "wp-n", &mut Salt::new(1, 0));
        assert!(arns.iter().any(|arn| arn.starts_with(start) && arn.ends_with(end)), "{arns:#?}");
    }

    #[rstest]
    #[case::required("arn:aws:lambda:.*", "arn:")]
    #[case::one_of_two("^(arn:aws:lambda:.*|[a-z]+)$", "arn:")]
    #[case::optional(r"(arn:(aws[a-z-]*)?:lambda:)?(\d{12}:)?(function:)?([a-z-]+)", "wp-")]
    #[case::not_closed("(arn", "arn:")]
    fn an_arn_comes_first_where_it_is_not_optional(#[case] pattern: &str, #[case] start: &str) {
        let first = candidates(pattern, 1).into_iter().next().unwrap();
        assert!(first.starts_with(start), "{first}");
    }

    #[test]
    fn names_come_first_and_another_salt_gives_another_name() {
        let first = |salt| candidates(".*", salt).first().cloned().unwrap();
        assert!(first(1).starts_with("wp-"));
        assert_ne!(first(1), first(2));
        assert_eq!(first(1), first(1));
    }
}
