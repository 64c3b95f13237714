// SPDX-License-Identifier: LGPL-2.1-or-later
// The peer of the benchmarks: the same routes on Bun, as plainly as one writes them there.
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";

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
            const whole = inside(path);
            await mkdir(dirname(whole), { recursive: true });
            const size = await Bun.write(whole, encoding === "base64" ? Buffer.from(content, "base64") : content);
            return Response.json({ success: true, path, size, timestamp: new Date().toISOString() });
        }
        if (pathname === "/process/exec")
            return Response.json(await exec(await request.json()));
        return new Response(null, { status: 404 });
    },
});

console.log(`http://127.0.0.1:${server.port}`);
