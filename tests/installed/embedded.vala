/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An agent and a client in one program: embedded WORKSPACE. Calls come in both forms. */
string code_of (Error error) {
    return (error is Devbox.Error) ? Devbox.error_to_string (error.code) : "no code";
}

async void call (Devbox.Instance box) throws Error {
    yield box.replace_file_async ("file", new Bytes ({ 1, 2, 3 }), 0600);
    var bytes = yield box.load_file_async ("file");
    print ("%d bytes\n", bytes.length);
    var files = new HashTable<string, Bytes> (str_hash, str_equal);
    files["up/a"] = bytes;
    files["up/b"] = new Bytes (null);
    var upload = yield box.upload_files_async (files);
    yield box.move_async ("up/a", "up/c");
    var list = yield box.list_files_async ("up");
    var last = (Devbox.FileInfo) list.get_item (1);
    print ("%u of %u, %s\n", upload.n_processed, upload.n_total, last.name);
    try {
        yield box.load_file_async ("missing", new Cancellable ());
    } catch (Devbox.Error.FILE_NOT_FOUND error) {
        var info = Devbox.ErrorInfo.from_error (error);
        print ("%s, %u, %s\n", code_of (error), info.http_status, info.path);
    }
}

int main (string[] args) {
    var agent = new DevboxServer.Agent (args[1]);
    var client = new Devbox.Client ();
    client.timeout = 10 * 1000;
    try {
        agent.start ();
        var box = new Devbox.Instance.for_agent_with_client (client, agent.dup_uri ());
        var command = new Devbox.Command.for_shell ("echo $WORD");
        command.setenv ("WORD", "embedded", true);
        var result = box.run_sync (command);
        print ("%s", result.stdout_text);

        var loop = new MainLoop ();
        call.begin (box, (source, outcome) => {
            try {
                call.end (outcome);
            } catch (Error error) {
                print ("%s: %s\n", code_of (error), error.message);
            }
            loop.quit ();
        });
        loop.run ();

        var monitor = box.monitor_files_sync ("");
        monitor.cancel ();
        print ("%u connections\n", client.pool.max_size);
    } catch (Error error) {
        print ("%s\n", error.message);
        return 1;
    }
    client.close ();
    agent.stop ();
    return 0;
}
