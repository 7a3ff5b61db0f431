// Runs the programs of web_program.py. Every value is a flat float32 array.
//
// bytesOf is in web_bytes.js.
//
//   const generator = new Generator(program, weightsInBase64);
//   const pixels = generator.run({ z, y });   // [H, W, colors] in [0, 1]

"use strict";

// ---- Numbers on the move ----------------------------------------------------

// Calls visit(offset + sum of i[k] * stride[k]) for all i, the last axis first.
function walk({ size, stride, offset }, visit) {
  const last = size.length - 1;
  if (last < 0) return visit(offset);
  const along = (axis, at) => {
    for (let i = 0; i < size[axis]; i++, at += stride[axis]) {
      if (axis === last) visit(at);
      else along(axis + 1, at);
    }
  };
  along(0, offset);
}

function view([x], step) {
  const out = new Float32Array(step.size.reduce((a, b) => a * b, 1));
  let i = 0;
  walk(step, (at) => { out[i++] = x[at]; });
  return out;
}

function place(values, step) {
  const out = new Float32Array(step.length).fill(step.fill);
  values.forEach((x, k) => {
    let i = 0;
    walk(step.parts[k], (at) => { out[at] = x[i++]; });
  });
  return out;
}

// ---- Products ---------------------------------------------------------------

// Adds the product of a row x[xAt ...] of n numbers and a matrix w[wAt ...] of
// n rows and m columns to the row out[outAt ...].
function addProduct(x, xAt, n, w, wAt, out, outAt, m) {
  for (let i = 0; i < n; i++, wAt += m) {
    const factor = x[xAt + i];
    if (factor === 0) continue; // Half of what comes out of a relu.
    for (let j = 0; j < m; j++) out[outAt + j] += factor * w[wAt + j];
  }
}

function matmul([a, b], { batch, rows, inner, columns }) {
  const out = new Float64Array(batch * rows * columns);
  for (let row = 0; row < batch * rows; row++) {
    const bAt = Math.floor(row / rows) * inner * columns;
    addProduct(a, row * inner, inner, b, bAt, out, row * columns, columns);
  }
  return Float32Array.from(out);
}

// A tap of the kernel joins each pixel of the small image with the pixel
// small * stride + tap - pad of the large one. A convolution goes from the large
// image to the small one, a transposed convolution the other way.
function convolve([x, kernel], step) {
  const { transposed, input, output, stride, pad } = step;
  const [small, large] = transposed ? [input, output] : [output, input];
  const [n, m] = [input[2], output[2]];
  const out = new Float64Array(output[0] * output[1] * m);
  for (let row = 0; row < small[0]; row++) {
    for (let tapRow = 0; tapRow < step.kernel[0]; tapRow++) {
      const largeRow = row * stride[0] + tapRow - pad[0];
      if (largeRow < 0 || largeRow >= large[0]) continue;
      for (let column = 0; column < small[1]; column++) {
        for (let tapColumn = 0; tapColumn < step.kernel[1]; tapColumn++) {
          const largeColumn = column * stride[1] + tapColumn - pad[1];
          if (largeColumn < 0 || largeColumn >= large[1]) continue;
          const smallAt = row * small[1] + column;
          const largeAt = largeRow * large[1] + largeColumn;
          const [from, to] = transposed
            ? [smallAt, largeAt] : [largeAt, smallAt];
          const tap = tapRow * step.kernel[1] + tapColumn;
          addProduct(x, from * n, n, kernel, tap * n * m, out, to * m, m);
        }
      }
    }
  }
  return Float32Array.from(out);
}

// ---- Many numbers for one ---------------------------------------------------

// Reduces the cell of each output pixel, channel by channel; what lies beyond the
// edge does not count.
function pool([x], { input, output, kernel, stride, pad }, reduce) {
  const [height, width, channels] = input;
  const out = new Float32Array(output[0] * output[1] * channels);
  let at = 0;
  for (let row = 0; row < output[0]; row++) {
    for (let column = 0; column < output[1]; column++) {
      const [top, left] = [row * stride[0] - pad[0], column * stride[1] - pad[1]];
      for (let channel = 0; channel < channels; channel++) {
        const cell = [];
        for (let i = Math.max(top, 0); i < Math.min(top + kernel[0], height); i++) {
          for (let j = Math.max(left, 0); j < Math.min(left + kernel[1], width); j++) {
            cell.push(x[(i * width + j) * channels + channel]);
          }
        }
        out[at++] = reduce(cell);
      }
    }
  }
  return out;
}

