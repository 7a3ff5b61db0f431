// What the report does. All figures were computed before, see report.py; here
// they are drawn, sorted, filtered and laid side by side.

"use strict";

const get = (id) => document.getElementById(id);
const data = JSON.parse(get("data").textContent);
const COLORS = 8; // --c0, --c1, ... in the style
const DASHES = ["", "6 3", "2 3", "9 3 2 3", "1 4", "12 4", "4 2 1 2", "8 2"];
const ROW = 32; // pixels, as in the style
const BETTER = data.lower_is_better ? "lower is better" : "higher is better";

function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
}

function svg(tag, attributes = {}, children = []) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// ---- Words and numbers ------------------------------------------------------------

const known = (x) => x !== null && x !== undefined && !Number.isNaN(x);

function format(x) {
  if (!known(x)) return "–";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x);
  const size = Math.abs(x);
  if (size && (size < 1e-3 || size >= 1e6)) return Number(x.toPrecision(3)).toExponential();
  return String(Number(x.toPrecision(size >= 1000 ? 5 : 4)));
}

const formatP = (p) => (p < 0.001 ? "< .001" : p.toFixed(3).replace(/^0/, ""));

const interval = ([low, high]) =>
  (known(low) && known(high) ? `[${format(low)}, ${format(high)}]` : "–");

const shown = (value) => (typeof value === "number" ? format(value) : String(value));

const pairsOf = (names) =>
  Object.entries(names).map(([name, value]) => `${name} = ${shown(value)}`).join(", ");

const shortId = (id) => (id.length > 10 ? id.slice(0, 8) : id);

function describe(run) {
  const settings = pairsOf({ ...run.cell, ...run.settings });
  return `${settings}${settings ? ", " : ""}seed ${run.seed}`;
}

// ---- Plain tables -------------------------------------------------------------------

// A cell is a string, a number or an element.
function cell(content) {
  const isNumber = typeof content === "number" || content === null;
  const element = make("td", { className: isNumber ? "number" : "" });
  element.append(isNumber ? format(content) : content ?? "");
  return element;
}

function plainTable(header, rows) {
  const head = make("tr", {}, header.map((text, i) => make("th", {
    textContent: text, scope: "col",
    className: rows.length && typeof rows[0][i] === "number" ? "number" : "",
  })));
  const body = rows.map((row) => make("tr", {}, row.map(cell)));
  return make("div", { className: "scroll" }, [
    make("table", {}, [make("thead", {}, [head]), make("tbody", {}, body)]),
  ]);
}

// The numbers behind a figure; built when they are asked for.
function behind(header, rows, name = "The figures as a table") {
  const element = make("details", {}, [make("summary", { textContent: name })]);
  element.addEventListener("toggle", () => {
    if (element.children.length === 1) element.append(plainTable(header, rows()));
  });
  return element;
}

// ---- Figures --------------------------------------------------------------------------

// draw(svg element, width in pixels) is called whenever the width changes, so
// that letters keep their size on a narrow screen.
const resized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) {
    const width = Math.floor(contentRect.width);
    if (width && width !== target.drawnWidth) {
      target.drawnWidth = width;
      target.redraw(width);
    }
  }
});

function figure(height, name, draw) {
  const holder = make("figure");
  holder.redraw = (width) => {
    const image = svg("svg", {
      viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": name,
    });
    draw(image, width, height);
    holder.replaceChildren(image);
  };
  resized.observe(holder);
  return holder;
}

function ticks(low, high, count = 5) {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) {
    found.push(Number((i * step).toPrecision(12)));
  }
  return found;
}

function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const m of [1, 2, 5]) {
      const x = Number((m * 10 ** power).toPrecision(3));
      if (x >= low * 0.999 && x <= high * 1.001) found.push(x);
    }
  }
  return found;
}

// A scale has of(x) in pixels and ticks.
function linear(low, high, from, to, count) {
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  return {
    of: (x) => from + ((x - low) / (high - low)) * (to - from),
    ticks: ticks(low, high, count),
  };
}

