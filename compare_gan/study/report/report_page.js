// What all sections of the report share: words, tables and figures. All numbers
// were computed before, by statistics/; here they are drawn.

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

// ---- Parts of a section -----------------------------------------------------------------

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
