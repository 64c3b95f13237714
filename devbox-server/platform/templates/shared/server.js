// A server for the files of a folder ("public" beside this file), in plain Node.js.
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

const root = path.join(__dirname, "public");
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
                ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png" };

function sendNotFound(response) {
  response.writeHead(404, { "Content-Type": "text/plain; charset=utf-8" });
  response.end("Not found\n");
}

const server = http.createServer((request, response) => {
  let name;
  try {
    name = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
  } catch {
    sendNotFound(response);
    return;
  }

  const file = path.join(root, name.endsWith("/") ? name + "index.html" : name);
  if (!file.startsWith(root + path.sep) || file.includes("\0")) {
    sendNotFound(response);
    return;
  }

  const stream = fs.createReadStream(file);
  stream.once("open", () => response.writeHead(200, { "Content-Type": types[path.extname(file)] ?? "application/octet-stream" }));
  stream.once("error", () => response.headersSent ? response.destroy() : sendNotFound(response));
  stream.pipe(response);
});

const port = Number(process.env.PORT ?? 8080);
server.listen(port, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${port}/`));
