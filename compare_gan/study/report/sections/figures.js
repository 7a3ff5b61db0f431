// Four figures of one axis: boxes, budgets, effects, stability.

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

startFigures();
