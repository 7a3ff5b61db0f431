// What the page does: its data are a program that computes images, or frames,
// images that were computed before. See web_page.py.

"use strict";

const get = (id) => document.getElementById(id);
const data = JSON.parse(get("data").textContent);
const IMAGE = "image"; // The key of the large image among all requests.
const FEW = 16; // so many sliders at first
const IN_GALLERY = 16;

function say(words) {
  get("status").textContent = words;
}

function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// ---- The numbers behind an image ----------------------------------------------

// z follows the quantiles of the model's distribution. A coordinate is kept as
// noise in [-1, 1], 0 being the median, so that truncation can pull it inwards.
function zOfNoise(noise, truncation) {
  const last = data.quantiles.length - 1;
  const p = 0.5 + 0.5 * Math.max(-1, Math.min(1, truncation * noise));
  const i = Math.min(Math.floor(p * last), last - 1);
  const [a, b] = [data.quantiles[i], data.quantiles[i + 1]];
  return a + (p * last - i) * (b - a);
}

function noiseOfZ(z, truncation) {
  const last = data.quantiles.length - 1;
  let i = 0;
  while (i < last - 1 && data.quantiles[i + 1] < z) i++;
  const [a, b] = [data.quantiles[i], data.quantiles[i + 1]];
  const p = (i + (b > a ? (z - a) / (b - a) : 0)) / last;
  return (2 * p - 1) / truncation;
}

const randomNoise = () =>
  Array.from({ length: data.z_dim }, () => 2 * Math.random() - 1);

function varied(noise, amount) {
  return noise.map((x) => {
    const moved = x + amount * (2 * Math.random() - 1);
    return Math.abs(moved) > 1 ? 2 * Math.sign(moved) - moved : moved;
  });
}

const state = {
  noise: randomNoise(), truncation: 1, first: 0, second: Math.min(1, data.classes.length - 1), mix: 0,
  base: 0, coordinate: 0, value: 0, // of frames
};

function inputsOf(noise) {
  const z = noise.map((x) => zOfNoise(x, state.truncation));
  if (!data.classes.length) return { z };
  const y = data.classes.map(() => 0);
  y[state.first] += 1 - state.mix;
  y[state.second] += state.mix;
  return { z, y };
}

// ---- Where images are computed --------------------------------------------------

// In a worker, so that the page stays awake; where a browser allows none to a
// page from disk, between two of its other tasks.
function inWorker(onFailure) {
  const main = () => {
    let generator = null;
    onmessage = ({ data: message }) => {
      if (message.program) {
        generator = new Generator(message.program, message.weights);
        return;
      }
      const start = performance.now();
      const pixels = generator.run(message);
      postMessage({ pixels, milliseconds: performance.now() - start });
    };
  };
  const source = `${get("interpreter").textContent};(${main})();`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage({
    program: data.program, weights: get("weights").textContent.trim(),
  });
  return (inputs) => new Promise((resolve) => {
    worker.onmessage = ({ data: answer }) => resolve(answer);
    worker.onerror = (event) => { event.preventDefault(); onFailure(inputs, resolve); };
    worker.postMessage(inputs);
  });
}

function inPage() {
  const generator = new Generator(data.program, get("weights").textContent.trim());
  return (inputs) => new Promise((resolve) => {
    setTimeout(() => {
      const start = performance.now();
      const pixels = generator.run(inputs);
      resolve({ pixels, milliseconds: performance.now() - start });
    });
  });
}

let compute = null;

function startComputing() {
  const withoutWorker = (inputs, resolve) => {
    compute = inPage();
    compute(inputs).then(resolve);
  };
  try {
    compute = inWorker(withoutWorker);
  } catch (error) {
    compute = inPage();
  }
}

// One image at a time, the large one first. A newer request of the same key
// takes the place of an older one, which is then never answered.
const waiting = new Map();
let busy = false;

function ask(key, inputs) {
  return new Promise((resolve) => {
    waiting.set(key, { inputs, resolve });
    next();
  });
}

async function next() {
  if (busy || !waiting.size) return;
  const key = waiting.has(IMAGE) ? IMAGE : waiting.keys().next().value;
  const { inputs, resolve } = waiting.get(key);
  waiting.delete(key);
  busy = true;
  try {
    resolve(await compute(inputs));
  } catch (error) {
    say(`This browser cannot compute the image: ${error.message}`);
  }
  busy = false;
  next();
}

// ---- What is seen -----------------------------------------------------------------

function paint(canvas, pixels) {
  const [height, width, colors] = data.image;
  const picture = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      // Clamped and rounded by the array itself.
      picture.data[4 * i + c] = 255 * pixels[i * colors + (colors === 3 ? c : 0)];
    }
    picture.data[4 * i + 3] = 255;
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

async function showImage() {
  const { pixels, milliseconds } = await ask(IMAGE, inputsOf(state.noise));
  paint(get("image"), pixels);
  const [height, width] = data.image;
  say(`${width} x ${height} pixels, computed here in ${milliseconds.toFixed(0)} ms`);
}

let gallery = [];

function showGallery() {
  gallery.forEach(async (noise, i) => {
    const { pixels } = await ask(`gallery ${i}`, inputsOf(noise));
    paint(get("grid").children[i].firstChild, pixels);
  });
}

function showAll() {
  showImage();
  showGallery();
}

function galleryButton(name, onclick) {
  const button = make("button", { type: "button", onclick }, [make("canvas")]);
  button.setAttribute("aria-label", name);
  return button;
}

