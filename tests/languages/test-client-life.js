// SPDX-License-Identifier: LGPL-2.1-or-later
// The life of devboxes through the client library in GJS, beside a local platform.
import Devbox from 'gi://Devbox?version=1';
import GLib from 'gi://GLib';

import {assertEqual, assertFails, main, runTests, test} from './tap.js';

const {InstanceStatus: Status} = Devbox;
const STATES = [['pause', Status.STOPPED], ['start', Status.RUNNING], ['shutdown', Status.SHUTDOWN], ['start', Status.RUNNING], ['restart', Status.RUNNING]];

async function make(client, name) {
    const instance = await client.create_instance_async(new Devbox.InstanceSpec({name, runtime: 'bash', cpu: 1000, memory: 1024}));
    await instance.wait_ready_async(30000);
    return instance;
}

const namesOf = instances => [...instances].map(instance => instance.name);

test('a life', async client => {
    const instance = await make(client, 'life');
    const told = [];
    instance.connect('notify', (_instance, pspec) => told.push(pspec.get_name()));
    for (const [action, status] of STATES) {
        await instance[`${action}_async`]();
        assertEqual(instance.status, status);
    }
    assertEqual([...new Set(told)].sort().filter(name => name.startsWith('status')), ['status', 'status-text']);
    for (const [action, status] of STATES) {
        await client[`${action}_instance_async`]('life');
        assertEqual((await client.get_instance_async('life')).status, status);
    }
    const result = await instance.run_async(Devbox.Command.new(['echo', 'here']));
    assertEqual(result.get_stdout_text(), 'here\n');
    await instance.delete_async();
    assertEqual(instance.status, Status.DELETING);
});

test('properties', async client => {
    const instance = await make(client, 'properties');
    const info = await instance.get_info_async();
    assertEqual([instance.name, instance.uid, instance.status_text, instance.cpu, instance.memory, instance.pod_ip],
        [info.name, info.uid, 'Running', 1000, 1024, info.pod_ip]);
    assertEqual(await client.get_server_url_async('properties'), instance.agent_url);
    assertEqual((await instance.get_agent_info_async()).capabilities.includes('current'), true);

    await instance.set_ports_async([Devbox.Port.new(8080, Devbox.PortProtocol.HTTP)]);
    assertEqual([...instance.ports].map(port => port.number).includes(8080), true);
    await instance.update_async(new Devbox.InstanceSpec({cpu: 500}));
    assertEqual(instance.cpu, 500);
    await instance.delete_async();
});

test('a list', async client => {
    const first = await make(client, 'a');
    const instances = await client.list_instances_async();
    const told = [];
    instances.connect('items-changed', (_instances, ...change) => told.push(change));
    assertEqual(namesOf(instances), ['a']);
    const [kept] = instances;

    await make(client, 'b');
    await first.pause_async();
    await instances.refresh_async();
    assertEqual([namesOf(instances), told], [['a', 'b'], [[1, 0, 1]]]);
    assertEqual([instances.get_item(0) === kept, kept.status, instances.n_items], [true, Status.STOPPED, 2]);
    assertEqual(namesOf(await client.list_instances_async(Status.RUNNING, 'bash')), ['b']);
    await client.delete_instance_async('a');
    await client.delete_instance_async('b');
    instances.refresh_sync();
    assertEqual([namesOf(instances), told.pop()], [[], [0, 2, 0]]);
});

test('releases and samples', async client => {
    const instance = await make(client, 'origin');
    assertEqual((await instance.create_release_async('v1')).tag, 'v1');
    let release;
    do
        [release] = [...await client.list_releases_async('origin')];
    while (release.status === Devbox.ReleaseStatus.BUILDING);
    assertEqual([release.tag, release.status], ['v1', Devbox.ReleaseStatus.SUCCESS]);
    const copy = await instance.deploy_release_async('v1', 'copy');
    await copy.wait_ready_async(30000);
    let samples = [];
    while (samples.length === 0)
        samples = [...await instance.list_samples_async()];
    assertEqual(samples[0].disk_total > 0, true);
    const [now, minute] = [Date.now(), 60000];
    const count = async (start, end) => (await instance.list_samples_async(new Date(now + start), new Date(now + end))).get_n_items();
    assertEqual([await count(-minute, minute) > 0, await count(-20 * minute, -10 * minute)], [true, 0]);

    const uploaded = await instance.upload_files_async({a: 'x', b: new Uint8Array([0]), c: new GLib.Bytes('y')});
    assertEqual([uploaded.n_processed, uploaded.n_total, uploaded.bytes_transferred], [3, 3, 3]);
    assertEqual([...(await instance.load_file_async('b')).toArray()], [0]);
    await Promise.all([copy.delete_async(), instance.delete_async()]);
    await client.delete_release_async('origin', 'v1');
    assertEqual([...await client.list_templates_async()].some(template => template.name === 'bash'), true);
});

test('errors', async client => {
    const error = await assertFails(() => client.get_instance_async('none'), Devbox.Error, Devbox.Error.DEVBOX_NOT_FOUND);
    const info = Devbox.ErrorInfo.from_error(error);
    assertEqual([info.http_status, info.path], [404, 'none']);
    await assertFails(() => client.pause_instance_async('../x'), Devbox.Error, Devbox.Error.VALIDATION_ERROR);
    await assertFails(() => Devbox.Instance.new_for_agent('http://127.0.0.1:1', null).pause_async(), Devbox.Error, Devbox.Error.VALIDATION_ERROR);
    await make(client, 'taken');
    await assertFails(() => client.create_instance_async(new Devbox.InstanceSpec({name: 'taken', runtime: 'bash', cpu: 2000, memory: 1024})), Devbox.Error, Devbox.Error.CONFLICT);
    await client.delete_instance_async('taken');
    client.close();
    await assertFails(() => client.list_instances_async(), Devbox.Error, Devbox.Error.CONNECTION_FAILED);
});

main(async () => {
    const client = new Devbox.Client();
    await runTests(client);
});
