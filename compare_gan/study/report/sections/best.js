// The best settings.

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

startBest();
