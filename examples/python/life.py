#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole life of a devbox on the local platform: life.py [KUBECONFIG], by default the one that devbox-platform leaves for clients.

The client library speaks to the devbox itself; what it has no call for yet goes to the platform as plain HTTP."""
import asyncio
import base64
import contextlib
import http.client
import json
import locale
import os
import re
import sys
import time
import urllib.parse

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

NAME = "hello"
SCRIPT = """echo "Hello from $NAME"
"""


class Platform:
    """The API of the platform, with the address and the token that its kubeconfig tells."""

    def __init__(self, path):
        with open(path) as file:
            kubeconfig = file.read()
        # The platform writes each value on a line of its own.
        self.address = urllib.parse.urlsplit(re.search(r'server: "?([^"\s]+)', kubeconfig).group(1)).netloc
        self.headers = {"Authorization": "Bearer " + re.search(r'token: "?([^"\s]+)', kubeconfig).group(1), "Content-Type": "application/json"}

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, "/api/v1/devbox" + path, body and json.dumps(body), self.headers)
            reply = connection.getresponse()
            answer = json.loads(reply.read())
        if reply.status >= 400:
            sys.exit(f"life.py: {method} {path}: {answer['error']}")
        return answer

    def wait_until(self, status):
        deadline = time.monotonic() + 30
        while (devbox := self.ask("GET", f"/{NAME}"))["status"] != status:
            if devbox["status"] == "Error" or time.monotonic() > deadline:
                sys.exit(f"life.py: the devbox is not {status}, but {devbox['status']}: {devbox.get('reason')}")
            time.sleep(0.01)
        return devbox


async def use(devbox):
    """Writes a script, sees that it is there, and runs it."""
    token = base64.b64decode(devbox["agentServer"]["token"]).decode()
    box = Devbox.Instance.new_for_agent(devbox["ports"][0]["publicAddress"], token)
    monitor = await box.monitor_files_async("")
    created = asyncio.get_running_loop().create_future()

    def on_changed(monitor, path, old_path, event):
        if event == Gio.FileMonitorEvent.CREATED and path == "greet.sh" and not created.done():
            created.set_result(path)

    monitor.connect("changed", on_changed)
    await box.replace_file_async("greet.sh", SCRIPT)
    print(f"Created: {await asyncio.wait_for(created, 10)}")
    monitor.cancel()

    result = await box.run_async(Devbox.Command.new(["sh", "greet.sh"]))
    print(result.get_stdout_text(), end="")


def main(path):
    platform = Platform(path)
    platform.ask("POST", "", {"name": NAME, "runtime": "bash", "resource": {"cpu": 1, "memory": 0.5}, "env": {"NAME": NAME}})
    devbox = platform.wait_until("Running")
    print(f"Made {NAME}, which runs.")
    asyncio.run(use(devbox))

    samples = []
    while not samples:
        time.sleep(0.1)
        samples = platform.ask("GET", f"/{NAME}/monitor")
    print("Measured cpu, memory, network and disk.")

    for action in ("pause", "start"):
        print(f"After {action} it is {platform.ask('POST', f'/{NAME}/{action}', {})['status']}.")
    platform.ask("DELETE", f"/{NAME}")
    print(f"Deleted. Devboxes left: {len(platform.ask('GET', '')['data'])}.")


with contextlib.suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "")  # messages of the library in the user's language
try:
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(GLib.get_user_config_dir(), "devbox-platform", "kubeconfig"))
except (GLib.Error, OSError) as error:
    sys.exit(f"life.py: {getattr(error, 'message', error)}")