function logarithmic(low, high, from, to) {
  if (low === high) [low, high] = [low / 2, high * 2];
  const span = Math.log(high / low);
  let found = logTicks(low, high);
  if (found.length > 7) found = found.filter((x) => /^[^1-9]*1/.test(x.toExponential()));
  if (found.length < 2) found = [low, high];
  return { of: (x) => from + (Math.log(x / low) / span) * (to - from), ticks: found };
}

// Around numbers, with a little air.
function extent(numbers, zero = false) {
  const found = numbers.filter((x) => known(x) && Number.isFinite(x));
  if (zero) found.push(0);
  if (!found.length) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const x of found) { if (x < low) low = x; if (x > high) high = x; }
  const air = 0.04 * (high - low);
  return [zero && low === 0 ? 0 : low - air, zero && high === 0 ? 0 : high + air];
}

function text(x, y, content, attributes = {}) {
  return svg("text", { x, y, ...attributes }, [content]);
}

function xAxis(image, scale, box, label) {
  for (const tick of scale.ticks) {
    const x = scale.of(tick);
    image.append(svg("line", { class: "grid", x1: x, x2: x, y1: box.top, y2: box.bottom }));
    image.append(text(x, box.bottom + 15, format(tick), { "text-anchor": "middle" }));
  }
  image.append(svg("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  const half = 3.2 * label.length; // Not beyond the right edge.
  const middle = Math.min((box.left + box.right) / 2, box.right + 8 - half);
  image.append(text(Math.max(middle, half), box.bottom + 32, label, { "text-anchor": "middle", class: "label" }));
}

function yAxis(image, scale, box, label) {
  for (const tick of scale.ticks) {
    const y = scale.of(tick);
    image.append(svg("line", { class: "grid", x1: box.left, x2: box.right, y1: y, y2: y }));
    image.append(text(box.left - 5, y + 4, format(tick), { "text-anchor": "end" }));
  }
  image.append(svg("line", { class: "axis", x1: box.left, x2: box.left, y1: box.top, y2: box.bottom }));
  image.append(text(box.left - 46, box.top - 8, label, { class: "label" }));
}

function path(points, attributes) {
  let steps = "";
  let pen = "M";
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) { pen = "M"; continue; }
    steps += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return svg("path", { d: steps, fill: "none", "stroke-linejoin": "round", ...attributes });
}

const stroke = (i) => ({
  stroke: `var(--c${i % COLORS})`, "stroke-width": 2, "stroke-dasharray": DASHES[i % DASHES.length],
});

function legend(names) {
  return make("ul", { className: "legend" }, names.map((name, i) => {
    const line = svg("svg", { viewBox: "0 0 28 10", height: 10, "aria-hidden": "true" }, [
      svg("line", { x1: 0, x2: 28, y1: 5, y2: 5, ...stroke(i) }),
    ]);
    return make("li", {}, [line, make("span", { textContent: name })]);
  }));
}

// Lines: [{name, points: [[x, y]], band: [[x, low, high]]}], colored in order.
// The scales reach to the points `also`, which are not drawn.
function lineFigure(lines, options) {
  const { height = 320, x: xLabel, y: yLabel, logX = false, logY = false, wholeX = false, name, also = [] } = options;
  const all = [...lines.flatMap((line) => line.points), ...also];
  return figure(height, name, (image, width) => {
    const box = { left: 52, right: width - 12, top: 24, bottom: height - 40 };
    const positive = (list) => list.filter((v) => v > 0);
    const xs = all.map(([x]) => x);
    const ys = [...all.map(([, y]) => y), ...lines.flatMap((line) => (line.band || []).flatMap(([, a, b]) => [a, b]))];
    const useLogY = logY && positive(ys).length > 0;
    const [x0, x1] = [Math.min(...xs), Math.max(...xs)];
    const x = logX ? logarithmic(x0, x1, box.left, box.right)
      : linear(x0, x1, box.left, box.right, Math.max(2, Math.floor(width / 110)));
    if (wholeX) x.ticks = x.ticks.filter(Number.isInteger);
    const y = useLogY ? logarithmic(Math.min(...positive(ys)), Math.max(...positive(ys)), box.bottom, box.top)
      : linear(...extent(ys), box.bottom, box.top);
    xAxis(image, x, box, xLabel);
    yAxis(image, y, box, yLabel);
    lines.forEach((line, i) => {
      if (line.band) image.append(area(line.band, x, y, i));
      const points = line.points.map(([a, b]) => [x.of(a), useLogY && !(b > 0) ? NaN : y.of(b)]);
      if (points.length === 1) {
        image.append(svg("circle", { cx: points[0][0], cy: points[0][1], r: 4, fill: `var(--c${(line.color ?? i) % COLORS})` }));
      }
      image.append(path(points, { ...stroke(line.color ?? i), ...(line.dotted ? { "stroke-dasharray": "1 4" } : {}) }));
    });
  });
}

function area(band, x, y, i) {
  const there = band.map(([k, low]) => `${x.of(k).toFixed(1)} ${y.of(low).toFixed(1)}`);
  const back = band.map(([k, , high]) => `${x.of(k).toFixed(1)} ${y.of(high).toFixed(1)}`).reverse();
  return svg("path", { d: `M${[...there, ...back].join("L")}Z`, fill: `var(--c${i % COLORS})`, opacity: 0.13 });
}

// Names on the left and a horizontal scale: boxes and intervals.
function rowFigure(names, numbers, label, options, drawRow) {
  const rowHeight = 34;
  const height = names.length * rowHeight + 58;
  return figure(height, options.name, (image, width) => {
    const longest = Math.max(...names.map((name) => name.length));
    const left = Math.min(0.38 * width, 7.2 * longest + 12);
    const box = { left, right: width - 14, top: 8, bottom: height - 44 };
    const scale = linear(...extent(numbers, options.zero), box.left, box.right, Math.max(2, Math.floor(width / 110)));
    xAxis(image, scale, box, label);
    if (options.zero) {
      image.append(svg("line", { class: "axis", x1: scale.of(0), x2: scale.of(0), y1: box.top, y2: box.bottom, "stroke-width": 2 }));
    }
    names.forEach((name, i) => {
      const y = box.top + (i + 0.5) * rowHeight;
      const room = Math.max(3, Math.floor((left - 10) / 6.6));
      const shown = name.length > room ? `${name.slice(0, room - 1)}…` : name;
      image.append(svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, [shown, svg("title", {}, [name])]));
      drawRow(image, i, y, scale);
    });
  });
}

