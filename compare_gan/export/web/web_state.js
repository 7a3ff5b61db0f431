// What the large image is made of: a seed, or the numbers behind z; the classes
// and their shares; the truncation. The address holds it after its "#".

"use strict";

const get = (id) => document.getElementById(id);
const data = JSON.parse(get("data").textContent);
const LARGEST_SEED = 999999;

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
  return Math.fround((2 * p - 1) / truncation);
}

// Returns a function that draws from [0, 1): George Marsaglia's xorshift with
// 32 bits. The first numbers of neighboring seeds are alike, and left out.
function drawsOf(seed) {
  let x = Math.imul(seed + 1, 0x9e3779b1) || 1;
  const draw = () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 32; i++) draw();
  return draw;
}

// The same for a seed in every browser: noise is float32, as in the address.
function noiseOfSeed(seed) {
  const draw = drawsOf(seed);
  return Array.from({ length: data.z_dim }, () => Math.fround(2 * draw() - 1));
}

const randomSeed = () => Math.floor((LARGEST_SEED + 1) * Math.random());

function varied(noise, amount) {
  return noise.map((x) => {
    const moved = x + amount * (2 * Math.random() - 1);
    const inside = Math.abs(moved) > 1 ? 2 * Math.sign(moved) - moved : moved;
    return Math.fround(inside);
  });
}

const state = {
  seed: 0, noise: [], truncation: 1,
  first: 0, second: Math.min(1, data.classes.length - 1), mix: 0,
  base: 0, coordinate: 0, value: 0, // of frames
};

function isOfSeed({ seed, noise }) {
  return noiseOfSeed(seed).every((x, i) => x === noise[i]);
}

function inputsOf(noise) {
  const z = noise.map((x) => zOfNoise(x, state.truncation));
  if (!data.classes.length) return { z };
  const y = data.classes.map(() => 0);
  y[state.first] += 1 - state.mix;
  y[state.second] += state.mix;
  return { z, y };
}

const percent = (share) => `${Math.round(100 * share)} %`;

// Returns what a picture shows, in words.
function described() {
  const words = [];
  if (data.classes.length) {
    const mixed = state.mix > 0 && state.second !== state.first;
    words.push(`class ${data.classes[state.first]}` + (mixed
      ? ` with ${percent(state.mix)} of ${data.classes[state.second]}` : ""));
  }
  words.push(`seed ${state.seed}${isOfSeed(state) ? "" : ", changed"}`);
  if (state.truncation < 1) words.push(`truncation ${percent(state.truncation)}`);
  return words.join(", ");
}

// ---- The address ----------------------------------------------------------------

function textOfNoise(noise) {
  const bytes = new Uint8Array(Float32Array.from(noise).buffer);
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

// Returns the noise of a text, or null if it does not hold it.
function noiseOfText(text) {
  try {
    const bytes = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    const { buffer } = Uint8Array.from(bytes, (c) => c.charCodeAt(0));
    const noise = [...new Float32Array(buffer)];
    return noise.length === data.z_dim && noise.every(Number.isFinite)
      ? noise : null;
  } catch (error) {
    return null;
  }
}

function hashOfState() {
  const words = new URLSearchParams({ seed: state.seed });
  if (!isOfSeed(state)) words.set("noise", textOfNoise(state.noise));
  if (data.classes.length) words.set("class", state.first);
  if (state.mix > 0) {
    words.set("with", state.second);
    words.set("share", state.mix);
  }
  if (state.truncation < 1) words.set("truncation", state.truncation);
  return `#${words}`;
}

// Changes the state to that of a hash. What the hash does not have, or has
// wrongly, takes its usual value.
function takeHash(hash) {
  const words = new URLSearchParams(hash.slice(1));
  const number = (name, low, high, otherwise) => {
    const value = words.has(name) ? Number(words.get(name)) : NaN;
    return value >= low && value <= high ? value : otherwise;
  };
  const label = (name, otherwise) => {
    const value = number(name, 0, data.classes.length - 1, otherwise);
    return Number.isInteger(value) ? value : otherwise;
  };
  state.seed = Math.floor(number("seed", 0, LARGEST_SEED, randomSeed()));
  state.noise = noiseOfText(words.get("noise") || "") || noiseOfSeed(state.seed);
  state.first = label("class", 0);
  state.second = label("with", Math.min(1, data.classes.length - 1));
  state.mix = number("share", 0, 1, 0);
  state.truncation = number("truncation", 0.05, 1, 1);
}

// Not at once: browsers allow a page few such changes in a minute.
let writing = null;

function writeHash() {
  clearTimeout(writing);
  writing = setTimeout(() => {
    try {
      history.replaceState(null, "", hashOfState());
    } catch (error) {
      // The image is the same; only its address is not up to date.
    }
  }, 300);
}
