// The same answer with Express, where that is installed, and with plain Node.js where not.
"use strict";

const port = Number(process.env.PORT ?? 8080);
const text = "Hello from express.js\n";

function createApp() {
  try {
    const app = require("express")();
    app.get("/", (request, response) => response.type("text/plain").send(text));
    return app;
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    console.log("Express is not installed: see README.md");
    return (request, response) => {
      response.setHeader("Content-Type", "text/plain; charset=utf-8");
      response.end(text);
    };
  }
}

require("node:http").createServer(createApp()).listen(port, "127.0.0.1", () => console.log(`Listening on http://127.0.0.1:${port}/`));
