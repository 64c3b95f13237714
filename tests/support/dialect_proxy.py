# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real agent that seems to speak one dialect only, as agents of other makers do."""
import http.client
import http.server
import json
import threading

HIDDEN = {"classic": ("/api/",), "current": ("/files/", "/process/")}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def _forward(self):
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with proxy.lock:
            proxy.requests.append(f"{self.command} {self.path.partition('?')[0]}")
        if self.path.startswith(HIDDEN[proxy.dialect]):
            self._reply(404, {}, b"")
            return

        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "expect")}
        connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=20)
        try:
            connection.request(self.command, self.path, body, headers)
            reply = connection.getresponse()
            content = reply.read()
        finally:
            connection.close()
        if self.path == "/health":
            content = proxy.tell_health(json.loads(content))
        kept = {name: reply.headers[name] for name in ("Content-Type", "Content-Disposition") if name in reply.headers}
        self._reply(reply.status, kept, content)

    do_GET = do_POST = do_PUT = do_HEAD = _forward

    def _reply(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class DialectProxy:
    """Before an Agent; `requests` tells what came, such as "GET /health"."""

    def __init__(self, agent, dialect):
        self.host, self.port = "127.0.0.1", agent.port
        self.dialect = dialect
        self.lock = threading.Lock()
        self.requests = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    def tell_health(self, health):
        """As an agent of that dialect says it, which knows no capabilities."""
        if self.dialect == "classic":
            health = {"status": "healthy", "timestamp": "2026-11-23T10:00:00.000Z", "version": "1.0.0", "uptime": 1}
        else:
            health.pop("capabilities", None)
            health.update(status=0, healthStatus="ok")
        return json.dumps(health).encode()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
