/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a script into a devbox, runs it, and sees the change: hello AGENT-URL, with the token in DEVBOX_TOKEN if it needs one. */

const string SCRIPT = """echo "Hello from a devbox"
echo "2 + 3 = $((2 + 3))"
""";

async void hello (string agent_url, string? token) throws Error {
    var box = new Devbox.Instance.for_agent (agent_url, token);
    if (!yield box.is_healthy_async ())
        throw new IOError.FAILED ("The agent is not healthy.");
    print ("The agent is healthy.\n");

    string? created = null;
    SourceFunc? wake = null;
    var monitor = yield box.monitor_files_async ("", Devbox.FileMonitorFlags.NONE);
    monitor.changed.connect ((path, old_path, event) => {
        if (event != FileMonitorEvent.CREATED || created != null)
            return;
        created = path;
        if (wake != null)
            wake ();
    });

    yield box.replace_file_async ("hello.sh", new Bytes (SCRIPT.data), 0);
    var result = yield box.run_async (new Devbox.Command ({ "sh", "hello.sh" }));
    print ("%s", result.get_stdout_text ());
    print ("Exit code %d.\n", result.get_exit_code ());

    if (created == null) {
        wake = hello.callback;
        yield;
    }
    print ("Created: %s\n", created);
    monitor.cancel ();

    try {
        yield box.load_file_async ("missing.txt");
    } catch (Devbox.Error.FILE_NOT_FOUND error) {
        print ("missing.txt is not there, as it should be.\n");
    }
}

int main (string[] args) {
    Intl.setlocale (); // messages of the library in the user's language
    if (args.length != 2) {
        printerr ("usage: hello AGENT-URL\n");
        return 1;
    }

    var loop = new MainLoop ();
    int status = 0;
    hello.begin (args[1], Environment.get_variable ("DEVBOX_TOKEN"), (source, result) => {
        try {
            hello.end (result);
        } catch (Error error) {
            printerr ("hello: %s\n", error.message);
            status = 1;
        }
        loop.quit ();
    });
    loop.run ();

    return status;
}
