// What the page does: its data are a program that computes images, or frames,
// images that were computed before. See web_page.py.

"use strict";

const FEW = 16; // so many sliders at first
const IN_GALLERY = 16;
const MORPH_SECONDS = 4; // from one class to the other and back
const MEASURE_SECONDS = 3;

// ---- Words ----------------------------------------------------------------------

let announcing = null;

// Shows words at once. A screen reader gets them when nothing has followed for
// a while, or it would never stop during a morph.
function say(words) {
  get("status").textContent = words;
  clearTimeout(announcing);
  announcing = setTimeout(() => { get("spoken").textContent = words; }, 700);
}

function nameImage(words) {
  get("image").setAttribute("aria-label", `Generated image: ${words}`);
}

function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// ---- What is seen ---------------------------------------------------------------

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

// Returns whether the image was painted: not if a newer one took its place.
async function showImage() {
  const words = described();
  writeHash();
  get("back").hidden = isOfSeed(state);
  const answer = await ask(IMAGE, inputsOf(state.noise));
  if (!answer) return false;
  paint(get("image"), answer.pixels);
  nameImage(words);
  const [height, width] = data.image;
  const size = `${width} x ${height} pixels`;
  say(`${size}, ${words}, computed here in ${answer.milliseconds.toFixed(0)} ms`);
  return true;
}

let gallery = []; // of { seed, noise }

