# SPDX-License-Identifier: LGPL-2.1-or-later
"""An agent that keeps its files in a dictionary, in a thread of its own: enough of one to try the bindings on.

As a program it prints its address and ends with its input; what is typed there goes to all who watch.
"""
import base64
import hashlib
import http.server
import json
import socket
import struct
import sys
import threading

_WEBSOCKET_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)

    def do_GET(self):
        if self.path == "/ws":
            self._watch()
        else:
            self._reply(200, {"status": "healthy"})

    def do_POST(self):
        agent = self.server.agent
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with agent.lock:
            agent.requests.append((self.path, request))
        if self.path == "/files/write":
            self._write(request)
        elif self.path == "/files/read":
            self._read(request)
        elif request["command"] == "hang":
            agent.hanging.set()
            agent.resume.wait()
            self.close_connection = True
        elif request["command"] == "slow":
            self._reply(408, {"success": False, "error": "time is over", "code": "OPERATION_TIMEOUT",
                               "pid": 2, "stdout": "so far", "stderr": ""})
        else:
            self._reply(200, {"pid": 1, "exitCode": 0, "stdout": "a\ufffd", "stderr": "", "duration": 1,
                               "stdoutBase64": base64.b64encode(b"a\xff").decode()})

    def _write(self, request):
        agent = self.server.agent
        content = base64.b64decode(request["content"])
        with agent.lock:
            agent.files[request["path"]] = content
        self._reply(200, {"success": True, "path": request["path"], "size": len(content)})
        agent.tell({"type": "file-change", "event": {"type": "add", "path": request["path"], "timestamp": 1}})

    def _read(self, request):
        with self.server.agent.lock:
            content = self.server.agent.files.get(request["path"])
        if content is None:
            self._reply(404, {"success": False, "error": "no such file", "code": "FILE_NOT_FOUND"})
        else:
            self._reply_bytes(200, content)

    def _reply(self, status, value):
        self._reply_bytes(status, json.dumps(value).encode())

    def _reply_bytes(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _watch(self):
        key = hashlib.sha1((self.headers["Sec-WebSocket-Key"] + _WEBSOCKET_KEY).encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(key).decode())
        self.end_headers()
        self.close_connection = True
        # Whoever was told so is a watcher already.
        with self.server.agent.lock:
            self._send_message({"success": True, "type": "watch", "path": ".", "status": "started"})
            self.server.agent.watchers.append(self)
        while self.rfile.read(1):
            pass

    def _send_message(self, message):
        data = json.dumps(message).encode()
        head = struct.pack("!BB", 0x81, len(data)) if len(data) < 126 else struct.pack("!BBH", 0x81, 126, len(data))
        self.wfile.write(head + data)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *unused):
        pass  # a client that left


class ScriptedAgent:
    def __init__(self):
        self.lock = threading.Lock()
        self.files = {}
        self.requests = []
        self.watchers = []
        self.hanging = threading.Event()
        self.resume = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.agent = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def tell(self, message):
        with self.lock:
            watchers = list(self.watchers)
        for watcher in watchers:
            watcher._send_message(message)

    def stop(self):
        self.resume.set()
        self._server.shutdown()
        self._server.server_close()


if __name__ == "__main__":
    agent = ScriptedAgent()
    print(agent.url, flush=True)
    for line in sys.stdin:
        agent.tell(json.loads(line))
    agent.stop()