function slider(name, range, oninput) {
  const input = make("input", { type: "range", ...range });
  const output = make("output");
  input.oninput = () => oninput(Number(input.value), output);
  return make("label", {}, [make("span", { textContent: name }), input, output]);
}

function showSliders() {
  [...get("sliders").children].forEach((label, i) => {
    const z = zOfNoise(state.noise[i], state.truncation);
    label.children[1].value = z;
    label.children[2].textContent = z.toFixed(2);
  });
}

function addSliders(upTo) {
  const [low, high] = [data.quantiles[0], data.quantiles[data.quantiles.length - 1]];
  for (let i = get("sliders").children.length; i < Math.min(upTo, data.z_dim); i++) {
    const range = { min: low, max: high, step: (high - low) / 200 || 1 };
    get("sliders").append(slider(`z${i}`, range, (z, output) => {
      state.noise[i] = noiseOfZ(z, state.truncation);
      output.textContent = z.toFixed(2);
      showImage();
    }));
  }
  get("more").hidden = get("sliders").children.length === data.z_dim;
  showSliders();
}

function addClasses(onchange) {
  get("classes").hidden = !data.classes.length;
  data.classes.forEach((name, i) => {
    const input = make("input", { type: "radio", name: "class", checked: i === 0 });
    input.onchange = () => { state.first = i; onchange(); };
    const label = make("label", { className: "class" }, [
      input, make("span", { textContent: name }),
    ]);
    get("classes").append(label);
  });
}

function goTo(noise) {
  state.noise = noise;
  showSliders();
  showImage();
}

function startLive() {
  startComputing();
  addClasses(showAll);
  get("mixing").hidden = data.classes.length < 2;
  get("second-class").append(
    ...data.classes.map((name, i) => make("option", { value: i, textContent: name })),
  );
  get("second-class").value = state.second;
  get("second-class").onchange = () => {
    state.second = Number(get("second-class").value);
    showAll();
  };
  get("mix").oninput = () => { state.mix = Number(get("mix").value); showAll(); };
  get("truncating").hidden = false;
  get("truncation").oninput = () => {
    state.truncation = Number(get("truncation").value);
    get("kept").textContent = Math.round(100 * state.truncation);
    showSliders();
    showAll();
  };
  addSliders(FEW);
  get("more").onclick = () => addSliders(2 * get("sliders").children.length);
  get("new-z").onclick = () => goTo(randomNoise());

  const refill = (noise) => {
    gallery = gallery.map(noise);
    showGallery();
  };
  for (let i = 0; i < IN_GALLERY; i++) {
    gallery.push(randomNoise());
    get("grid").append(galleryButton(`Take and vary image ${i + 1}`, () => {
      goTo(gallery[i]);
      const amount = Number(get("variation").value);
      const chosen = [...gallery[i]];
      refill((_, k) => (k === i ? chosen : varied(chosen, amount)));
    }));
  }
  get("hint").textContent =
    "Click an image: it becomes the large one, and the others change to variations of it.";
  get("varying").hidden = get("fresh").hidden = false;
  get("fresh").onclick = () => refill(randomNoise);
  showAll();
}

// ---- Frames -------------------------------------------------------------------------

// A sheet has a row for each coordinate of z and a column for each of its values.
const sheets = new Map();

function sheet(base, number) {
  const key = `${base} ${number}`;
  if (!sheets.has(key)) {
    const picture = new Image();
    sheets.set(key, new Promise((resolve) => {
      picture.onload = () => resolve(picture);
    }));
    picture.src = data.frames.bases[base][number];
  }
  return sheets.get(key);
}

async function paintFrame(canvas, row, column) {
  const picture = await sheet(state.base, state.first);
  const [height, width] = data.image;
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").drawImage(
    picture, column * width, row * height, width, height, 0, 0, width, height,
  );
}

function showFrame() {
  const { coordinate, value } = state;
  [...get("sliders").children].forEach((label, row) => {
    const column = row === coordinate ? value : data.frames.middle;
    label.children[1].value = column;
    label.children[2].textContent = row === coordinate
      ? data.frames.values[value].toFixed(2) : "";
  });
  say(`z${coordinate} = ${data.frames.values[value].toFixed(2)}, computed before`);
  paintFrame(get("image"), coordinate, value);
  [...get("grid").children].forEach((button, i) => {
    paintFrame(button.firstChild, coordinate, i);
  });
}

function startFrames() {
  const { values, coordinates, bases, middle } = data.frames;
  state.value = middle;
  addClasses(showFrame);
  for (let row = 0; row < coordinates; row++) {
    const range = { min: 0, max: values.length - 1, step: 1 };
    get("sliders").append(slider(`z${row}`, range, (value) => {
      Object.assign(state, { coordinate: row, value });
      showFrame();
    }));
  }
  get("new-z").hidden = bases.length < 2;
  get("new-z").onclick = () => {
    state.base = (state.base + 1) % bases.length;
    showFrame();
  };
  values.forEach((value, i) => {
    const name = `The coordinate at ${value.toFixed(2)}`;
    get("grid").append(galleryButton(name, () => { state.value = i; showFrame(); }));
  });
  get("hint").textContent =
    "One coordinate at a time, from its smallest value to its largest.";
  showFrame();
}

// ---- Start ----------------------------------------------------------------------------

get("save").onclick = () => {
  const href = get("image").toDataURL("image/png");
  make("a", { href, download: "image.png" }).click();
};

if (data.program) startLive();
else startFrames();