// Squares with numbers in them; color(value) gives [background, letters].
function heatFigure(rows, columns, values, color, name, missing = () => "–") {
  const rowHeight = 30;
  const height = rows.length * rowHeight + 30;
  const fit = (word, room) => (word.length * 6.8 > room ? `${word.slice(0, Math.max(2, Math.floor(room / 6.8) - 1))}…` : word);
  return figure(height, name, (image, width) => {
    const longest = Math.max(...rows.map((row) => row.length));
    const left = Math.min(0.36 * width, 7.2 * longest + 12);
    const wanted = 7.2 * Math.max(...columns.map((column) => column.length)) + 8;
    const size = Math.min(Math.max(110, wanted), (width - left - 4) / columns.length);
    columns.forEach((column, j) => {
      const title = svg("title", {}, [column]);
      image.append(svg("text", { x: left + (j + 0.5) * size, y: 16, "text-anchor": "middle" }, [fit(column, size - 4), title]));
    });
    rows.forEach((row, i) => {
      const y = 24 + i * rowHeight;
      image.append(svg("text", { x: left - 8, y: y + 19, "text-anchor": "end" }, [fit(row, left - 10), svg("title", {}, [row])]));
      columns.forEach((column, j) => {
        const value = values[i][j];
        const [back, letters] = known(value) ? color(value) : ["none", "var(--faint)"];
        const title = svg("title", {}, [`${row}, ${column}: ${format(value)}`]);
        image.append(svg("rect", { x: left + j * size, y, width: size - 2, height: rowHeight - 2, fill: back, stroke: known(value) ? "none" : "var(--line)" }, [title]));
        const words = known(value) ? format(Number(value.toPrecision(size < 46 ? 2 : 3))) : missing(i, j);
        if (size > 24) {
          image.append(svg("text", { x: left + (j + 0.5) * size - 1, y: y + 19, "text-anchor": "middle", style: `fill:${letters}` }, [fit(words, size + 6)]));
        }
      });
    });
  });
}

