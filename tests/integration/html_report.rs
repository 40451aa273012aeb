//! The page of a run in a browser: what a hostile endpoint sends stays text, and the page does what it is for.
//!
//! `WIREPROOF_CHROMIUM` names the browser; else it is looked for on PATH. Without one the test says that it is skipped,
//! unless `WIREPROOF_REQUIRE_CHROMIUM` is set.

use std::{
    env,
    io::{self, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// A script for every location that can contain a text of the endpoint; each would change the title.
const HOSTILE: &str = "</pre></script></style></title></textarea><script>document.title='owned'</script>\
                       <img src=x onerror=\"document.title='owned'\"><svg onload=document.title='owned'>\
                       \"'` onfocus=document.title='owned' autofocus x=\" --> ]]> <!-- javascript:document.title='owned' \
                       {{ 7*7 }} ${7*7} \u{202e}gnp.exe\u{2066}\u{feff}";

/// The time limit of the browser; a whole catalogue takes about one second.
const LIMIT: Duration = Duration::from_secs(90);

/// A page of a run, and the browser that opens it.
struct Opened {
    browser: PathBuf,
    folder: TempDir,
}

impl Opened {
    /// Runs a few cases of both operations against an endpoint, and keeps the page.
    fn of_run(endpoint: &[&str]) -> Result<Option<Self>> {
        let Some(browser) = browser()? else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let report = format!("html={}", folder.path().join("report.html").display());
        let mut program = Command::new(env!("CARGO_BIN_EXE_wireproof"));
        for (name, _) in env::vars().filter(|(name, _)| name.starts_with("WIREPROOF_") || name.starts_with("AWS_")) {
            program.env_remove(name);
        }
        program.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        program.args([
            "run",
            "--seed",
            "1",
            "--quiet",
            "--report",
            &report,
            "--filter",
            "*/*/missing-*,*/*/unknown-id,*/*/unknown-name",
        ]);
        program.args(endpoint).stdin(Stdio::null());
        let output = assert_cmd::Command::from_std(program).timeout(LIMIT).output()?;
        let ended = output.status.code().is_some_and(|code| code < 4 && code != 2);
        ensure!(ended, "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        Ok(Some(Self { browser, folder }))
    }

    fn page(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.folder.path().join("report.html"))?)
    }

    /// The document as it is after its script has run, at that fragment.
    fn dom(&self, fragment: &str) -> Result<String> {
        let mut chromium = Command::new(&self.browser);
        chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--dump-dom"]);
        chromium.args(["--virtual-time-budget=5000", "--no-first-run", "--disable-background-networking"]);
        chromium.arg(format!("--user-data-dir={}", self.folder.path().join("profile").display()));
        chromium.arg(format!("file://{}#{fragment}", self.folder.path().join("report.html").display()));
        let output = assert_cmd::Command::from_std(chromium).timeout(LIMIT).output()?;
        ensure!(output.status.success(), "the browser: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).context("what the browser writes is UTF-8")
    }
}

/// The browser; `None` where there is none and none is required.
fn browser() -> Result<Option<PathBuf>> {
    let is_set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(named) = is_set("WIREPROOF_CHROMIUM") {
        return Ok(Some(PathBuf::from(named)));
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut places = env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name)));
    let found = places.find(|place| place.is_file());
    let is_required = is_set("WIREPROOF_REQUIRE_CHROMIUM").is_some();
    ensure!(found.is_some() || !is_required, "WIREPROOF_REQUIRE_CHROMIUM is set, and there is no chromium on PATH");
    if found.is_none() {
        writeln!(io::stderr(), "skipped: there is no chromium on PATH, and WIREPROOF_CHROMIUM names none")?;
    }
    Ok(found)
}

/// An endpoint on loopback whose responses contain a possible script in every part.
fn hostile_endpoint() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || respond(stream));
        }
    });
    Ok(endpoint)
}

