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

function wrap(target, name, count, bytesIndices) {
    const method = target[name];

    target[name] = function (...args) {
        return method.apply(this, complete(args, count, bytesIndices));
    };
}

function isMethod(callable) {
    return (GIRepository.function_info_get_flags(callable) & GIRepository.FunctionInfoFlags.IS_METHOD) !== 0;
}

// Functions that belong to a class and to no object of it stand beside its methods.
function wrapClass(cls, info) {
    const methods = new Map();
    for (let i = 0; i < GIRepository.object_info_get_n_methods(info); i++) {
        const method = GIRepository.object_info_get_method(info, i);
        methods.set(method.get_name(), method);
    }

    for (const [name, method] of methods) {
        const finish = name.replace(ASYNC, '_finish');
        const target = isMethod(method) ? cls.prototype : cls;
        const count = target[name]?.length;
        if (finish !== name && methods.has(finish)) {
            Gio._promisify(target, name, finish);
            wrap(target, name, count - 1, findBytes(method));
        } else if (name.endsWith('_sync')) {
            wrap(target, name, count, findBytes(method));
        }
    }
}

function _init() {
    const repository = GIRepository.Repository.get_default();

    for (let i = 0; i < repository.get_n_infos('Devbox'); i++) {
        const info = repository.get_info('Devbox', i);
        if (info.get_type() === GIRepository.InfoType.OBJECT)
            wrapClass(this[info.get_name()], info);
    }
}
