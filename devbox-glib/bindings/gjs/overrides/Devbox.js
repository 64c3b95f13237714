// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What makes Devbox feel at home in GJS:
//
// * Every `x_async ()` that is called without a callback returns a promise.
// * Where C takes a `GLib.Bytes`, also as a value of a table, a `Uint8Array` or a string will do.
// * Where C takes a `Gio.ListModel`, an array will do, also in `new Devbox.InstanceSpec({ports: […]})`; a `Devbox.InstanceList` can
//   be gone through with `for … of`.
// * Where C takes a `GLib.DateTime`, a `Date` will do.
// * `for await (const entry of reader)` goes through the entries of a `Devbox.LogReader`.
// * A `cancellable` may be left out, and so may what stands before it and may be null or 0.

const {Gio, GIRepository, GLib, GObject} = imports.gi;

const ASYNC = /_async$/;

function toBytes(value) {
    if (typeof value === 'string')
        return new GLib.Bytes(new TextEncoder().encode(value));

    return value instanceof Uint8Array ? new GLib.Bytes(value) : value;
}

function toTable(value) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toBytes(item)]));
}

function toDateTime(value) {
    return value instanceof Date ? GLib.DateTime.new_from_iso8601(value.toISOString(), null) : value;
}

function toListModel(value) {
    if (!Array.isArray(value))
        return value;

    const store = Gio.ListStore.new(value.length > 0 ? value[0].constructor.$gtype : GObject.Object.$gtype);
    value.forEach(item => store.append(item));
    return store;
}

const CONVERSIONS = new Map([['GLib.Bytes', toBytes], ['GLib.DateTime', toDateTime], ['Gio.ListModel', toListModel]]);

function getConversion(argument) {
    const type = GIRepository.arg_info_get_type(argument);
    const tag = GIRepository.type_info_get_tag(type);
    if (tag === GIRepository.TypeTag.GHASH)
        return toTable;
    if (tag !== GIRepository.TypeTag.INTERFACE)
        return undefined;

    const {get_namespace: namespace, get_name: name} = GIRepository.BaseInfo.prototype;
    const target = GIRepository.type_info_get_interface(type);
    return CONVERSIONS.get(`${namespace.call(target)}.${name.call(target)}`);
}

// What becomes of which argument, as [index, function].
function findConversions(method) {
    const conversions = [];
    for (let i = 0; i < GIRepository.callable_info_get_n_args(method); i++) {
        const conversion = getConversion(GIRepository.callable_info_get_arg(method, i));
        if (conversion)
            conversions.push([i, conversion]);
    }

    return conversions;
}

// What is left out is null, which is 0 for a number; what stays wrong is for GJS to tell.
function complete(args, count, conversions) {
    while (args.length < count)
        args.push(null);
    for (const [i, convert] of conversions)
        args[i] = convert(args[i]);

    return args;
}

function wrap(target, name, count, conversions) {
    const method = target[name];

    target[name] = function (...args) {
        return method.apply(this, complete(args, count, conversions));
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
        const conversions = findConversions(method);
        if (finish !== name && methods.has(finish)) {
            Gio._promisify(target, name, finish);
            wrap(target, name, count - 1, conversions);
        } else if (name.endsWith('_sync') || conversions.length > 0) {
            wrap(target, name, count, conversions);
        }
    }
}

// Properties may be what arguments may be.
function wrapInit(cls) {
    const init = cls.prototype._init;

    cls.prototype._init = function (properties = {}, ...args) {
        const ports = toListModel(properties?.ports);
        init.call(this, ports === undefined ? properties : {...properties, ports}, ...args);
    };
}

function* goThrough() {
    for (let i = 0; i < this.get_n_items(); i++)
        yield this.get_item(i);
}

async function* read() {
    for (let entry; (entry = await this.next_entry_async());)
        yield entry;
}

function _init() {
    const repository = GIRepository.Repository.get_default();

    for (let i = 0; i < repository.get_n_infos('Devbox'); i++) {
        const info = repository.get_info('Devbox', i);
        if (info.get_type() === GIRepository.InfoType.OBJECT)
            wrapClass(this[info.get_name()], info);
    }

    wrapInit(this.InstanceSpec);
    this.InstanceList.prototype[Symbol.iterator] = goThrough;
    this.LogReader.prototype[Symbol.asyncIterator] = read;
}
