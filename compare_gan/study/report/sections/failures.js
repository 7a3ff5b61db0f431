// The runs that failed, with their logs.

function logOf(run) {
  const lines = details.get(run).log || [];
  if (!lines.length) return null;
  const pre = make("pre", { textContent: lines.join("\n"), tabIndex: 0 });
  return make("details", {}, [make("summary", { textContent: `last ${lines.length} lines of its log` }), pre]);
}

function startFailures() {
  const failed = data.runs.filter((run) => !["ok", "running", "waiting"].includes(run.status));
  if (!failed.length) return fill("failures", note("No run failed."));
  const rowsOf = (run) => [[openButton(run), describe(run), run.status,
    make("div", {}, [run.reason, logOf(run)]), run.attempts]];
  inParts("failures", ["run", "what", "status", "reason", "attempts"], failed, rowsOf, 10);
}

startFailures();
