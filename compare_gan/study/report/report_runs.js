// One run, or some side by side, in a dialog.

const detailsInOrder = JSON.parse(get("details").textContent);
const details = new Map(data.runs.map((run, i) => [run, detailsInOrder[i]]));
const byId = new Map(data.runs.map((run) => [run.id, run]));

function openButton(run) {
  const button = make("button", { className: "open", type: "button", textContent: shortId(run.id), title: describe(run) });
  button.setAttribute("aria-label", `Open run ${shortId(run.id)}`);
  button.onclick = () => showRuns([run]);
  return button;
}

function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// {name: [[step, value]]} of the learning curves of a run.
function curvesOf(run) {
  const { curves } = details.get(run);
  if (!curves) return {};
  const values = floats(curves.values);
  const points = values.length / curves.names.length;
  const row = (i) => values.subarray(i * points, (i + 1) * points);
  const steps = row(0);
  return Object.fromEntries(curves.names.map((name, i) => [name, Array.from(row(i), (y, k) => [steps[k], y])]).slice(1));
}

const union = (lists) => [...new Set(lists.flat())];

const nameOf = (run) => shortId(run.id);

// A table with a column for each run; rows that differ are marked.
function sideTable(runs, rows) {
  const holder = plainTable(["", ...runs.map(nameOf)], []);
  for (const [name, ...values] of rows) {
    const differs = new Set(values.map(String)).size > 1;
    holder.querySelector("tbody").append(make("tr", { className: differs ? "differs" : "" },
      [make("th", { textContent: name, scope: "row" }), ...values.map((value) => cell(value ?? "–"))]));
  }
  return holder;
}

function settingsPart(runs) {
  const axes = Object.keys(data.axes);
  const of = (name, value) => [name, ...runs.map((run) => { const x = value(run); return typeof x === "number" ? format(x) : x; })];
  return sideTable(runs, [
    of("status", (run) => run.status),
    ...(runs.some((run) => run.reason) ? [of("reason", (run) => run.reason)] : []),
    ...axes.map((axis) => of(axis, (run) => run.cell[axis])),
    ...data.settings.map((name) => of(name, (run) => run.settings[name])),
    of("seed", (run) => run.seed),
    of("phase", (run) => run.phase),
    ...data.metrics.map((metric) => of(metric, (run) => run.scores[metric])),
    of("minutes", (run) => (known(run.seconds) ? run.seconds / 60 : null)),
    of("protocol", (run) => run.protocol),
  ]);
}

function picturePart(runs) {
  const shown = runs.map((run) => {
    const { picture_file: file } = details.get(run);
    const picture = data.pictures[run.id];
    const parts = [make("figcaption", { textContent: nameOf(run) })];
    if (picture) parts.push(make("img", { src: picture, alt: `Samples of run ${nameOf(run)}`, decoding: "async" }));
    if (!file) parts.push(note("no picture"));
    if (file) parts.push(make("a", { href: file, textContent: picture ? "the picture's file" : "the picture, which is left out of this page" }));
    return make("figure", {}, parts);
  });
  return make("div", { className: "columns" }, shown);
}

// What lies in the folder pictures/ of the runs, one name below the other.
function morePart(runs) {
  const filesOf = (run) => details.get(run).more_files || {};
  const names = union(runs.map((run) => Object.keys(filesOf(run))));
  if (!names.length) return null;
  const figureOf = (run, name) => {
    const picture = (data.more_pictures[run.id] || {})[name];
    const parts = [make("figcaption", { textContent: nameOf(run) })];
    if (picture) parts.push(make("img", { src: picture, alt: `${name} of run ${nameOf(run)}`, decoding: "async" }));
    parts.push(make("a", { href: filesOf(run)[name], textContent: picture ? "the picture's file" : "the picture, which is left out of this page" }));
    return make("figure", {}, parts);
  };
  return make("div", {}, names.flatMap((name) => [
    make("h4", { textContent: name }),
    make("div", { className: "more" }, runs.filter((run) => filesOf(run)[name]).map((run) => figureOf(run, name))),
  ]));
}

// A figure for each name that a run has lines of; linesOf(run)[name] = points.
function smallFigures(runs, linesOf, names, options) {
  return make("div", { className: "small" }, names.map((name) => {
    const lines = [];
    runs.forEach((run, i) => {
      const points = (linesOf.get(run)[name] || []).filter(([, y]) => known(y) && Number.isFinite(y));
      if (points.length) lines.push({ name: nameOf(run), points, color: i });
    });
    if (!lines.length) return null;
    return lineFigure(lines, { height: 190, name: `${name} by step`, ...options, y: name });
  }));
}

function scoresPart(runs) {
  const linesOf = new Map(runs.map((run) => [run, Object.fromEntries(data.metrics.map((metric) =>
    [metric, details.get(run).checkpoints.filter(([, scores]) => known(scores[metric])).map(([step, scores]) => [step, scores[metric]])]))]));
  const names = data.metrics.filter((metric) => runs.some((run) => linesOf.get(run)[metric].length));
  if (!names.length) return note("No checkpoint has a score.");
  const rows = () => runs.flatMap((run) => details.get(run).checkpoints.map(([step, scores]) => [nameOf(run), step, ...names.map((name) => scores[name] ?? null)]));
  return make("div", {}, [smallFigures(runs, linesOf, names, { x: "step" }), behind(["run", "step", ...names], rows, "The scores as a table")]);
}

