#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes a script into a devbox, runs it, and sees the change: hello.py AGENT-URL, with the token in DEVBOX_TOKEN if it needs one."""
import asyncio
import contextlib
import locale
import os
import sys

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

SCRIPT = """echo "Hello from a devbox"
echo "2 + 3 = $((2 + 3))"
"""


async def main(agent_url, token):
    box = Devbox.Instance.new_for_agent(agent_url, token)
    if not await box.is_healthy_async():
        sys.exit("The agent is not healthy.")
    print("The agent is healthy.")

    monitor = await box.monitor_files_async("")
    created = asyncio.get_running_loop().create_future()

    def on_changed(monitor, path, old_path, event):
        if event == Gio.FileMonitorEvent.CREATED and not created.done():
            created.set_result(path)

    monitor.connect("changed", on_changed)

    await box.replace_file_async("hello.sh", SCRIPT)
    result = await box.run_async(Devbox.Command.new(["sh", "hello.sh"]))
    print(result.get_stdout_text(), end="")
    print(f"Exit code {result.get_exit_code()}.")

    print(f"Created: {await asyncio.wait_for(created, 10)}")
    monitor.cancel()

    try:
        await box.load_file_async("missing.txt")
    except GLib.Error as error:
        if not error.matches(Devbox.error_quark(), Devbox.Error.FILE_NOT_FOUND):
            raise
        print("missing.txt is not there, as it should be.")


with contextlib.suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "")  # messages of the library in the user's language
if len(sys.argv) != 2:
    sys.exit("usage: hello.py AGENT-URL")
try:
    asyncio.run(main(sys.argv[1], os.environ.get("DEVBOX_TOKEN")))
except GLib.Error as error:
    sys.exit(f"hello.py: {error.message}")
