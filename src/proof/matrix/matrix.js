// Draws the table of mutants from the data in the page, as far as the user scrolls.
// Fetches nothing, and sets every value as text, never as markup.
(() => {
  const BATCH = 100;
  // Problems come first.
  const FATES = ["survived", "false-positive", "idle", "inconclusive", "killed", "equivalent"];
  const GOOD = ["killed", "equivalent", "inconclusive"];
  const WEIGHT = { note: 1, warning: 2, error: 3 };
  const MARK = { note: "n", warning: "W", error: "E" };
  const ARTICLE = { note: "a note", warning: "a warning", error: "an error" };
  // Controls, and characters that have no shape of their own or change the direction; the report in a terminal spells out
  // the same ones.
  const UNSEEN = /(?![\ufe0e\ufe0f])[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\ufff9-\ufffb]/gu;

  const byId = (id) => document.getElementById(id);
  const { codes, flags, mutants, remedies } = JSON.parse(byId("data").textContent);
  const [search, family, fate, body] = ["search", "family", "fate", "rows"].map(byId);
  const [scroller, more, none] = ["scroller", "more", "none"].map(byId);
  const place = new Map(mutants.map((row, index) => [row, index]));

  const safe = (text) => text.replace(UNSEEN, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
  const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const inWords = (name) => name.replace("-", " ");

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // Which rows, and in what order.

  function words(row) {
    const { detection } = row;
    const found = detection ? [detection.case, detection.expected, detection.actual] : [];
    const all = [row.id, row.says, row.family, row.fate, row.reason ?? "", ...Object.keys(row.codes), ...found];
    return all.join("\n").toLowerCase();
  }
  const searched = new Map(mutants.map((row) => [row, words(row)]));

  const hasFate = (row) =>
    fate.value === "" || (fate.value === "wrong" ? !GOOD.includes(row.fate) : row.fate === fate.value);

  function selected() {
    const asked = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (row) =>
      (family.value === "" || row.family === family.value) &&
      hasFate(row) &&
      asked.every((word) => searched.get(row).includes(word));
    return mutants.filter(fits);
  }

  function weight(row, code) {
    const cell = row.codes[code];
    return cell ? WEIGHT[cell.severity] * 1e6 + cell.cases : 0;
  }

  const compare = {
    mutant: (a, b) => place.get(a) - place.get(b),
    family: (a, b) => (a.family < b.family ? -1 : Number(a.family > b.family)),
    fate: (a, b) => FATES.indexOf(a.fate) - FATES.indexOf(b.fate),
  };
  const order = { key: "fate", descending: false };

  function sorted(rows) {
    const by = compare[order.key] ?? ((a, b) => weight(a, order.key) - weight(b, order.key));
    const sign = order.descending ? -1 : 1;
    return rows.sort((a, b) => sign * by(a, b) || place.get(a) - place.get(b));
  }

  // How a row looks.

  function fateCell(row) {
    const worst = Math.max(0, ...row.kind.map((code) => WEIGHT[row.codes[code]?.severity] ?? 0));
    const byWarning = row.fate === "killed" && worst === WEIGHT.warning;
    const tone = byWarning ? "weak" : GOOD.includes(row.fate) ? "good" : "bad";
    return element("td", { class: `fate ${tone}` }, inWords(row.fate) + (byWarning ? " (warning)" : ""));
  }

  function codeCell(row, code) {
    const cell = row.codes[code];
    const kind = row.kind.includes(code) ? " kind" : "";
    if (!cell) return element("td", { class: `code${kind}` });
    const title = `${code}: ${ARTICLE[cell.severity]} in ${counted(cell.cases, "case")}`;
    return element("td", { class: `code ${cell.severity}${kind}`, title }, `${MARK[cell.severity]} ${cell.cases}`);
  }

  function detail(row) {
    const list = element("dl", {});
    const tell = (term, what) => list.append(element("dt", {}, term), element("dd", {}, what));
    const verbatim = (text) => element("code", {}, safe(text));
    tell("fault", safe(row.says));
    tell("expected checks", row.kind.join(", "));
    if (row.reason !== undefined) tell("not detected because", safe(row.reason));
    tell("ran", `${counted(row.cases, "case")}; the fault took effect in ${counted(row.deviations, "request")}`);
    if (row.detection) {
      const { code, severity, expected, actual } = row.detection;
      tell("found", `${code}, ${ARTICLE[severity]}`);
      tell("case", verbatim(row.detection.case));
      tell("expected", verbatim(expected));
      tell("actual", verbatim(actual));
    }
    if (remedies[row.fate]) tell("help", remedies[row.fate]);
    const word = `'${row.id.replaceAll("'", "'\\''")}'`;
    tell("rerun", verbatim(`wireproof mutants --only ${word} -v ${flags}`.trimEnd()));
    return element("tr", { class: "detail" }, element("td", { colspan: String(3 + codes.length) }, list));
  }

  function drawn(row) {
    const button = element("button", { type: "button", class: "id", "aria-expanded": "false" }, safe(row.id));
    const line = element("tr", {}, element("th", { scope: "row" }, button));
    line.append(element("td", {}, safe(row.family)), fateCell(row), ...codes.map((code) => codeCell(row, code)));
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-expanded") === "true";
      if (open) line.nextElementSibling.remove();
      else line.after(detail(row));
      button.setAttribute("aria-expanded", String(!open));
    });
    return line;
  }

  // The table, as far as it is looked at.

  let rows = [];
  let shown = 0;
  const observer =
    "IntersectionObserver" in window
      ? new IntersectionObserver((seen) => seen.some((entry) => entry.isIntersecting) && extend(), {
          root: scroller,
          rootMargin: "600px",
        })
      : undefined;

  function extend() {
    body.append(...rows.slice(shown, shown + BATCH).map(drawn));
    shown = Math.min(shown + BATCH, rows.length);
    more.hidden = shown === rows.length;
    // Observe it again, so that the browser reports again whether it is visible.
    observer?.unobserve(more);
    if (!more.hidden) observer?.observe(more);
  }

  function draw() {
    rows = sorted(selected());
    shown = 0;
    body.replaceChildren();
    scroller.scrollTop = 0;
    none.hidden = rows.length > 0;
    byId("count").textContent = `${rows.length} of ${counted(mutants.length, "mutant")}`;
    for (const cell of byId("head").children) {
      if (cell.dataset.key === order.key) cell.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    extend();
  }

  function heading(key) {
    const isCode = !(key in compare);
    const button = element("button", { type: "button", title: `sort by ${key}` }, element("span", {}, key));
    button.addEventListener("click", () => {
      // Sort checks by their worst findings first, and names from A to Z.
      order.descending = order.key === key ? !order.descending : isCode;
      order.key = key;
      draw();
    });
    return element("th", { scope: "col", "data-key": key, class: isCode ? "code" : "" }, button);
  }

  function option(select, value, name, number) {
    select.append(element("option", { value }, `${safe(name)} (${number})`));
  }

  byId("head").append(...["mutant", "family", "fate", ...codes].map(heading));
  const of = (key, value) => mutants.filter((row) => row[key] === value).length;
  for (const name of new Set(mutants.map((row) => row.family))) option(family, name, name, of("family", name));
  for (const name of FATES) option(fate, name, inWords(name), of("fate", name));
  search.addEventListener("input", draw);
  family.addEventListener("change", draw);
  fate.addEventListener("change", draw);
  more.addEventListener("click", extend);
  draw();
})();
