/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients that come and go in Vala, beside an agent: nothing of them stays. */

const int N_ROUNDS = 1000;
const int N_WARM_UP = 10;
const int N_IN_FLIGHT = 8;
const uint MAX_GROWTH_KIB = 8 * 1024;

[CCode (has_target = false)]
delegate void Round () throws Error;

Devbox.Instance instance_of (Devbox.Client client) {
    return new Devbox.Instance.for_agent_with_client (client, Environment.get_variable ("AGENT_URL"));
}

Devbox.Command sleep_command () {
    return new Devbox.Command ({ "sleep", "0.01" });
}

void settle (int patience_ms = 20000) {
    var end = get_monotonic_time () + patience_ms * TimeSpan.MILLISECOND;

    while (DevboxTest.describe_leftovers (0) != null && get_monotonic_time () < end) {
        while (MainContext.default ().iteration (false)) {
        }
        Thread.usleep (1000);
    }
}

void run_rounds (Round round, int n_rounds) {
    try {
        for (var i = 0; i < N_WARM_UP; i++)
            round ();
        settle (200); // some things are made once and stay
        DevboxTest.mark ();
        var start = get_monotonic_time ();
        for (var i = 0; i < n_rounds; i++)
            round ();
        settle ();
        Test.message ("%d rounds in %d ms, grown by %d KiB", n_rounds, (int) ((get_monotonic_time () - start) / 1000), DevboxTest.get_growth ());
        assert_cmpstr (DevboxTest.describe_leftovers (MAX_GROWTH_KIB), CompareOperator.EQ, null);
    } catch (Error error) {
        Test.message ("%s", error.message);
        Test.fail ();
    }
}

void one_call () throws Error {
    var client = new Devbox.Client ();
    assert (instance_of (client).load_file_sync ("file").get_size () == 8);
    client.close ();
}

async void call (Devbox.Client client) throws Error {
    assert (yield instance_of (client).is_healthy_async ());
    client.close ();
}

void one_yielded_call () throws Error {
    var loop = new MainLoop ();
    call.begin (new Devbox.Client (), (source, result) => {
        try {
            call.end (result);
        } catch (Error error) {
            GLib.error ("%s", error.message);
        }
        loop.quit ();
    });
    loop.run ();
}

void never_closed () throws Error {
    assert (instance_of (new Devbox.Client ()).is_healthy_sync ());
}

void calls_in_flight () throws Error {
    var client = new Devbox.Client ();
    var instance = instance_of (client);
    var n_ended = 0;

    for (var i = 0; i < N_IN_FLIGHT; i++)
        instance.run_async.begin (sleep_command (), null, (source, result) => {
            try {
                instance.run_async.end (result);
            } catch (Error error) {
                assert_error (error, Devbox.Error.quark (), Devbox.Error.CONNECTION_FAILED);
            }
            n_ended++;
        });
    Thread.usleep (Random.int_range (0, 4000));
    client.close ();
    while (n_ended < N_IN_FLIGHT)
        MainContext.default ().iteration (true);
}

void open_things (Devbox.Client client) throws Error {
    var instance = instance_of (client);
    var monitor = instance.monitor_files_sync (".", Devbox.FileMonitorFlags.NONE);
    monitor.changed.connect (() => { });
    var stream = instance.open_file_sync ("file");
    var process = instance.spawn_sync (sleep_command ());
    var log = process.open_log_sync (0);
    var streamed = instance.run_streamed_sync (sleep_command ());
    var n_ended = 0;

    foreach (var reader in new Devbox.LogReader[] { log, streamed })
        reader.next_entry_async.begin (null, (source, result) => {
            try {
                ((Devbox.LogReader) source).next_entry_async.end (result);
            } catch (Error error) {
            }
            n_ended++;
        });
    client.close ();
    while (n_ended < 2)
        MainContext.default ().iteration (true);
    assert (stream != null);
}

void things_open () throws Error {
    open_things (new Devbox.Client ());
}

int main (string[] args) {
    Test.init (ref args);
    try {
        instance_of (new Devbox.Client ()).replace_file_sync ("file", new Bytes ("contents".data), 0);
    } catch (Error error) {
        GLib.error ("%s", error.message);
    }
    DevboxTest.mark ();

    Test.add_func ("/rounds/one-call", () => run_rounds (one_call, N_ROUNDS));
    Test.add_func ("/rounds/one-yielded-call", () => run_rounds (one_yielded_call, N_ROUNDS));
    Test.add_func ("/rounds/never-closed", () => run_rounds (never_closed, N_ROUNDS / 4));
    Test.add_func ("/rounds/calls-in-flight", () => run_rounds (calls_in_flight, N_ROUNDS / 20));
    Test.add_func ("/rounds/things-open", () => run_rounds (things_open, N_ROUNDS / 20));

    return Test.run ();
}
