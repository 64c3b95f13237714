// SPDX-License-Identifier: LGPL-2.1-or-later
// npm-client.mjs URL TOKEN: @labring/devbox-sdk, and the fetch of Node.js that it uses; asked as contestant.c says.
import assert from "node:assert/strict";
import readline from "node:readline";

import { connect } from "../conformance/npm_sdk.mjs";

const [url, token] = process.argv.slice(2);
const { box, sdk } = await connect(url, token);
const SMALL = "small.bin";
const authorization = { Authorization: `Bearer ${token}` };

const fetchSmall = async () => {
  const reply = await fetch(`${url}/api/v1/files/read?path=${SMALL}`, { headers: authorization });
  assert.equal((await reply.arrayBuffer()).byteLength, 1024);
};
const readSmall = async () => assert.equal((await box.readFile(SMALL)).length, 1024);
const oneByOne = async (count, read) => {
  for (let i = 0; i < count; i++)
    await read();
};

const operations = {
  reads: count => oneByOne(count, readSmall),
  "reads-fetch": count => oneByOne(count, fetchSmall),

  async crowd(count) {
    const start = performance.now();
    const waits = await Promise.all(Array.from({ length: count }, () => readSmall().then(() => performance.now() - start)));
    waits.sort((a, b) => a - b);
    return { median_ms: waits[count >> 1], last_ms: waits.at(-1) };
  },

  download: async name => ({ bytes: (await box.downloadFile(name)).length }),

  async upload(name, size) {
    await box.writeFile(name, Buffer.alloc(Number(size)));
    return { bytes: Number(size) };
  },

  async batch(folder, count, size) {
    const contents = "x".repeat(size);
    const files = Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}/${i % 100}/file-${i}.txt`, contents]));
    assert.equal((await box.uploadFiles(files)).successCount, Number(count));
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const [name, ...words] = line.split(" ");
  const start = performance.now();
  const processor = process.cpuUsage();
  const figures = await operations[name](...words) ?? {};
  const { user, system } = process.cpuUsage(processor);
  Object.assign(figures, { ms: performance.now() - start, processor_ms: (user + system) / 1000 });
  console.log(Object.entries(figures).map(([key, value]) => `${key}=${value}`).join(" "));
}
await sdk.close();
process.exit();
