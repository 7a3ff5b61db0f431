// Runs an ONNX model by onnxruntime-web, WebAssembly on one thread of the CPU.
//
//   const generator = await loadGenerator({ program, weights, runtime });
//   const pixels = await generator.run({ z, y });   // [H, W, colors] in [0, 1]
//
// program: the names of the model's inputs and of its output.
// weights: the ONNX file in base64.
// runtime: onnxruntime-web's module and its WebAssembly, gzipped, in base64.

"use strict";

async function importText(text) {
  const blob = new Blob([text], { type: "text/javascript" });
  const url = URL.createObjectURL(blob);
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function loadGenerator({ program, weights, runtime }) {
  const ort = await importText(await unzipped(runtime.module).text());
  // Threads would need headers that neither a file nor a plain server has.
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  // Given as bytes, it is not looked for on a server.
  ort.env.wasm.wasmBinary = await unzipped(runtime.wasm).arrayBuffer();
  const session = await ort.InferenceSession.create(bytesOf(weights), {
    executionProviders: ["wasm"],
  });
  return {
    async run(inputs) {
      const feeds = {};
      for (const [name, port] of Object.entries(program.inputs)) {
        const values = Float32Array.from(inputs[name]);
        feeds[port] = new ort.Tensor("float32", values, [1, values.length]);
      }
      return (await session.run(feeds))[program.output].data;
    },
  };
}
