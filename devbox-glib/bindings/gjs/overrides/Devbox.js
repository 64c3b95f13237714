// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What makes Devbox feel at home in GJS:
//
// * Every `x_async ()` that is called without a callback returns a promise.
// * Where C takes a `GLib.Bytes`, a `Uint8Array` or a string will do.
// * A `cancellable` may be left out, and so may `mode` and `flags`.

const {Gio, GIRepository, GLib} = imports.gi;

const ASYNC = /_async$/;

function isBytes(argument) {
    const type = GIRepository.arg_info_get_type(argument);
    if (GIRepository.type_info_get_tag(type) !== GIRepository.TypeTag.INTERFACE)
        return false;

    const {get_namespace: namespace, get_name: name} = GIRepository.BaseInfo.prototype;
    const target = GIRepository.type_info_get_interface(type);
    return namespace.call(target) === 'GLib' && name.call(target) === 'Bytes';
}

function findBytes(method) {
    const indices = [];
    for (let i = 0; i < GIRepository.callable_info_get_n_args(method); i++) {
        if (isBytes(GIRepository.callable_info_get_arg(method, i)))
            indices.push(i);
    }

    return indices;
}

// What is left out is null, which is 0 for a number; what stays wrong is for GJS to tell.
function complete(args, count, bytesIndices) {
    while (args.length < count)
        args.push(null);
    for (const i of bytesIndices) {
        if (typeof args[i] === 'string')
            args[i] = new GLib.Bytes(new TextEncoder().encode(args[i]));
    }

    return args;
}

function wrap(prototype, name, count, bytesIndices) {
    const method = prototype[name];

    prototype[name] = function (...args) {
        return method.apply(this, complete(args, count, bytesIndices));
    };
}

function wrapClass(prototype, info) {
    const methods = new Map();
    for (let i = 0; i < GIRepository.object_info_get_n_methods(info); i++) {
        const method = GIRepository.object_info_get_method(info, i);
        methods.set(method.get_name(), method);
    }

    for (const [name, method] of methods) {
        const finish = name.replace(ASYNC, '_finish');
        const count = prototype[name]?.length;
        if (finish !== name && methods.has(finish)) {
            Gio._promisify(prototype, name, finish);
            wrap(prototype, name, count - 1, findBytes(method));
        } else if (name.endsWith('_sync')) {
            wrap(prototype, name, count, findBytes(method));
        }
    }
}

function _init() {
    const repository = GIRepository.Repository.get_default();

    for (let i = 0; i < repository.get_n_infos('Devbox'); i++) {
        const info = repository.get_info('Devbox', i);
        if (info.get_type() === GIRepository.InfoType.OBJECT)
            wrapClass(this[info.get_name()].prototype, info);
    }
}
