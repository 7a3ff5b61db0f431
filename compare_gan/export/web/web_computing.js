// Where images are computed, and in which order.

"use strict";

const IMAGE = "image"; // The key of the large image among all requests.

// What loadGenerator of the page's engine takes.
function partsOfGenerator() {
  const text = (id) => get(id).textContent.trim();
  const parts = { program: data.program, weights: text("weights") };
  if (get("runtime")) {
    parts.runtime = { module: text("runtime"), wasm: text("wasm") };
  }
  return parts;
}

async function timed(generator, inputs) {
  const start = performance.now();
  const pixels = await generator.run(inputs);
  return { pixels, milliseconds: performance.now() - start };
}

// In a worker, so that the page stays awake; where a browser allows none to a
// page from disk, between two of its other tasks.
function inWorker(onFailure) {
  const main = () => {
    let generator = null;
    const answer = async (message) => {
      if (message.program) generator = loadGenerator(message);
      else postMessage(await timed(await generator, message));
    };
    onmessage = ({ data: message }) => {
      // Thrown outside of a promise, it reaches the page.
      answer(message).catch((error) => setTimeout(() => { throw error; }));
    };
  };
  const source = `${get("engine").textContent};${timed};(${main})();`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage(partsOfGenerator());
  return (inputs) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data: answer }) => resolve(answer);
    worker.onerror = (event) => {
      event.preventDefault();
      worker.terminate();
      onFailure(inputs).then(resolve, reject);
    };
    worker.postMessage(inputs);
  });
}

function inPage() {
  const generator = loadGenerator(partsOfGenerator());
  return async (inputs) => {
    await new Promise((resolve) => setTimeout(resolve));
    return timed(await generator, inputs);
  };
}

let compute = null;

function startComputing() {
  const withoutWorker = (inputs) => {
    compute = inPage();
    return compute(inputs);
  };
  try {
    compute = inWorker(withoutWorker);
  } catch (error) {
    compute = inPage();
  }
}

// One image at a time, the large one first. A newer request of the same key
// takes the place of an older one, whose answer is then null.
const waiting = new Map();
let busy = false;

function ask(key, inputs) {
  return new Promise((resolve) => {
    if (waiting.has(key)) waiting.get(key).resolve(null);
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
    resolve(null);
  }
  busy = false;
  next();
}
