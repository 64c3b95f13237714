/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processes, sessions, logs and ports of the real agent in Vala. */

Devbox.Instance instance;

void test_process () throws GLib.Error {
    var process = instance.spawn_sync (new Devbox.Command.for_shell ("echo out; exit 3"));
    assert (process.wait_sync ());
    assert (process.get_exit_status () == 3 && process.status == Devbox.ProcessStatus.FAILED);
    assert (process.refresh_sync () && process.get_stdout ().compare (new Bytes ("out\n".data)) == 0);
    assert (instance.get_process_status_sync (process.pid).identifier == process.identifier);
    assert (instance.list_processes_sync ().get_n_items () >= 1);
    try {
        process.wait_check_sync ();
        assert_not_reached ();
    } catch (Devbox.Error e) {
        assert (e is Devbox.Error.DEVBOX_OPERATION_FAILED);
    }
}

async string follow (Devbox.LogReader reader) throws GLib.Error {
    var text = "";
    for (Devbox.LogEntry? entry; (entry = yield reader.next_entry_async ()) != null;)
        text += entry.text;

    return text;
}

async void test_logs () throws GLib.Error {
    var process = yield instance.spawn_async (new Devbox.Command.for_shell ("echo a; sleep 0.1; echo b"));
    assert ((yield follow (yield process.open_log_async ())) == "a\nb\n");
    assert ((yield process.load_log_async ()).get_n_items () == 2);

    var reader = yield instance.run_streamed_async (new Devbox.Command.for_shell ("echo c; exit 2"));
    assert ((yield follow (reader)) == "c\n");
    assert (reader.get_result ().exit_code == 2);
}

async void test_session () throws GLib.Error {
    var session = yield instance.create_session_async (null, { "A=1" });
    yield session.change_directory_async ("/");
    assert ((yield session.run_async ("echo $A")).stdout_text == "1\n");
    assert (session.cwd == "/" && session.environ[0] == "A=1");
    assert (yield session.terminate_async ());
    assert (session.status == Devbox.SessionStatus.TERMINATED);
}

int main (string[] args) {
    Test.init (ref args);
    instance = new Devbox.Instance.for_agent (Environment.get_variable ("AGENT_URL"));

    Test.add_func ("/vala/process", () => {
        try {
            test_process ();
        } catch (GLib.Error e) {
            error ("%s", e.message);
        }
    });
    Test.add_func ("/vala/logs", () => {
        var loop = new MainLoop ();
        test_logs.begin ((source, result) => {
            try {
                test_logs.end (result);
            } catch (GLib.Error e) {
                error ("%s", e.message);
            }
            loop.quit ();
        });
        loop.run ();
    });
    Test.add_func ("/vala/session", () => {
        var loop = new MainLoop ();
        test_session.begin ((source, result) => {
            try {
                test_session.end (result);
            } catch (GLib.Error e) {
                error ("%s", e.message);
            }
            loop.quit ();
        });
        loop.run ();
    });
    Test.add_func ("/vala/ports", () => {
        try {
            assert (instance.list_listening_ports_sync ().get_n_items () >= 0);
        } catch (GLib.Error e) {
            error ("%s", e.message);
        }
    });

    return Test.run ();
}