function mixed(stops, share) {
  const at = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  const rgb = stops[i].map((a, c) => Math.round(a + (at - i) * (stops[i + 1][c] - a)));
  const light = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
  return [`rgb(${rgb})`, light > 140 ? "#111" : "#fff"];
}

// Cividis, and violet to orange: both are read alike with all color vision.
const CIVIDIS = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];
const TWO_WAYS = [[84, 39, 136], [153, 142, 195], [247, 247, 247], [241, 163, 64], [179, 88, 6]];

// ---- What an axis does ------------------------------------------------------------------

// The menus' content stands under their heading and is replaced as a whole.
function fill(id, ...elements) {
  const section = get(id);
  while (section.children.length > 1) section.lastChild.remove();
  section.append(...elements);
}

const note = (words) => make("p", { className: "faint", textContent: words });

function options(names, labels = names) {
  return names.map((name, i) => make("option", { value: name, textContent: labels[i] }));
}

function menu(label, names, onchange, labels) {
  const select = make("select", {}, options(names, labels));
  select.onchange = () => onchange(select.value);
  return [make("label", {}, [`${label} `, select]), select];
}

function showBoxes(axis) {
  const boxes = data.boxes[axis] || {};
  const names = Object.keys(boxes);
  if (!names.length) return fill("boxes", note("No setting has a score yet."));
  const numbers = names.flatMap((name) => [...boxes[name].five, ...boxes[name].points]);
  const drawBox = (image, i, y, scale) => {
    const { five, points } = boxes[names[i]];
    const color = `var(--c${i % COLORS})`;
    if (known(five[0])) {
      const [low, q1, median, q3, high] = five.map(scale.of);
      image.append(svg("line", { x1: low, x2: high, y1: y, y2: y, stroke: color, "stroke-width": 2 }));
      image.append(svg("rect", { x: Math.min(q1, q3), width: Math.abs(q3 - q1), y: y - 9, height: 18, fill: color, "fill-opacity": 0.2, stroke: color, "stroke-width": 1.5 }));
      image.append(svg("line", { x1: median, x2: median, y1: y - 10, y2: y + 10, stroke: color, "stroke-width": 4 }));
    }
    points.slice(0, 200).filter(known).forEach((point) => {
      image.append(svg("circle", { cx: scale.of(point), cy: y, r: 2.6, fill: color, opacity: 0.8 }));
    });
  };
  const labels = names.map((name) => `${name} (${boxes[name].n_top}/${boxes[name].n})`);
  const drawn = rowFigure(labels, numbers, `${data.score}, ${BETTER}`, { name: `Box plots of the best settings by ${axis}` }, drawBox);
  const rows = () => names.map((name) => [name, boxes[name].n_top, boxes[name].n, ...boxes[name].five]);
  fill("boxes", drawn,
    make("figcaption", { textContent: "In brackets how many settings a box shows, of how many: best of n. Lower spread is more stable. The thick line is the median." }),
    behind([axis, "shown", "of", "least", "25 %", "median", "75 %", "most"], rows));
}

const KINDS = { exact: "exact, without replacement", iid: "exact, i.i.d.", simulated: "simulated, phases in order, with 5–95 % of orders" };
let curveKind = "exact";