function reduceRows([x], { count }, reduce) {
  const out = new Float32Array(x.length / count);
  for (let i = 0; i < out.length; i++) {
    out[i] = reduce(x.subarray(i * count, (i + 1) * count));
  }
  return out;
}

function softmax([x], { count }) {
  const out = new Float32Array(x.length);
  for (let from = 0; from < x.length; from += count) {
    const row = x.subarray(from, from + count);
    const largest = maximum(row);
    const total = row.reduce((sum, v) => sum + Math.exp(v - largest), 0);
    for (let i = 0; i < count; i++) {
      out[from + i] = Math.exp(row[i] - largest) / total;
    }
  }
  return out;
}

const sum = (row) => row.reduce((a, b) => a + b, 0);
const mean = (row) => sum(row) / row.length;
const maximum = (row) => row.reduce((a, b) => Math.max(a, b), -Infinity);
const minimum = (row) => row.reduce((a, b) => Math.min(a, b), Infinity);

// ---- One number for one number ----------------------------------------------

const UNARY = {
  abs: Math.abs,
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  exp: Math.exp,
  leaky_relu: (x, { alpha }) => (x > 0 ? x : alpha * x),
  log: Math.log,
  neg: (x) => -x,
  relu: (x) => (x > 0 ? x : 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  rsqrt: (x) => 1 / Math.sqrt(x),
  selu: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  sqrt: Math.sqrt,
  square: (x) => x * x,
  tanh: Math.tanh,
};

const BINARY = {
  add: (a, b) => a + b,
  div: (a, b) => a / b,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  mul: (a, b) => a * b,
  squared_difference: (a, b) => (a - b) * (a - b),
  sub: (a, b) => a - b,
};

function each(f) {
  return ([x], step) => {
    const out = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) out[i] = f(x[i], step);
    return out;
  };
}

// The shorter of the two is repeated, as a bias is.
function eachPair(f) {
  return ([a, b], { length }) => {
    const out = new Float32Array(length);
    for (let i = 0, j = 0, k = 0; i < length; i++, j++, k++) {
      if (j === a.length) j = 0;
      if (k === b.length) k = 0;
      out[i] = f(a[j], b[k]);
    }
    return out;
  };
}

const OPERATIONS = {
  view,
  place,
  matmul,
  convolve,
  softmax,
  avg_pool: (values, step) => pool(values, step, mean),
  max_pool: (values, step) => pool(values, step, maximum),
  max: (values, step) => reduceRows(values, step, maximum),
  mean: (values, step) => reduceRows(values, step, mean),
  min: (values, step) => reduceRows(values, step, minimum),
  sum: (values, step) => reduceRows(values, step, sum),
};
// A function of its own for each, which the browser then compiles for it alone.
for (const [name, f] of Object.entries(UNARY)) OPERATIONS[name] = each(f);
for (const [name, f] of Object.entries(BINARY)) OPERATIONS[name] = eachPair(f);

// ---- The program ------------------------------------------------------------

// The float16 of 16 bits: a sign, 5 bits of exponent, 10 of fraction.
function fromHalf(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0
    ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

class Generator {
  constructor(program, weights) {
    const { buffer } = bytesOf(weights);
    this.program = program;
    this.constants = new Map();
    for (const { id, at, size, half } of program.weights) {
      const array = half
        ? Float32Array.from(new Uint16Array(buffer, at, size), fromHalf)
        : new Float32Array(buffer, at, size);
      this.constants.set(id, array);
    }
    // What no later step needs is let go: {step: numbers of values}.
    const lastUse = new Map();
    program.steps.forEach((step, i) => {
      for (const id of step.in) lastUse.set(id, i);
    });
    this.done = program.steps.map(() => []);
    for (const [id, i] of lastUse) {
      if (id !== program.output) this.done[i].push(id);
    }
  }

  run(inputs) {
    const values = new Map(this.constants);
    for (const [name, id] of Object.entries(this.program.inputs)) {
      values.set(id, Float32Array.from(inputs[name]));
    }
    this.program.steps.forEach((step, i) => {
      const operands = step.in.map((id) => values.get(id));
      values.set(step.out, OPERATIONS[step.op](operands, step));
      for (const id of this.done[i]) values.delete(id);
    });
    return values.get(this.program.output);
  }
}

// As web_onnxruntime.js has it, so that a page can hold either.
async function loadGenerator({ program, weights }) {
  return new Generator(program, weights);
}
