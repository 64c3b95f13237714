/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole life of a devbox, on the platform of $KUBECONFIG, or on the local platform: life */

const string NAME = "hello";
const string SCRIPT = """echo "Hello from $NAME"
""";

async void pause_for (uint milliseconds) {
    Timeout.add (milliseconds, pause_for.callback);
    yield;
}

async Devbox.Instance make (Devbox.Client client) throws Error {
    var spec = new Devbox.InstanceSpec (NAME, "bash") { cpu = 1000, memory = 512 };
    spec.setenv ("NAME", NAME, true);
    var box = yield client.create_instance_async (spec);
    yield box.wait_ready_async (60000);
    print ("Made %s, which is %s.\n", NAME, box.status_text);

    return box;
}

// Writes a script, sees that it is there, runs it, and reads it again.
async void use (Devbox.Instance box) throws Error {
    string? created = null;
    SourceFunc? wake = null;
    var monitor = yield box.monitor_files_async ("");
    monitor.changed.connect ((path, old_path, event) => {
        if (event != FileMonitorEvent.CREATED || created != null)
            return;
        created = path;
        if (wake != null)
            wake ();
    });
    yield box.replace_file_async ("greet.sh", new Bytes (SCRIPT.data));
    if (created == null) {
        wake = use.callback;
        yield;
    }
    print ("Created: %s\n", created);
    monitor.cancel ();

    var result = yield box.run_async (new Devbox.Command ({ "sh", "greet.sh" }));
    print ("%s", result.get_stdout_text ());
    var script = yield box.load_file_async ("greet.sh");
    print ("The script has %d bytes.\n", script.length);
}

async void measure (Devbox.Instance box) throws Error {
    var samples = yield box.list_samples_async ();
    while (samples.get_n_items () == 0) {
        yield pause_for (200);
        samples = yield box.list_samples_async ();
    }
    var last = (Devbox.Sample) samples.get_item (samples.get_n_items () - 1);
    print ("Its disk is %s.\n", last.disk_used > 0 ? "used" : "empty");
}

async void live () throws Error {
    var client = new Devbox.Client ();
    var box = yield make (client);
    yield use (box);
    yield measure (box);

    yield box.pause_async ();
    print ("After the pause it is %s.\n", box.status_text);
    yield box.start_async ();
    print ("After the start it is %s.\n", box.status_text);

    yield box.delete_async ();
    var left = yield client.list_instances_async ();
    print ("Deleted. Devboxes left: %u.\n", left.get_n_items ());
    client.close ();
}

int main (string[] args) {
    Intl.setlocale (); // messages of the library in the user's language

    var loop = new MainLoop ();
    int status = 0;
    live.begin ((source, result) => {
        try {
            live.end (result);
        } catch (Error error) {
            printerr ("life: %s\n", error.message);
            status = 1;
        }
        loop.quit ();
    });
    loop.run ();

    return status;
}