function showGallery() {
  gallery.forEach(async (item, i) => {
    const button = get("grid").children[i];
    const seed = `seed ${item.seed}${isOfSeed(item) ? "" : ", varied"}`;
    button.setAttribute("aria-label", `Take and vary image ${i + 1}: ${seed}`);
    const answer = await ask(`gallery ${i}`, inputsOf(item.noise));
    if (answer) paint(button.firstChild, answer.pixels);
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

// The arrow keys move in the gallery as its rows are seen.
function moveInGallery(event) {
  const buttons = [...get("grid").children];
  const at = buttons.indexOf(event.target);
  const columns = buttons.filter((b) => b.offsetTop === buttons[0].offsetTop).length;
  const goal = {
    ArrowLeft: at - 1, ArrowRight: at + 1,
    ArrowUp: at - columns, ArrowDown: at + columns,
    Home: 0, End: buttons.length - 1,
  }[event.key];
  if (at < 0 || !buttons[goal]) return;
  event.preventDefault();
  buttons[goal].focus();
}

function slider(name, range, oninput) {
  const input = make("input", { type: "range", ...range });
  input.setAttribute("aria-label", name);
  // Not an output: a screen reader would read it aloud at each change.
  const number = make("span", { className: "number" });
  number.setAttribute("aria-hidden", "true");
  input.oninput = () => oninput(Number(input.value));
  return make("label", {}, [make("span", { textContent: name }), input, number]);
}

// Sets a slider, and what a screen reader says of it.
function setSlider(input, value, words) {
  input.value = value;
  input.setAttribute("aria-valuetext", words);
}

function showSliders() {
  [...get("sliders").children].forEach((label, i) => {
    const z = zOfNoise(state.noise[i], state.truncation);
    setSlider(label.children[1], z, z.toFixed(2));
    label.children[2].textContent = z.toFixed(2);
  });
}

function addSliders(upTo) {
  const [low, high] = [data.quantiles[0], data.quantiles[data.quantiles.length - 1]];
  const before = get("sliders").children.length;
  for (let i = before; i < Math.min(upTo, data.z_dim); i++) {
    const range = { min: low, max: high, step: (high - low) / 200 || 1 };
    get("sliders").append(slider(`z${i}`, range, (z) => {
      state.noise[i] = noiseOfZ(z, state.truncation);
      showSliders();
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
    get("class-names").append(label);
  });
}

// Shows the state in all controls.
function showControls() {
  // Not while somebody types there.
  if (document.activeElement !== get("seed")) get("seed").value = state.seed;
  if (data.classes.length) {
    document.getElementsByName("class")[state.first].checked = true;
  }
  get("second-class").value = state.second;
  setSlider(get("mix"), state.mix, percent(state.mix));
  get("mixed").textContent = percent(state.mix);
  const [low, high] = [-1, 1].map((x) => zOfNoise(x, state.truncation).toFixed(2));
  const kept = `the middle ${percent(state.truncation)} of z`;
  setSlider(get("truncation"), state.truncation, kept);
  get("kept").textContent = `${kept}, ${low} to ${high}`;
  showSliders();
}

function goTo({ seed, noise }) {
  Object.assign(state, { seed, noise: [...noise] });
  showControls();
  showImage();
}

const ofSeed = (seed) => ({ seed, noise: noiseOfSeed(seed) });

// ---- Morphs and speed -----------------------------------------------------------

let stopMorph = null; // ends the morph that is going on

// Moves the share of the second class up and down until it is stopped. People
// who asked their system for less motion get four steps, a second each.
async function morph() {
  let going = true;
  const stopped = new Promise((resolve) => {
    stopMorph = () => { going = false; resolve(); };
  });
  get("morph").textContent = "Stop morph";
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const start = performance.now();
  for (let images = 0; going; images++) {
    const seconds = (performance.now() - start) / 1000;
    const way = calm ? 0.25 * images : (2 * seconds) / MORPH_SECONDS;
    state.mix = 1 - Math.abs((way % 2) - 1);
    showControls();
    await showImage();
    const second = new Promise((resolve) => setTimeout(resolve, 1000));
    if (calm) await Promise.race([stopped, second]);
  }
  get("morph").textContent = "Morph";
  stopMorph = null;
  showAll();
}

// Returns how many images the page shows in a second.
async function imagesPerSecond(during = MEASURE_SECONDS) {
  let [images, seconds] = [0, 0];
  const start = performance.now();
  while (seconds < during) {
    if (await showImage()) images++;
    seconds = (performance.now() - start) / 1000;
  }
  return images / seconds;
}

async function measure() {
  const rate = await imagesPerSecond();
  say(`${rate.toFixed(1)} images per second, computed here by ${data.engine}`);
}

// ---- A page that computes -------------------------------------------------------

function startLive() {
  takeHash(location.hash);
  startComputing();
  addClasses(() => { showControls(); showAll(); });
  get("mixing").hidden = data.classes.length < 2;
  get("truncating").hidden = false;
  get("second-class").append(
    ...data.classes.map((name, i) => make("option", { value: i, textContent: name })),
  );
  const change = (id, event, name) => {
    get(id).addEventListener(event, () => {
      state[name] = Number(get(id).value);
      showControls();
      showAll();
    });
  };
  change("second-class", "change", "second");
  change("mix", "input", "mix");
  change("truncation", "input", "truncation");
  get("morph").onclick = () => (stopMorph ? stopMorph() : morph());
  get("measure").onclick = measure;

  get("seed").max = LARGEST_SEED;
  get("seed").oninput = () => {
    const { valueAsNumber: seed, validity } = get("seed");
    if (seed >= 0 && validity.valid) goTo(ofSeed(seed));
  };
  get("seed").onblur = showControls;
  get("new-z").onclick = () => goTo(ofSeed(randomSeed()));
  get("back").onclick = () => {
    get("seed").focus(); // The button goes away.
    goTo(ofSeed(state.seed));
  };
  addSliders(FEW);
  get("more").onclick = () => {
    const first = get("sliders").children.length;
    addSliders(2 * first);
    get("sliders").children[first].children[1].focus();
  };

  const refill = (item) => {
    gallery = gallery.map(item);
    showGallery();
  };
  const take = (i) => {
    const chosen = gallery[i];
    const amount = Number(get("variation").value);
    goTo(chosen);
    refill((_, k) => (k === i ? chosen
      : { seed: chosen.seed, noise: varied(chosen.noise, amount) }));
  };
  get("grid").className = "even"; // full rows
  for (let i = 0; i < IN_GALLERY; i++) {
    // Also those of the address: whoever opens it sees the same gallery.
    gallery.push(ofSeed((state.seed + 1 + i) % (LARGEST_SEED + 1)));
    get("grid").append(galleryButton("", () => take(i)));
  }
  get("hint").textContent =
    "Choose an image: it becomes the large one, and the others change to variations of it.";
  get("varying").hidden = get("fresh").hidden = false;
  get("fresh").onclick = () => refill(() => ofSeed(randomSeed()));
  addEventListener("hashchange", () => {
    if (location.hash === hashOfState()) return;
    takeHash(location.hash);
    showControls();
    showAll();
  });
  showControls();
  showAll();
}

// ---- Frames ---------------------------------------------------------------------

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
    const z = data.frames.values[column].toFixed(2);
    setSlider(label.children[1], column, z);
    label.children[2].textContent = row === coordinate ? z : "";
  });
  const words = `z${coordinate} = ${data.frames.values[value].toFixed(2)}`;
  const named = data.classes.length ? `class ${data.classes[state.first]}, ` : "";
  say(`${named}${words}, computed before`);
  nameImage(named + words);
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
  get("live").hidden = get("measure").hidden = true;
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

// ---- Start ----------------------------------------------------------------------

function save(canvas, name) {
  const href = canvas.toDataURL("image/png");
  make("a", { href, download: `${name}.png` }).click();
}

// Returns all images of the gallery in one picture, its rows about as many as
// its columns.
function galleryPicture() {
  const images = [...get("grid").children].map((button) => button.firstChild);
  const columns = Math.ceil(Math.sqrt(images.length));
  const [height, width] = data.image;
  const picture = make("canvas", {
    width: columns * width, height: Math.ceil(images.length / columns) * height,
  });
  images.forEach((image, i) => {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    picture.getContext("2d").drawImage(image, x * width, y * height);
  });
  return picture;
}

get("save").onclick = () => save(
  get("image"), data.frames ? "image" : described().replace(/[^\w.-]+/g, "-"),
);
get("save-gallery").onclick = () => save(galleryPicture(), "gallery");
get("grid").onkeydown = moveInGallery;

if (data.frames) startFrames();
else startLive();