/// Responds to one request, each time differently, and closes the connection.
fn respond(mut stream: TcpStream) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut request = vec![0; 64 * 1024];
    let read = stream.read(&mut request).ok()?;
    let text = String::from_utf8_lossy(request.get(..read)?);
    let escaped = serde_json::json!(format!("{HOSTILE}\0")).to_string();
    // Its response to an unknown operation differs; otherwise its operations would count as not implemented.
    let (status, body) = if text.contains("WireproofUnknown") {
        (404, "<html><script>document.title='owned'</script></html>".to_owned())
    } else if read % 2 == 0 {
        (400, format!("{{\"__type\":{escaped},\"message\":{escaped},{escaped}:[{escaped}]}}"))
    } else {
        (200, format!("{{\"status\":{escaped},\"pipeline\":{{\"arn\":{escaped}}}}}"))
    };
    let head = format!(
        "HTTP/1.1 {status} {HOSTILE}\r\ncontent-type: {HOSTILE}\r\nx-amzn-errortype: {HOSTILE}\r\nx-amzn-requestid: {HOSTILE}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}

/// The title of a document.
fn title(dom: &str) -> &str {
    dom.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>")).map_or("", |(title, _)| title)
}

/// The cases of a document that are not hidden.
fn shown(dom: &str) -> Vec<&str> {
    let cases = dom.split("<details class=\"case ").skip(1).filter_map(|case| case.split_once('>'));
    let shown = cases.map(|(attributes, _)| attributes).filter(|attributes| !attributes.contains(" hidden=\"\""));
    shown.filter_map(|attributes| attributes.split_once("data-id=\"")?.1.split('"').next()).collect()
}

#[test]
fn what_a_hostile_endpoint_sends_stays_text() -> Result<()> {
    let Some(opened) = Opened::of_run(&["--endpoint", &hostile_endpoint()?])? else { return Ok(()) };
    let page = opened.page()?;
    let expected = title(&page).to_owned();
    let deviating = page.split("data-id=\"").skip(1).filter(|case| case.contains("data-verdict=\"deviates\""));
    let mut ids = deviating.filter_map(|case| case.split('"').next());
    let id = ids.next().context("nothing deviates")?;
    // A case is opened, so that what is packed is drawn as well.
    let dom = opened.dom(&format!("case={}", id.replace('#', "%23")))?;
    ensure!(dom.contains("data-whole=\"true\"") && dom.contains("On the wire"), "the case was not unpacked");
    ensure!(dom.matches("&lt;script&gt;document.title='owned'").count() > 20, "the hostile texts are not on the page");
    ensure!(title(&dom) == expected && !expected.contains("owned"), "a script ran: {:?}", title(&dom));
    for (element, attributes) in elements(&dom) {
        ensure!(!["img", "iframe", "object", "link", "base"].contains(&element.as_str()), "a foreign <{element}>");
        let handler = attributes.iter().find(|name| name.starts_with("on") || *name == "autofocus");
        ensure!(handler.is_none(), "<{element} {}>", handler.map_or("", String::as_str));
    }
    let count = |name: &str| elements(&dom).iter().filter(|(element, _)| element == name).count();
    ensure!(count("script") == page.matches("<script").count(), "a foreign <script>");
    ensure!(!dom.contains(['\0', '\u{202e}', '\u{2066}']), "what cannot be seen is in the document");
    Ok(())
}

/// The elements of a document as a browser writes it, each with the names of its attributes.
fn elements(dom: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest = dom;
    // Out of attributes, a browser writes this character for tags alone, but in a style and in a script.
    while let Some((_, after)) = rest.split_once('<') {
        let (name, mut inner) = after.split_at(after.find([' ', '>']).unwrap_or(after.len()));
        let mut attributes = Vec::new();
        while let Some((attribute, value)) = inner.strip_prefix(' ').and_then(|inner| inner.split_once("=\"")) {
            attributes.push(attribute.to_owned());
            inner = value.split_once('"').map_or("", |(_, rest)| rest);
        }
        let raw = ["style", "script"].into_iter().find(|raw| *raw == name);
        rest = raw.and_then(|raw| inner.split_once(&format!("</{raw}>"))).map_or(inner, |(_, rest)| rest);
        if !name.starts_with(['/', '!']) {
            found.push((name.to_owned(), attributes));
        }
    }
    found
}

#[test]
fn a_script_that_got_into_the_page_would_not_run() -> Result<()> {
    let Some(opened) = Opened::of_run(&[])? else { return Ok(()) };
    let page = opened.page()?;
    let expected = title(&page).to_owned();
    let injected = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><h1";
    std::fs::write(opened.folder.path().join("report.html"), page.replacen("<h1", injected, 1))?;
    let dom = opened.dom("")?;
    ensure!(dom.contains("<script>document.title='owned'"), "nothing was injected");
    ensure!(title(&dom) == expected, "the policy let a script run");
    ensure!(dom.contains(" cases</output>"), "the page's own script did not run");
    Ok(())
}

#[test]
fn the_address_filters_opens_and_names_what_is_looked_at() -> Result<()> {
    let Some(opened) = Opened::of_run(&[])? else { return Ok(()) };
    let all = opened.dom("")?;
    let every = shown(&all);
    ensure!(every.len() > 4, "{every:?}");
    let found = opened.dom("q=missing-+stop")?;
    ensure!(!shown(&found).is_empty() && shown(&found).len() < every.len(), "{:?}", shown(&found));
    ensure!(shown(&found).iter().all(|id| id.contains("missing-")), "{:?}", shown(&found));
    let none = opened.dom("verdict=deviates")?;
    ensure!(shown(&none).is_empty() && none.contains(&format!("0 of {} cases", every.len())), "the filter by verdict");
    let proton = opened.dom("operation=proton+CancelServicePipelineDeployment")?;
    ensure!(!shown(&proton).is_empty() && shown(&proton).iter().all(|id| id.starts_with("proton/")), "by operation");
    let cited = opened.dom("requirement=SD-22")?;
    ensure!(!shown(&cited).is_empty() && shown(&cited).len() < every.len(), "{:?}", shown(&cited));
    ensure!(cited.contains("aria-current=\"true\""), "the requirement is not chosen");
    Ok(())
}

#[test]
fn the_page_is_one_file_of_bounded_size() -> Result<()> {
    let Some(opened) = Opened::of_run(&[])? else { return Ok(()) };
    let beside: Vec<PathBuf> = std::fs::read_dir(opened.folder.path())?.flatten().map(|entry| entry.path()).collect();
    ensure!(beside.iter().all(|path| Path::new(path).ends_with("report.html")), "{beside:?}");
    let bytes = opened.page()?.len();
    ensure!(bytes < 400_000, "{bytes} bytes");
    Ok(())
}
