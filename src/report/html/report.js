// // Lists, filters and opens the cases, and unpacks their exchanges. Fetches nothing, and sets every value as text, never
// // as markup. The URL contains the current view, so that it can be shared.
{
  const byId = (id) => document.getElementById(id);
  // // The elements of the cases, and what is known of each.
  const cases = [];
  const known = new Map();
  const all = new Map();
  const controls = new Map(["q", "verdict", "operation", "code", "cause", "severity"].map((name) => [name, byId(name)]));
  const NAMES = [...controls.keys(), "requirement", "case"];
  const state = { q: "", verdict: "", operation: "", code: "", cause: "", severity: "", requirement: "", case: "" };

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // // The current view, in the URL and in the controls.

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const name of NAMES) state[name] = asked.get(name) ?? "";
  }

  function write() {
    const kept = new URLSearchParams(NAMES.filter((name) => state[name]).map((name) => [name, state[name]]));
    const hash = `#${kept}`;
    if (hash === location.hash || (hash === "#" && location.hash === "")) return;
    try {
      history.replaceState(null, "", hash === "#" ? location.pathname + location.search : hash);
    } catch {
      // // The view works even if the URL cannot change.
    }
  }

  // // The cases that match.

  const words = new Map();
  function text(one) {
    if (!words.has(one)) {
      const { id, title, reason, requirements, findings, notes } = known.get(one);
      const found = [...findings, ...notes].flatMap(({ code, rule, location, expected, actual }) => [code, rule, location, expected, actual]);
      words.set(one, [id, title, reason, ...requirements, ...found].join(" ").toLowerCase());
    }
    return words.get(one);
  }

  const among = (list, name) => name === "" || list.includes(name);

  function fits(one, asked) {
    const { verdict, service, operation, codes, severities, requirements, causes } = known.get(one);
    return (
      (state.verdict === "" || verdict === state.verdict) &&
      (state.operation === "" || `${service} ${operation}` === state.operation) &&
      among(codes, state.code) &&
      among(severities, state.severity) &&
      among(requirements, state.requirement) &&
      among(causes.map(({ number }) => String(number)), state.cause) &&
      asked.every((word) => text(one).includes(word))
    );
  }

  function draw() {
    const asked = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const group of document.querySelectorAll(".cases")) {
      let here = 0;
      for (const one of group.querySelectorAll(".case")) {
        one.hidden = !fits(one, asked);
        here += one.hidden ? 0 : 1;
      }
      group.hidden = here === 0;
      group.querySelector(".shown").textContent = String(here);
      shown += here;
    }
    byId("none").hidden = shown > 0;
    byId("count").textContent = `${shown} of ${cases.length} cases`;
    for (const [name, control] of controls) if (control.value !== state[name]) control.value = state[name];
    byId("unpin").textContent = `${state.requirement} ✕`;
    byId("unpin").setAttribute("aria-label", `Show cases of all requirements, not only ${state.requirement}`);
    byId("unpin").hidden = state.requirement === "";
    byId("clear").hidden = !NAMES.some((name) => name !== "case" && state[name]);
    choose();
  }

  function set(changes) {
    Object.assign(state, changes);
    write();
    draw();
  }

  const nothing = () => ({ q: "", verdict: "", operation: "", code: "", cause: "", severity: "", requirement: "" });

  // Requirements.

  function copied(id) {
    const copy = byId(id)?.cloneNode(true);
    copy?.removeAttribute("id");
    return copy;
  }

  function choose() {
    for (const old of document.querySelectorAll(".chosen > *")) old.remove();
    for (const cell of document.querySelectorAll("a.cell")) {
      const isChosen = state.requirement !== "" && cell.hash === `#${state.requirement}`;
      if (isChosen) {
        cell.setAttribute("aria-current", "true");
        cell.closest(".operation").querySelector(".chosen").append(copied(state.requirement));
      } else cell.removeAttribute("aria-current");
    }
  }

  const tip = byId("tip");
  function hint(cell) {
    tip.replaceChildren(copied(cell.hash.slice(1)) ?? "");
    tip.hidden = false;
    const place = cell.getBoundingClientRect();
    const left = Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - 8);
    const below = place.bottom + tip.offsetHeight + 12 < innerHeight;
    tip.style.left = `${Math.max(8, left) + scrollX}px`;
    tip.style.top = `${(below ? place.bottom + 6 : place.top - tip.offsetHeight - 6) + scrollY}px`;
  }

  for (const cell of document.querySelectorAll("a.cell")) {
    cell.removeAttribute("title");
    for (const kind of ["mouseenter", "focus"]) cell.addEventListener(kind, () => hint(cell));
    for (const kind of ["mouseleave", "blur"]) cell.addEventListener(kind, () => (tip.hidden = true));
  }

  // // The exchanges of a case.

  const chunks = new Map();
  async function unpack(id) {
    const packed = Uint8Array.from(atob(byId(id).textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  const pieces = (marked) =>
    marked.map(([text, severity, says]) => (severity ? element("mark", { class: severity, title: says }, text) : text));

  function exchange(one) {
    const about = element("span", { class: "faint" }, `${one.part} · ${one.status} · ${one.took}`);
    const pair = element("div", { class: "pair" });
    pair.append(element("pre", {}, ...pieces(one.request)), element("pre", {}, ...pieces(one.response)));
    const made = element("details", { class: "exchange" }, element("summary", {}, one.title, about), pair);
    if (!one.more) return [made];
    return [made, element("p", { class: "faint small" }, `and ${one.more} more like it; --recording DIR keeps all of them`)];
  }

  // // Setup and teardown are collapsed, so that the steps of the case come first.
  function listed(exchanges) {
    const made = [];
    let aside;
    for (const one of exchanges) {
      if (!one.is_aside) {
        aside = undefined;
        const [drawn, ...more] = exchange(one);
        drawn.open = true;
        made.push(drawn, ...more);
        continue;
      }
      if (aside?.part !== one.part) {
        aside = { part: one.part, count: 0, summary: element("summary", {}), list: element("details", { class: "aside-calls" }) };
        aside.list.append(aside.summary);
        made.push(aside.list);
      }
      aside.count += 1 + one.more;
      aside.summary.textContent = `${aside.part}: ${aside.count} ${aside.count === 1 ? "exchange" : "exchanges"}`;
      aside.list.append(...exchange(one));
    }
    return made;
  }

  const SIGNS = { "+": "added", "-": "removed", " ": "same" };
  function compared(difference) {
    if (difference.length === 0) return [];
    const lines = difference.flatMap((hunk, index) => [
      ...(index > 0 ? [element("span", { class: "gap" }, "⋯\n")] : []),
      ...hunk.map(({ sign, text }) => element("span", { class: SIGNS[sign] }, `${sign} ${text}\n`)),
    ]);
    return [element("h4", {}, "Difference from the snapshot"), element("pre", { class: "difference" }, ...lines)];
  }

  // // The reason why the page lacks the exchanges of a case.
  function lacking({ causes }) {
    const cause = causes[0];
    if (!cause) return ["This page has exchanges of causes only. Rerun the case to see its exchanges."];
    const anchor = known.get(all.get(cause.representative)).anchor;
    return [`This page has few exchanges of cause ${cause.number}, such as those of `, element("a", { href: `#${anchor}` }, cause.representative), "."];
  }

  async function unpackInto(one) {
    const wire = one.querySelector(".wire");
    if (wire.dataset.whole) return;
    wire.dataset.whole = "true";
    const at = known.get(one).packed_at;
    if (!at) {
      wire.append(element("p", { class: "faint" }, ...lacking(known.get(one))));
      return;
    }
    if (!chunks.has(at.chunk)) chunks.set(at.chunk, unpack(`wire-${at.chunk}`));
    try {
      const { exchanges, difference } = (await chunks.get(at.chunk))[at.index];
      const heading = element("h4", {}, exchanges.length === 0 ? "No request was sent" : "On the wire");
      wire.replaceChildren(heading, ...listed(exchanges), ...compared(difference));
    } catch (error) {
      wire.append(element("p", { class: "faint" }, `Cannot unpack the other exchanges: ${error}`));
    }
  }

  // // Cases that are not written out. The markup is that of the template.

  const tag = (text, kind = "") => element("span", { class: `tag ${kind}` }, text);
  const reference = (id) => (byId(id) ? element("a", { href: `#${id}` }, id) : id);

  function finding({ severity, code, rule, location, evidence, expected, actual, cites }) {
    const name = element("strong", { class: "mono" }, rule ? `${code}/${rule}` : code);
    const about = element("span", { class: "faint" }, `in ${location} · ${evidence}`);
    const values = Object.entries({ expected, actual }).flatMap(([label, value]) => [
      element("dt", {}, label),
      element("dd", {}, element("code", {}, value)),
    ]);
    const cited = cites.map(({ id, says, document, section }) => {
      const source = document ? [element("cite", { class: "faint" }, `${document}, ${section}`)] : [];
      return element("p", { class: "cited" }, reference(id), ` ${says ?? ""} `, ...source);
    });
    const head = element("p", {}, tag(severity, severity), " ", name, " ", about);
    return element("section", { class: `finding ${severity}-edge` }, head, element("dl", { class: "compared" }, ...values), ...cited);
  }

  function facts({ cites, alternatives, causes, position, checks, took, command }) {
    const cause = ({ number, headline }) => [element("a", { href: "#cases", "data-set": `cause=${number}` }, number), ` ${headline}`];
    const rows = [
      ["Cites", cites.flatMap((id) => [reference(id), " "])],
      ["Response", alternatives.length > 0 ? [alternatives.join("; ")] : []],
      ...causes.map((one) => ["Cause", cause(one)]),
      ["Fixture", [element("code", {}, position)]],
      ["Checks", [`${checks} ${checks === 1 ? "check" : "checks"} in ${took}`]],
      ["Rerun", [element("code", { class: "command" }, command)]],
    ];
    const shown = rows.filter(([, value]) => value.length > 0);
    return element("dl", { class: "facts" }, ...shown.flatMap(([label, value]) => [element("dt", {}, label), element("dd", {}, ...value)]));
  }

  function fill(one) {
    const about = known.get(one);
    const body = element("div", { class: "body" });
    if (about.reason) body.append(element("p", { class: "reason" }, about.reason));
    body.append(...about.findings.map(finding));
    if (about.notes.length > 0) {
      const summary = element("summary", {}, `${about.notes.length} ${about.notes.length === 1 ? "note" : "notes"}`);
      body.append(element("details", { class: "notes" }, summary, ...about.notes.map(finding)));
    }
    body.append(facts(about), element("div", { class: "wire" }));
    one.append(body);
  }

  function drawn({ verdict, anchor, id, mark, name, title, is_unjudged, reason, codes }) {
    const what = element("span", { class: "what" }, element("span", { class: "name mono" }, name), " ", element("span", { class: "title" }, title));
    if (is_unjudged) what.append(element("span", { class: "why" }, reason));
    const dot = element("i", { class: `dot ${verdict}`, "aria-hidden": "true" }, mark);
    const found = element("span", { class: "codes" }, ...codes.map((code) => tag(code)));
    const summary = element("summary", {}, dot, what, found, element("span", { class: "verdict" }, verdict.replace("-", " ")));
    return element("details", { class: `case ${verdict}`, id: anchor, "data-id": id, "data-verdict": verdict }, summary);
  }

  function list(packed) {
    const panels = new Map([...document.querySelectorAll(".cases")].map((group) => [group.dataset.operation, group.querySelector(".panel")]));
    for (const about of packed) {
      const one = byId(about.anchor) ?? drawn(about);
      // // A case that is written out moves to its place in the order.
      panels.get(`${about.service} ${about.operation}`).append(one);
      cases.push(one);
      known.set(one, about);
      all.set(about.id, one);
      one.addEventListener("toggle", () => toggled(one));
    }
  }

  // Cases that open and close.

  function show(id) {
    const one = all.get(id);
    if (!one) return;
    if (one.hidden) set(nothing());
    one.open = true;
    const summary = one.querySelector("summary");
    summary.scrollIntoView({ block: "start" });
    summary.focus({ preventScroll: true });
  }

  function toggled(one) {
    if (one.open) {
      if (!one.querySelector(".body")) fill(one);
      unpackInto(one);
      state.case = one.dataset.id;
    } else if (state.case === one.dataset.id) state.case = "";
    write();
  }

  // Links within the page.

  function follow(event) {
    const link = event.target.closest("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const target = link.hash.slice(1);
    const there = byId(target);
    if (link.dataset.set) {
      set({ ...nothing(), ...Object.fromEntries([link.dataset.set.split(/=(.*)/s).slice(0, 2)]) });
      byId("cases").scrollIntoView();
      byId("cases").focus({ preventScroll: true });
    } else if (link.matches("a.cell")) {
      tip.hidden = true;
      set({ requirement: state.requirement === target ? "" : target });
    } else if (there?.matches(".case")) {
      show(there.dataset.id);
    } else if (there?.matches(".requirement")) {
      set({ requirement: target });
      document.querySelector("a.cell[aria-current]")?.closest(".operation").scrollIntoView();
    } else return;
    event.preventDefault();
  }

  // Keys.

  function step(by) {
    const shown = cases.filter((one) => !one.hidden);
    const at = shown.indexOf(document.activeElement?.closest?.(".case"));
    const next = shown[at < 0 ? (by > 0 ? 0 : shown.length - 1) : Math.min(Math.max(at + by, 0), shown.length - 1)];
    next?.querySelector("summary").focus();
  }

  function escape() {
    const open = document.activeElement?.closest?.(".case[open]") ?? (state.case ? all.get(state.case) : undefined);
    if (!tip.hidden) tip.hidden = true;
    else if (document.activeElement === controls.get("q")) {
      set({ q: "" });
      controls.get("q").blur();
    } else if (open?.open) {
      open.open = false;
      open.querySelector("summary").focus();
    } else if (state.requirement) set({ requirement: "" });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches("input, select, textarea");
    const isOnCase = event.target.matches(".case > summary");
    if (event.key === "Escape") escape();
    else if (isTyping) return;
    else if (event.key === "/") controls.get("q").focus();
    else if (event.key === "j" || (event.key === "ArrowDown" && isOnCase)) step(1);
    else if (event.key === "k" || (event.key === "ArrowUp" && isOnCase)) step(-1);
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", follow);
  for (const [name, control] of controls) {
    control.addEventListener(name === "q" ? "input" : "change", () => set({ [name]: control.value }));
  }
  document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", () => set(nothing()));
  byId("unpin").addEventListener("click", () => set({ requirement: "" }));

  function arrive() {
    const target = location.hash.slice(1);
    const there = byId(target);
    if (there && !there.matches(".case, .requirement")) return;
    read();
    if (there?.matches(".case")) state.case = there.dataset.id;
    if (there?.matches(".requirement")) state.requirement = target;
    draw();
    if (state.case) show(state.case);
    else if (state.requirement) document.querySelector("a.cell[aria-current]")?.closest(".operation").scrollIntoView();
  }

  async function begin() {
    try {
      list(await unpack("packed-cases"));
    } catch (error) {
      byId("unpacked").textContent = `Cannot list all cases: ${error}`;
      byId("unpacked").hidden = false;
      return;
    }
    addEventListener("hashchange", arrive);
    document.querySelector(".filters").hidden = false;
    document.querySelector(".keys").hidden = false;
    draw();
    arrive();
  }
  begin();
}