function showBudget(axis) {
  const curves = data.curves[axis] || {};
  const names = Object.keys(curves);
  if (!names.length) return fill("budget", note("No setting has a score yet."));
  const holder = make("div");
  const draw = (kind) => {
    curveKind = kind;
    const lines = names.map((name) => {
      const curve = curves[name];
      const line = { name, points: curve.k.map((k, i) => [k, curve[kind][i]]) };
      if (kind === "simulated") line.band = curve.k.map((k, i) => [k, curve.low[i], curve.high[i]]);
      if (kind === "exact" && curve.last) {
        line.points = line.points.filter(([k]) => k <= curve.last);
        line.band = line.points.map(([k], i) => [k, curve.median_low[i], curve.median_high[i]]);
      }
      return line;
    });
    if (kind === "exact") {
      names.forEach((name, color) => {
        const { k, last, exact } = curves[name];
        const points = k.map((each, i) => [each, exact[i]]).filter(([each]) => each >= last);
        if (last) lines.push({ name, points, color, dotted: true });
      });
    }
    const most = Math.max(...names.map((name) => curves[name].n));
    holder.replaceChildren(lineFigure(lines, {
      name: `Expected best score by budget and ${axis}`, logX: most > 20, wholeX: true,
      x: `settings tried${most > 20 ? " (logarithmic)" : ""}`, y: `expected best ${data.score}, ${BETTER}`,
    }), legend(names));
  };
  const [label, select] = menu("Curve", Object.keys(KINDS), draw, Object.values(KINDS));
  select.id = "curve-kind";
  select.value = curveKind;
  draw(curveKind);
  const rows = () => names.flatMap((name) => curves[name].k.map((k, i) =>
    [name, k, ...["exact", "iid", "simulated", "low", "high", "median_low", "median_high"].map((kind) => curves[name][kind][i])]));
  fill("budget", make("div", { className: "row" }, [label]), holder,
    make("figcaption", { textContent: "Descriptions of the settings that were tried. The band of the exact curve, where one random search drew them, is the 95 % interval of the median best of so many new settings; dotted where there are too few settings for it." }),
    behind([axis, "settings tried", "exact", "i.i.d.", "simulated", "5 % of orders", "95 % of orders", "median best, from", "to"], rows));
}

// All pairs, or those of a reference, as score of `other` - score of `reference`.
function against(axis, reference) {
  const turned = (x) => (known(x) ? -x : x);
  return data.comparisons[axis].filter((each) => !reference || [each.first, each.second].includes(reference)).map((each) => {
    if (!reference || each.first === reference) return { ...each, label: reference ? each.second : `${each.second} − ${each.first}` };
    const flip = ([low, high]) => [turned(high), turned(low)];
    return { ...each, label: each.first, mean: turned(each.mean), estimate: turned(each.estimate), t: flip(each.t), interval: flip(each.interval) };
  });
}

function showEffects(axis) {
  if (!data.comparisons[axis].length) {
    return fill("effects", note(`No two trainings differ in ${axis} only, so that no effect can be told.`));
  }
  const holder = make("div");
  const draw = (reference) => {
    const effects = against(axis, reference);
    const numbers = effects.flatMap((each) => [each.estimate, ...each.t, ...each.interval]);
    const drawEffect = (image, i, y, scale) => {
      const { estimate, t, interval: own, p_holm: p } = effects[i];
      if (!known(estimate)) return;
      const shown = known(p) && p < 0.05;
      const color = shown ? "var(--c0)" : "var(--c6)";
      const line = ([low, high], dy, dash) => known(low) && image.append(svg("line", {
        x1: scale.of(low), x2: scale.of(high), y1: y + dy, y2: y + dy, stroke: color, "stroke-width": 2, "stroke-dasharray": dash,
      }));
      line(own, -3, "");
      line(t, 4, "3 2");
      image.append(svg("circle", { cx: scale.of(estimate), cy: y - 3, r: 5, fill: shown ? color : "var(--panel)", stroke: color, "stroke-width": 2 }));
    };
    const sense = data.lower_is_better ? "negative is better" : "positive is better";
    const label = `difference of ${data.score}${reference ? ` to ${reference}` : ""}, ${sense}`;
    const names = effects.map((each) => `${each.label} (${each.n})`);
    const rows = () => effects.map((each) => [each.label, each.estimate, interval(each.interval), each.mean, interval(each.t), each.n,
      each.seeds[0] === each.seeds[1] ? each.seeds[0] : each.seeds.join(" to "), each.test, formatP(each.p), known(each.p_holm) ? formatP(each.p_holm) : "too few",
      each.tau, each.sigma, each.failed.join("/")]);
    holder.replaceChildren(
      effects.length ? rowFigure(names, numbers, label, { zero: true, name: `Effects of ${axis}` }, drawEffect) : note("Nothing can be compared with it."),
      make("figcaption", { textContent: "Difference of matched settings, in brackets how many settings. Solid: 95 % by the test's own interval, dashed: by Student's t (Welch's with one setting). A full dot: p < .05 after Holm over the whole report." }),
      behind([axis, "difference", "95 %", "mean", "95 % (t)", "settings", "seeds", "test", "p", `p after Holm over ${data.comparisons[axis][0].n_tests}`, "tau", "sigma", "failed"], rows));
  };
  const values = data.axes[axis];
  const [label, select] = menu("Compared with", [...values, ""], draw, [...values, "one another (all pairs)"]);
  select.id = "reference";
  draw(values[0]);
  fill("effects", make("div", { className: "row" }, [label]), holder);
}

