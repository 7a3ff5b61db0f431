// The table of runs: sorted, filtered, and only what is seen is drawn.

const state = { column: 0, down: true, shown: [], selected: new Set() };
const collator = new Intl.Collator("en", { numeric: true });

function columnsOf() {
  const plain = (name, value, isNumber) => ({ name, value, isNumber });
  return [
    plain("#", (run) => run.order, true),
    plain("run", (run) => run.id),
    plain("status", (run) => run.status),
    ...data.metrics.map((metric) => plain(metric, (run) => run.scores[metric], true)),
    ...Object.keys(data.axes).map((axis) => plain(axis, (run) => run.cell[axis])),
    ...data.settings.map((name) => plain(name, (run) => run.settings[name], true)),
    plain("seed", (run) => run.seed, true),
    plain("phase", (run) => run.phase),
    plain("minutes", (run) => (known(run.seconds) ? run.seconds / 60 : null), true),
    plain("attempts", (run) => run.attempts, true),
    plain("reason", (run) => run.reason),
  ];
}
const columns = columnsOf();

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return collator.compare(String(a), String(b));
}

function sorted(runs) {
  const { value } = columns[state.column];
  const way = state.down ? 1 : -1;
  const keyed = runs.map((run) => [value(run), run]);
  const isMissing = (x) => !known(x) || x === "";
  keyed.sort(([a, runA], [b, runB]) => {
    if (isMissing(a) || isMissing(b)) return isMissing(a) - isMissing(b) || runA.order - runB.order;
    return way * compare(a, b) || runA.order - runB.order;
  });
  return keyed.map(([, run]) => run);
}

function searchable(run) {
  run.words ??= [
    run.id, run.status, run.phase, run.reason, run.protocol, `seed=${run.seed}`,
    ...Object.entries({ ...run.cell, ...run.settings }).map(([name, value]) => `${name}=${value}`),
  ].join(" ").toLowerCase();
  return run.words;
}

function filtered() {
  const words = get("find").value.toLowerCase().split(/\s+/).filter(Boolean);
  const menus = [...document.querySelectorAll("#filters select")].filter((select) => select.value !== "");
  return data.runs.filter((run) => words.every((word) => searchable(run).includes(word))
    && menus.every((select) => select.has(run)));
}

function update() {
  state.shown = sorted(filtered());
  get("shown").textContent = `${state.shown.length} of ${data.runs.length} runs`;
  get("table").scrollTop = 0;
  document.querySelector("#table table").setAttribute("aria-rowcount", state.shown.length + 1);
  drawRows(true);
}

function rowOf(run, place) {
  const box = make("input", { type: "checkbox", checked: state.selected.has(run) });
  box.setAttribute("aria-label", `Select run ${shortId(run.id)}`);
  box.onchange = () => select(run, box.checked);
  const cells = columns.map(({ name, value, isNumber }) => {
    if (name === "run") return make("td", {}, [openButton(run)]);
    const content = value(run);
    const shown = isNumber ? format(content) : String(content ?? "");
    const bad = name === "status" && !["ok", "running", "waiting"].includes(content);
    return make("td", { textContent: shown, title: shown, className: isNumber ? "number" : bad ? "bad" : "" });
  });
  const row = make("tr", { className: state.selected.has(run) ? "selected" : "" }, [make("td", {}, [box]), ...cells]);
  row.setAttribute("aria-rowindex", place + 2);
  return row;
}

function spacer(rows) {
  const height = `${rows * ROW}px`;
  const element = make("td", { className: "spacer", colSpan: columns.length + 1 });
  element.style.height = height;
  const row = make("tr", {}, [element]);
  row.setAttribute("aria-hidden", "true");
  row.hidden = rows === 0;
  return row;
}

let drawn = [-1, -1];

function drawRows(force = false) {
  const holder = get("table");
  const inView = Math.ceil((holder.clientHeight || 600) / ROW);
  const first = Math.max(0, Math.min(Math.floor(holder.scrollTop / ROW) - 10, state.shown.length - inView));
  const last = Math.min(state.shown.length, first + inView + 25);
  if (!force && drawn[0] === first && drawn[1] === last) return;
  drawn = [first, last];
  const focused = document.activeElement && document.activeElement.closest("#table tbody") ? document.activeElement.getAttribute("aria-label") : null;
  const rows = state.shown.slice(first, last).map((run, i) => rowOf(run, first + i));
  holder.querySelector("tbody").replaceChildren(spacer(first), ...rows, spacer(state.shown.length - last));
  if (focused) {
    const again = [...holder.querySelectorAll("tbody button, tbody input")].find((e) => e.getAttribute("aria-label") === focused);
    if (again) again.focus({ preventScroll: true });
  }
}

function sortBy(i) {
  state.down = state.column === i ? !state.down : true;
  state.column = i;
  markSorted();
  update();
}

function markSorted() {
  document.querySelectorAll("#table th[data-column]").forEach((head) => {
    const is = Number(head.dataset.column) === state.column;
    head.setAttribute("aria-sort", is ? (state.down ? "ascending" : "descending") : "none");
    head.querySelector("span").textContent = is ? (state.down ? " ▲" : " ▼") : "";
  });
}

function select(run, is) {
  if (is && state.selected.size >= 4) {
    get("shown").textContent = "Four runs at most can be compared.";
  } else if (is) {
    state.selected.add(run);
  } else {
    state.selected.delete(run);
  }
  get("compare").disabled = state.selected.size < 2;
  get("compare").textContent = state.selected.size ? `Compare ${state.selected.size}` : "Compare";
  get("unselect").disabled = !state.selected.size;
  drawRows(true);
}

function addFilter(name, values, valueOf) {
  if (values.length < 2) return;
  const element = make("select", {}, options(["", ...values.map((_, i) => String(i))], ["all", ...values.map(String)]));
  element.has = (run) => valueOf(run) === values[Number(element.value)];
  element.onchange = update;
  get("filters").append(make("label", {}, [`${name} `, element]));
}

function startTable() {
  const unique = (valueOf) => [...new Set(data.runs.map(valueOf))];
  addFilter("status", unique((run) => run.status), (run) => run.status);
  for (const axis of Object.keys(data.axes)) addFilter(axis, data.axes[axis], (run) => run.cell[axis]);
  addFilter("phase", unique((run) => run.phase).filter(known), (run) => run.phase);
  const heads = columns.map(({ name, isNumber }, i) => {
    const button = make("button", { type: "button" }, [name, make("span")]);
    button.onclick = () => sortBy(i);
    const head = make("th", { scope: "col", className: isNumber ? "number" : "" }, [button]);
    head.dataset.column = i;
    return head;
  });
  const box = make("th", { scope: "col" });
  box.setAttribute("aria-label", "Selected");
  document.querySelector("#table thead tr").append(box, ...heads);
  get("find").oninput = update;
  get("compare").onclick = () => showRuns([...state.selected]);
  get("unselect").onclick = () => [...state.selected].forEach((run) => select(run, false));
  get("table").addEventListener("scroll", () => requestAnimationFrame(() => drawRows()));
  const scores = columns.findIndex(({ name }) => name === data.score);
  state.column = Math.max(0, scores);
  state.down = scores < 0 || data.lower_is_better;
  markSorted();
  update();
  if (data.left_out.length) {
    get("left-out").append(`So that the page stays small, it has no picture of ${data.left_out.length} runs; the file of each is linked where the run is opened: `,
      make("span", { textContent: `${data.left_out.slice(0, 50).map(shortId).join(", ")}${data.left_out.length > 50 ? " and more" : ""}.` }));
  }
}

startTable();
