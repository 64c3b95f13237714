// SPDX-License-Identifier: LGPL-2.1-or-later
// client.mjs URL TOKEN WORKSPACE: the fetch and WebSocket of Node.js against an agent; reports in the Test Anything Protocol.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import fs from "node:fs/promises";
import path from "node:path";

import { run } from "./tap.mjs";

const [url, token, workspace] = process.argv.slice(2);
const authorization = { Authorization: `Bearer ${token}` };
const large = crypto.randomBytes(2 << 20);

const post = (route, body, options = {}) =>
  fetch(url + route, { method: "POST", headers: { ...authorization, "Content-Type": "application/json" }, body: JSON.stringify(body), ...options });

/* A socket whose messages are waited for one after the other. */
class Socket {
  #messages = [];
  #waiting = [];

  constructor() {
    this.socket = new WebSocket(url.replace("http", "ws") + "/ws", ["base64url.bearer.authorization.k8s.io." + Buffer.from(token).toString("base64url")]);
    this.socket.onmessage = event => (this.#waiting.shift() ?? (message => this.#messages.push(message)))(JSON.parse(event.data));
    this.opened = new Promise((resolve, reject) => { this.socket.onopen = resolve; this.socket.onerror = reject; });
    this.closed = new Promise(resolve => { this.socket.onclose = resolve; });
  }

  receive() {
    return this.#messages.length > 0 ? this.#messages.shift() : new Promise(resolve => this.#waiting.push(resolve));
  }

  ask(message) {
    this.socket.send(JSON.stringify(message));
    return this.receive();
  }
}

const tests = {
  async "fetch: health in both forms"() {
    assert.equal((await (await fetch(url + "/health")).json()).status, "healthy");
    assert.equal((await (await fetch(url + "/health", { headers: authorization })).json()).healthStatus, "ok");
  },

  async "fetch: write and read"() {
    const written = await post("/files/write", { path: "a/large", content: large.toString("base64"), encoding: "base64" });
    assert.deepEqual([written.status, (await written.json()).size], [200, large.length]);
    const read = await post("/files/read", { path: "a/large" });
    assert.ok(Buffer.from(await read.arrayBuffer()).equals(large));
    assert.equal(read.headers.get("content-length"), String(large.length));
  },

  async "fetch: a body that streams"() {
    const text = JSON.stringify({ path: "streamed", content: "x".repeat(100_000) });
    const pieces = text.match(/.{1,999}/gs);
    const body = new ReadableStream({ pull (controller) { pieces.length > 0 ? controller.enqueue(Buffer.from(pieces.shift())) : controller.close(); } });
    const reply = await post("/files/write", null, { body, duplex: "half" });
    assert.equal((await reply.json()).size, 100_000);
  },

  async "fetch: a reply that streams"() {
    const reply = await post("/process/exec", { command: "head -c 3000000 /dev/zero | tr '\\0' x", shell: true });
    assert.equal((await reply.json()).stdout.length, 3_000_000);
  },

  async "fetch: errors"() {
    for (const [route, body, status, code] of [["/files/read", { path: "nothing" }, 404, "FILE_NOT_FOUND"], ["/files/read", {}, 400, "VALIDATION_ERROR"],
      ["/files/read", { path: "../x" }, 403, "PATH_TRAVERSAL_DETECTED"], ["/nothing", {}, 404, "FILE_NOT_FOUND"]]) {
      const reply = await post(route, body);
      assert.deepEqual([reply.status, (await reply.json()).code], [status, code]);
    }
    assert.equal((await fetch(url + "/files/read", { method: "POST" })).status, 401);
    assert.equal((await fetch(url + "/api/v1/nothing", { headers: authorization })).status, 404);
  },

  async "fetch: abort"() {
    const controller = new AbortController();
    const began = Date.now();
    setTimeout(() => controller.abort(), 200);
    await assert.rejects(post("/process/exec", { command: "sleep", args: ["60"] }, { signal: controller.signal }), { name: "AbortError" });
    assert.ok(Date.now() - began < 5000);
  },

  async "fetch: a hundred at once"() {
    const replies = await Promise.all(Array.from({ length: 100 }, (_, number) => post("/files/write", { path: `many/${number}`, content: String(number) })));
    assert.ok(replies.every(reply => reply.status === 200));
    assert.equal((await fs.readdir(path.join(workspace, "many"))).length, 100);
  },

  async "WebSocket: both dialects"() {
    const socket = new Socket();
    await socket.opened;
    assert.equal((await socket.ask({ type: "watch", path: "" })).status, "started");
    assert.deepEqual(await socket.ask({ action: "list" }), { type: "list", subscriptions: [] });
    assert.equal((await socket.ask({ action: "subscribe", type: "process", targetId: "none" })).status, 1404);
    await fs.writeFile(path.join(workspace, "seen"), "");
    const message = await socket.receive();
    assert.deepEqual([message.type, message.event.type, message.event.path], ["file-change", "add", "seen"]);
    socket.socket.close(4000, "enough");
    const closed = await socket.closed;
    assert.deepEqual([closed.code, closed.wasClean], [4000, true]);
  },

  async "WebSocket: binary is refused"() {
    const socket = new Socket();
    await socket.opened;
    socket.socket.send(new Uint8Array(3));
    assert.equal((await socket.closed).code, 1003);
  },

  async "WebSocket: no token"() {
    const socket = new WebSocket(url.replace("http", "ws") + "/ws");
    await new Promise((resolve, reject) => { socket.onerror = resolve; socket.onopen = reject; });
  },
};

await run(tests);