function showStability(axis) {
  const found = data.stability[axis] || {};
  const names = Object.keys(found);
  const header = [axis, "trainings", "failed", "share %", `IQR of ${data.score} over seeds`, "IQR over settings"];
  const rows = names.map((name) => {
    const each = found[name];
    return [name, each.n, each.n_failed, known(each.failed_share) ? 100 * each.failed_share : null, each.seed_iqr, each.setting_iqr];
  });
  const drawBar = (image, i, y, scale) => {
    const share = rows[i][3];
    if (!known(share)) return;
    image.append(svg("rect", { x: scale.of(0), y: y - 9, width: Math.max(1, scale.of(share) - scale.of(0)), height: 18, fill: `var(--c${i % COLORS})`, "fill-opacity": 0.75 }));
    image.append(text(scale.of(share) + 5, y + 4, `${format(Number(share.toPrecision(2)))} %`));
  };
  const most = Math.max(5, ...rows.map((row) => row[3] || 0)) * 1.1;
  fill("stability",
    rowFigure(names.length ? names : ["–"], [0, most], "share of trainings that failed or collapsed, %", { zero: true, name: `Failures by ${axis}` }, names.length ? drawBar : () => {}),
    make("figcaption", { textContent: "The IQR over seeds is the median over settings of the middle half's width; that over settings is of their medians. Less is more stable." }),
    plainTable(header, rows));
}

function showAxis(axis) {
  showBoxes(axis);
  showBudget(axis);
  showEffects(axis);
  showStability(axis);
}

function startFigures() {
  const axes = Object.keys(data.axes);
  get("figures").hidden = !axes.length;
  if (!axes.length) return;
  get("axis").append(...options(axes));
  get("axis").onchange = () => showAxis(get("axis").value);
  // The axis with most values is likely to be what the study is about.
  get("axis").value = axes.reduce((a, b) => (data.axes[b].length > data.axes[a].length ? b : a));
  showAxis(get("axis").value);
}

// ---- Two axes, and the metrics --------------------------------------------------------------

function interactionOf(first, second) {
  const straight = data.interactions.find(({ axes }) => axes[0] === first && axes[1] === second);
  if (straight) return straight;
  const other = data.interactions.find(({ axes }) => axes[0] === second && axes[1] === first);
  const turned = (matrix) => data.axes[first].map((_, i) => data.axes[second].map((__, j) => matrix[j][i]));
  return { medians: turned(other.medians), counts: turned(other.counts) };
}

function startInteraction() {
  const axes = Object.keys(data.axes);
  get("interaction").hidden = axes.length < 2;
  if (axes.length < 2) return;
  const holder = make("div");
  const draw = () => {
    const [first, second] = [rowMenu.value, columnMenu.value];
    if (first === second) return holder.replaceChildren(note("Choose two different axes."));
    const { medians, counts } = interactionOf(first, second);
    const numbers = medians.flat().filter(known);
    const [low, high] = numbers.length ? [Math.min(...numbers), Math.max(...numbers)] : [0, 1];
    const color = (value) => {
      const share = high > low ? (value - low) / (high - low) : 0.5;
      return mixed(CIVIDIS, data.lower_is_better ? 1 - share : share);
    };
    const rows = () => data.axes[first].flatMap((a, i) => data.axes[second].map((b, j) => [a, b, medians[i][j], counts[i][j]]));
    holder.replaceChildren(
      heatFigure(data.axes[first], data.axes[second], medians, color, `Median ${data.score} by ${first} and ${second}`,
        (i, j) => (counts[i][j] ? "failed" : "–")),
      make("figcaption", { textContent: `Median ${data.score} over the settings of each pair of values (rows ${first}, columns ${second}); ${BETTER}, yellow is best. failed: half of them or more. –: none were tried.` }),
      behind([first, second, `median ${data.score}`, "settings"], rows));
  };
  const [rowLabel, rowMenu] = menu("Rows", axes, draw);
  const [columnLabel, columnMenu] = menu("Columns", axes, draw);
  rowMenu.id = "interaction-rows";
  columnMenu.id = "interaction-columns";
  columnMenu.value = axes[1];
  draw();
  fill("interaction", make("div", { className: "row" }, [rowLabel, columnLabel]), holder);
}

