/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of devboxes through the client library in Vala, beside a local platform. */

Devbox.Client client;

Devbox.Instance make (string name) throws Error {
    var instance = client.create_instance_sync (new Devbox.InstanceSpec (name, "bash") { cpu = 1000, memory = 1024 });
    assert (instance.wait_ready_sync (30000));

    return instance;
}

void test_life () throws Error {
    var instance = make ("life");
    int n_told = 0;
    instance.notify["status"].connect (() => n_told++);

    assert (instance.pause_sync () && instance.status == Devbox.InstanceStatus.STOPPED);
    assert (instance.start_sync () && instance.status == Devbox.InstanceStatus.RUNNING);
    assert (instance.shutdown_sync () && instance.status == Devbox.InstanceStatus.SHUTDOWN);
    assert (client.restart_instance_sync ("life"));
    assert (n_told == 3 && instance.refresh_sync () && n_told == 4);
    assert (instance.status_text == "Running" && instance.name == "life" && instance.cpu == 1000);
    assert (instance.is_healthy_sync () && client.check_health_sync ("life"));
    assert (client.get_server_url_sync ("life") == instance.agent_url);
    assert (instance.run_sync (new Devbox.Command ({ "echo", "here" })).get_stdout_text () == "here\n");
    assert ("current" in instance.get_agent_info_sync ().get_capabilities ());
    assert (instance.delete_sync () && instance.status == Devbox.InstanceStatus.DELETING);
}

void test_list () throws Error {
    var first = make ("a");
    var instances = client.list_instances_sync ();
    var change = "";
    instances.items_changed.connect ((position, removed, added) => change += @"$position-$removed+$added ");
    assert (instances.get_n_items () == 1);
    var kept = (Devbox.Instance) instances.get_item (0);

    make ("b");
    first.pause_sync ();
    assert (instances.refresh_sync () && change == "1-0+1 ");
    assert (instances.get_item (0) == kept && kept.status == Devbox.InstanceStatus.STOPPED);
    assert (client.list_instances_sync (Devbox.InstanceStatus.RUNNING, "bash").get_n_items () == 1);
    client.delete_instance_sync ("a");
    client.delete_instance_sync ("b");
}

async void live () throws Error {
    var instance = yield client.create_instance_async (new Devbox.InstanceSpec ("async", "bash") { cpu = 1000, memory = 1024 });
    yield instance.wait_ready_async (30000);
    yield instance.pause_async ();
    assert ((yield instance.get_info_async ()).status == Devbox.InstanceStatus.STOPPED);
    yield instance.create_release_async ("v1");
    assert ((yield client.list_releases_async ("async")).get_n_items () == 1);
    yield instance.delete_release_async ("v1");
    assert ((yield client.list_templates_async ()).get_n_items () > 0);
    yield instance.delete_async ();
}

void test_asynchronous () throws Error {
    var loop = new MainLoop ();
    Error? failure = null;
    live.begin ((source, result) => {
        try {
            live.end (result);
        } catch (Error error) {
            failure = error;
        }
        loop.quit ();
    });
    loop.run ();
    if (failure != null)
        throw failure;
}

void test_errors () throws Error {
    try {
        client.get_instance_sync ("none");
        assert_not_reached ();
    } catch (Devbox.Error.DEVBOX_NOT_FOUND error) {
        assert (Devbox.ErrorInfo.from_error (error).path == "none");
    }
    try {
        client.pause_instance_sync ("../x");
        assert_not_reached ();
    } catch (Devbox.Error.VALIDATION_ERROR error) {
    }
}

delegate void Body () throws Error;

void add (string name, owned Body body) {
    Test.add_data_func ("/client-life/" + name, () => {
        try {
            body ();
        } catch (Error error) {
            Test.message ("%s", error.message);
            Test.fail ();
        }
    });
}

int main (string[] args) {
    Test.init (ref args);
    client = new Devbox.Client ();
    add ("life", test_life);
    add ("list", test_list);
    add ("asynchronous", test_asynchronous);
    add ("errors", test_errors);

    return Test.run ();
}
