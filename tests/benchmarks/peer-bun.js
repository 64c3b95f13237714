// SPDX-License-Identifier: LGPL-2.1-or-later
// The peer of the benchmarks: the same routes on Bun, as plainly as one writes them there.
import { mkdir } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";

const workspace = process.argv[2];
const started = Date.now();

function inside(path) {
    const whole = resolve(workspace, path);
    if (!whole.startsWith(workspace))
        throw new Error("path leaves the workspace");
    return whole;
}

async function exec({ command, args = [], timeout = 30000 }) {
    const began = Date.now();
    const child = Bun.spawn([command, ...args], { cwd: workspace, stdout: "pipe", stderr: "pipe", timeout });
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
    return { pid: child.pid, status: child.exitCode === 0 ? "completed" : "failed", exitCode: child.exitCode, stdout, stderr, duration: Date.now() - began };
}

async function upload({ files }) {
    const results = [];
    for (const { path, content, encoding } of files) {
        try {
            results.push({ path, success: true, size: await write(path, content, encoding) });
        } catch (error) {
            results.push({ path, success: false, error: error.message });
        }
    }
    return { success: true, results, totalFiles: files.length, successCount: results.filter(result => result.success).length };
}

async function write(path, content, encoding) {
    const whole = inside(path);
    await mkdir(dirname(whole), { recursive: true });
    return Bun.write(whole, encoding === "base64" ? Buffer.from(content, "base64") : content);
}

// One watcher of the whole folder, once somebody asks for it.
let watcher = null;

async function watch() {
    const { watch } = await import(Bun.resolveSync("chokidar", process.env.BUN_FOLDER));
    watcher = watch(workspace, { ignoreInitial: true });
    for (const type of ["add", "change", "unlink"])
        watcher.on(type, path => server.publish("changes",
            JSON.stringify({ type: "file-change", event: { type, path: relative(workspace, path), timestamp: Date.now() } })));
    await new Promise(resolve => watcher.on("ready", resolve));
}

const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    maxRequestBodySize: 512 * 1024 * 1024,
    async fetch(request) {
        const { pathname } = new URL(request.url);
        if (pathname === "/health")
            return Response.json({ status: "healthy", timestamp: new Date().toISOString(), version: "1.0.0", uptime: (Date.now() - started) / 1000 });
        if (pathname === "/files/read")
            return new Response(Bun.file(inside((await request.json()).path)));
        if (pathname === "/files/write") {
            const { path, content, encoding } = await request.json();
            const size = await write(path, content, encoding);
            return Response.json({ success: true, path, size, timestamp: new Date().toISOString() });
        }
        if (pathname === "/process/exec")
            return Response.json(await exec(await request.json()));
        if (pathname === "/files/batch-upload")
            return Response.json(await upload(await request.json()));
        if (pathname.startsWith("/raw/")) {
            const path = inside(decodeURIComponent(pathname.slice("/raw/".length)));
            if (request.method === "GET")
                return new Response(Bun.file(path));
            await Bun.write(path, request);
            return new Response(null, { status: 201 });
        }
        if (pathname === "/ws" && server.upgrade(request))
            return undefined;
        return new Response(null, { status: 404 });
    },
    websocket: {
        async message(socket, text) {
            const { type, path } = JSON.parse(text);
            if (watcher === null)
                await watch();
            socket.subscribe("changes");
            socket.send(JSON.stringify({ success: true, type, path, status: "started" }));
        },
    },
});

console.log(`http://127.0.0.1:${server.port}`);
