pub(super) struct TextRule<'a> { pub(super) pattern: Option<&'a str>, pub(super) min: u64, pub(super) max: Option<u64> }
#[derive(Debug)]
pub(super) struct Witness { min: u64, max: Option<u64>, pattern: Option<String> }
pub(super) enum NearMiss { Start, Middle, End, Newline, NonAsciiDigit }
impl Witness {
    pub(super) fn new(rule: TextRule<'_>) -> Result<Self, String> { Ok(Self { min: rule.min, max: rule.max, pattern: rule.pattern.map(str::to_owned) }) }
    pub(super) fn text(&self, salt: u64) -> String { let s = format!("wp{:x}", salt & 0xffff_ffff); let n = self.min.max(8).min(self.max.unwrap_or(u64::MAX)) as usize; let mut s: String = s; while s.len() < n { s.push('w'); } s.truncate(n); s }
    pub(super) fn of_length(&self, n: u64, _salt: u64) -> Option<String> { self.pattern.is_none().then(|| "w".repeat(n as usize)) }
    pub(super) fn near_misses(&self, _salt: u64) -> Vec<(NearMiss, String)> { vec![] }
}