function startCorrelation() {
  const { rho, counts } = data.correlation;
  get("correlation").hidden = data.metrics.length < 2;
  if (data.metrics.length < 2) return;
  const rows = () => data.metrics.flatMap((a, i) => data.metrics.slice(0, i).map((b, j) => [a, b, rho[i][j], counts[i][j]]));
  fill("correlation",
    heatFigure(data.metrics, data.metrics, rho, (value) => mixed(TWO_WAYS, (value + 1) / 2), "Spearman correlations of the metrics"),
    make("figcaption", { textContent: "Spearman's correlation over the runs that have both scores. A metric of which more is better goes against one of which less is." }),
    behind(["metric", "metric", "Spearman", "runs"], rows));
}

// ---- The best -----------------------------------------------------------------------------

function openButton(run) {
  const button = make("button", { className: "open", type: "button", textContent: shortId(run.id), title: describe(run) });
  button.setAttribute("aria-label", `Open run ${shortId(run.id)}`);
  button.onclick = () => showRuns([run]);
  return button;
}

const byId = new Map(data.runs.map((run) => [run.id, run]));

function startBest() {
  const axes = Object.keys(data.axes);
  const header = [...axes, ...data.settings, `median ${data.score}`, "seeds ok", "", "runs"];
  const rowsOf = (best) => best.top.map((each, place) => [
    ...axes.map((axis) => best.cell[axis] ?? ""),
    ...data.settings.map((name) => format(each.settings[name])),
    each.value ?? "failed", `${each.n_ok} of ${each.n}`, place ? `no. ${place + 1} of ${best.n}` : `best of ${best.n}`,
    make("span", {}, each.runs.slice(0, 8).map((id) => openButton(byId.get(id)))),
  ]);
  inParts("best", header, data.best, rowsOf, 10);
}

// Rows of a plain table, so many entries at a time.
function inParts(id, header, entries, rowsOf, size) {
  const holder = plainTable(header, entries.slice(0, size).flatMap(rowsOf));
  const body = holder.querySelector("tbody");
  let shown = size;
  const more = make("button", { type: "button", textContent: "Show more" });
  more.onclick = () => {
    entries.slice(shown, shown + 5 * size).flatMap(rowsOf).forEach((row) => body.append(make("tr", {}, row.map(cell))));
    shown += 5 * size;
    more.hidden = shown >= entries.length;
  };
  more.hidden = shown >= entries.length;
  fill(id, holder, more);
}

// ---- The table of runs: sorted, filtered, and only what is seen is drawn ----------------------

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

// ---- Failures -----------------------------------------------------------------------------------

const detailsInOrder = JSON.parse(get("details").textContent);
const details = new Map(data.runs.map((run, i) => [run, detailsInOrder[i]]));

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

// ---- One run, or some side by side -----------------------------------------------------------------

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

// ---- Start ------------------------------------------------------------------------------------------

function startWords() {
  get("subtitle").textContent = `${data.runs.length} runs, scored by ${data.score} (${BETTER})`;
  get("warnings").append(...data.warnings.map((words) => make("p", { className: "warning", textContent: `Warning: ${words}` })));
  document.querySelector("#answers ul").append(...data.answers.map((words) => make("li", { textContent: words })));
  document.querySelector("#method dl").append(...data.facts.flatMap(([name, words]) =>
    [make("dt", { textContent: name }), make("dd", { textContent: words })]));
  const sections = [...document.querySelectorAll("main section")].filter((section) => !section.hidden);
  document.querySelector("nav").append(...sections.map((section) =>
    make("a", { href: `#${section.id}`, textContent: section.querySelector("h2").textContent })));
}

function startControls() {
  get("theme").onchange = () => {
    const theme = get("theme").value;
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  };
  get("close").onclick = () => get("dialog").close();
  get("dialog").onclick = (event) => { if (event.target === get("dialog")) get("dialog").close(); };
}

startFigures();
startInteraction();
startCorrelation();
startBest();
startTable();
startFailures();
startWords();
startControls();