function curvesPart(runs) {
  const linesOf = new Map(runs.map((run) => [run, curvesOf(run)]));
  const names = union(runs.map((run) => Object.keys(linesOf.get(run)))).filter((name) => name !== "seconds");
  if (!names.length) return note("There is no scalars.csv.");
  const rows = () => runs.flatMap((run) => names.flatMap((name) => {
    const points = linesOf.get(run)[name] || [];
    return points.length ? [[nameOf(run), name, points[0][1], points[points.length - 1][1], points.length]] : [];
  }));
  return make("div", {}, [smallFigures(runs, linesOf, names, { x: "step" }),
    behind(["run", "curve", "first", "last", "points shown"], rows, "The ends of the curves as a table")]);
}

const scopeOf = (run) => details.get(run).microscope || {};

function microscopeNumbers(runs) {
  const rows = [];
  for (const [part, title] of [["lipschitz", "Lipschitz"], ["penalty", "penalty"]]) {
    const names = union(runs.map((run) => Object.keys(scopeOf(run)[part] || {})));
    for (const name of names) {
      rows.push([`${title}: ${name.replace(/_/g, " ")}`, ...runs.map((run) => {
        const x = (scopeOf(run)[part] || {})[name];
        return typeof x === "number" ? format(x) : x;
      })]);
    }
  }
  const errors = runs.flatMap((run) => Object.entries(scopeOf(run).errors || {}).map(([name, words]) => note(`${nameOf(run)}: ${name}: ${words}`)));
  return make("div", {}, [rows.length ? sideTable(runs, rows) : null, ...errors]);
}

function normsPart(runs) {
  const found = runs.filter((run) => scopeOf(run).gradient_norms);
  if (!found.length) return null;
  const high = Math.max(...found.map((run) => Math.max(...scopeOf(run).gradient_norms.edges)));
  const top = Math.max(...found.flatMap((run) => Object.values(scopeOf(run).gradient_norms.shares).flat()));
  const columns = found.map((run) => {
    const { edges, shares, medians } = scopeOf(run).gradient_norms;
    const lines = Object.keys(shares).map((name) => ({
      name, points: [...shares[name].flatMap((share, i) => [[edges[i], share], [edges[i + 1], share]]), [edges[edges.length - 1], 0], [high, 0]],
    }));
    const rows = () => Object.keys(shares).map((name) => [name, medians[name], ...shares[name]]);
    return make("div", {}, [
      make("figcaption", { textContent: nameOf(run) }),
      lineFigure(lines, { height: 230, x: "norm of D's gradient by the image", y: "share of images", name: `Gradient norms of run ${nameOf(run)}`, also: [[high, top]] }),
      legend(lines.map(({ name }) => `${name} (median ${format(medians[name])})`)),
      behind(["images", "median", ...edges.slice(0, -1).map((edge) => `from ${format(edge)}`)], rows),
    ]);
  });
  return make("div", {}, [make("h4", { textContent: "Gradient norms" }), make("div", { className: "columns" }, columns)]);
}

function spectraPart(runs) {
  const found = runs.filter((run) => Object.keys(scopeOf(run).spectra || {}).length);
  if (!found.length) return null;
  const also = found.flatMap((run) => Object.values(scopeOf(run).spectra).flatMap(({ at, values }) => at.map((k, i) => [k, values[i]])));
  const columns = found.map((run) => {
    const { spectra } = scopeOf(run);
    const names = Object.keys(spectra);
    const lines = names.map((name) => ({ name, points: spectra[name].at.map((at, i) => [at, spectra[name].values[i]]) }));
    const rows = () => names.map((name) => [name, spectra[name].size, spectra[name].values[0], spectra[name].values[spectra[name].values.length - 1]]);
    return make("div", {}, [
      make("figcaption", { textContent: nameOf(run) }),
      lineFigure(lines, { height: 280, logX: true, logY: true, x: "place, largest first (logarithmic)", y: "singular value (logarithmic)", name: `Singular values of run ${nameOf(run)}`, also }),
      legend(names.map((name) => name.replace(/^discriminator\//, "").replace(/\/kernel$/, ""))),
      behind(["layer", "values", "largest", "smallest"], rows),
    ]);
  });
  return make("div", {}, [make("h4", { textContent: "Singular values of D's layers" }), make("div", { className: "columns" }, columns)]);
}

function logPart(runs) {
  return make("div", {}, runs.map((run) => {
    const lines = details.get(run).log || [];
    if (!lines.length) return null;
    return make("div", {}, [make("figcaption", { textContent: nameOf(run) }), make("pre", { textContent: lines.join("\n"), tabIndex: 0 })]);
  }));
}

function showRuns(runs) {
  const part = (title, content) => (content ? [make("h3", { textContent: title }), content] : []);
  const hasScope = runs.some((run) => details.get(run).microscope);
  const hasLog = runs.some((run) => (details.get(run).log || []).length);
  get("dialog-title").textContent = runs.length === 1 ? `Run ${runs[0].id}` : `${runs.length} runs side by side`;
  get("dialog-body").replaceChildren(
    ...(runs.length > 1 ? [legend(runs.map((run) => `${nameOf(run)}: ${describe(run)}`))] : []),
    ...part("Settings and scores", settingsPart(runs)),
    ...(hasLog ? part("The last lines of the log", logPart(runs)) : []),
    ...part("Samples", picturePart(runs)),
    ...part("Pictures of a closer look", morePart(runs)),
    ...part("Scores of the checkpoints", scoresPart(runs)),
    ...part("Learning curves", curvesPart(runs)),
    ...(hasScope ? part("Regulariser microscope", make("div", {}, [microscopeNumbers(runs), normsPart(runs), spectraPart(runs)])) : []),
  );
  if (!get("dialog").open) get("dialog").showModal();
  get("dialog").scrollTop = 0;
}
