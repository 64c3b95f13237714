# SPDX-License-Identifier: LGPL-2.1-or-later
"""What makes Devbox feel at home in Python.

* Every ``x_async()`` that is called without a callback returns an awaitable. It works in any asyncio loop: ``asyncio.run()``
  needs nothing else. Cancelling the task cancels the call, and waits for its end.
* Where C takes a ``GLib.Bytes``, also as a value of a table, ``bytes``, ``bytearray``, ``memoryview`` and ``str`` will do; where
  it returns one, Python gets ``bytes``. (Properties, as in ``result.props.stdout``, stay ``GLib.Bytes``.)
* Where C takes a list model, a list will do, also as ``Devbox.InstanceSpec(ports=[…])``; those that it returns have a length,
  and can be indexed and gone through.
* Where C takes a ``GLib.DateTime``, a ``datetime.datetime`` will do; a naive one is in local time, as everywhere in Python.
* Variables of the environment may be a ``dict``. A list of strings may not be one string, which Python would take apart.
* A ``cancellable`` may be left out, and so may what may be ``None``, ``flags``, ``format``, ``limit``, ``mode``, ``n_lines``,
  ``offset``, ``protocol``, ``recursive``, ``size``, ``step_ms``, ``timeout_ms``, the ``status`` that listed devboxes shall have, and
  ``overwrite``: a file is not replaced then, a variable is.
* Errors have an ``info``, a ``Devbox.ErrorInfo`` or ``None``, and match by code:
  ``error.matches(Devbox.error_quark(), Devbox.Error.FILE_NOT_FOUND)``.
* ``with Devbox.Client() as client:`` closes the client in the end.
* ``async for path, old_path, event in monitor:`` goes through the changes that a ``Devbox.FileMonitor`` tells of; an ``event``
  of ``None`` means that some were lost below ``path``. It ends when the monitor does, and raises its error.
* ``async for entry in reader:`` goes through the entries of a ``Devbox.LogReader``.
"""

import asyncio
import collections
import datetime
import functools
import inspect
import sys
import threading
import weakref

from gi.module import get_introspection_module
from gi.repository import Gio, GLib, GObject

Devbox = get_introspection_module("Devbox")

__all__ = []

_QUEUE_LIMIT = 10000


class _Pump:
    """Drives the thread's main context from an asyncio loop, for as long as that loop lives.

    What GLib waits for is one file descriptor to asyncio, so that neither of them polls.
    """

    _pumps = weakref.WeakKeyDictionary()

    @classmethod
    def of_loop(cls, loop):
        pump = cls._pumps.get(loop)
        if pump is None:
            pump = cls._pumps[loop] = cls(loop)
        return pump

    def __init__(self, loop):
        self._loop = weakref.ref(loop)
        self._next_turn = None  # a weak reference: it knows the loop, whose end would never come
        self._poll = None
        self.context = getattr(loop, "_context", None)
        if isinstance(self.context, GLib.MainContext):
            return  # the loop is a GLib one: nothing to drive

        self._poll = self._own_context()
        loop.add_reader(self._poll.get_fd(), self._run)

    def _own_context(self):
        self.context = GLib.MainContext.get_thread_default()
        if self.context is None and threading.current_thread() is threading.main_thread():
            self.context = GLib.MainContext.default()
        if self.context is not None:
            try:
                return Devbox.ContextPoll.new(self.context)
            except GLib.Error:  # another thread runs it
                pass

        self.context = GLib.MainContext.new()
        return Devbox.ContextPoll.new(self.context)

    def __del__(self):
        if self._poll is not None and not sys.is_finalizing():  # PyGObject cannot be called at the very end
            self._poll.close()

    def call(self, function, *arguments):
        """Calls what ends in this context, and lets asyncio know what the context waits for then."""
        self.context.push_thread_default()
        try:
            function(*arguments)
        finally:
            self.context.pop_thread_default()
        self._prepare()

    def _run(self):
        self.context.iteration(False)
        self._prepare()

    def _prepare(self):
        loop = self._loop()
        if self._poll is None or loop is None or loop.is_closed():
            return

        next_turn = self._next_turn and self._next_turn()
        if next_turn is not None:
            next_turn.cancel()
        timeout = self._poll.prepare()
        if timeout == 0:
            self._next_turn = weakref.ref(loop.call_soon(self._run))
        elif timeout > 0:
            self._next_turn = weakref.ref(loop.call_later(timeout / 1000, self._run))


class _Call(asyncio.Future):
    """A call that is under way. It ends when the call does, and not before, even when it is cancelled."""

    def __init__(self, cancellable, loop):
        super().__init__(loop=loop)
        self._cancellable = cancellable
        self._cancel_arguments = None

    def cancel(self, *args, **kwargs):
        if self.done():
            return False
        self._cancel_arguments = args, kwargs
        self._cancellable.cancel()
        return True

    def end(self, finish, *arguments):
        value = error = None
        try:
            value = finish(*arguments)
        except Exception as caught:
            error = caught

        if self.get_loop().is_closed():
            return  # nobody waits any more
        if self._cancel_arguments is not None:
            args, kwargs = self._cancel_arguments
            super().cancel(*args, **kwargs)
        elif error is not None:
            self.set_exception(error)
        else:
            self.set_result(value)


def _to_bytes(value):
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return GLib.Bytes.new(bytes(value))
    return value


def _to_list_model(value):
    if isinstance(value, (list, tuple)):
        for item in value:
            if not isinstance(item, GObject.Object):
                raise TypeError(f"Must be a sequence of objects, not of {type(item).__name__}")
        store = Gio.ListStore.new(value[0].__gtype__ if value else GObject.Object.__gtype__)
        for item in value:
            store.append(item)
        return store
    return value


def _to_table(value):
    return {key: _to_bytes(item) for key, item in value.items()}


def _to_date_time(value):
    if isinstance(value, datetime.datetime):
        return GLib.DateTime.new_from_iso8601(value.astimezone(datetime.timezone.utc).isoformat())
    return value


def _to_strings(value):
    if isinstance(value, (str, bytes)):
        raise TypeError(f"Must be a sequence of strings, not {type(value).__name__}")
    return value


def _to_environ(value):
    if isinstance(value, dict):
        return [f"{name}={text}" for name, text in value.items()]
    return _to_strings(value)


# By type, or by the name of the argument.
_CONVERSIONS = {"GLib.Bytes": _to_bytes, "GLib.DateTime": _to_date_time, "Gio.ListModel": _to_list_model, "array": _to_strings,
                "environ": _to_environ, "environment": _to_environ, "ghash": _to_table}
_PROPERTY_CONVERSIONS = {"argv": _to_strings, "environ": _to_environ, "ports": _to_list_model}


def _from_bytes(value):
    return (value.get_data() or b"") if isinstance(value, GLib.Bytes) else value


def _is_devbox_error(error):
    return error.domain == GLib.quark_to_string(Devbox.error_quark())


def _with_info(method):
    """What GLib.Error itself cannot carry through PyGObject: the story of the error, noted by the call that failed."""

    @functools.wraps(method)
    def wrapper(*args):
        try:
            return method(*args)
        except GLib.Error as error:
            error.info = Devbox.ErrorInfo.get_last() if _is_devbox_error(error) else None
            raise

    return wrapper


# What arguments of these names, or of these functions, are when they are left out, where nothing behind them is needed.
_DEFAULTS = {"format": Devbox.ArchiveFormat.TAR, "limit": 0, "mode": 0, "n_lines": 0, "offset": 0, "overwrite": False,
             "protocol": Devbox.PortProtocol.UNKNOWN, "recursive": False, "setenv.overwrite": True, "size": -1,
             "status": Devbox.InstanceStatus.UNKNOWN, "step_ms": 0, "timeout_ms": 0}


class _Argument:
    """An argument of a method, as the introspection data has it."""

    def __init__(self, info):
        type_info = info.get_type()
        interface = type_info.get_interface() if type_info.get_tag_as_string() == "interface" else None
        type_name = f"{interface.get_namespace()}.{interface.get_name()}" if interface is not None else None

        self.name = info.get_name()
        self.convert = _CONVERSIONS.get(self.name) or _CONVERSIONS.get(type_name or type_info.get_tag_as_string())
        self.is_cancellable = type_name == "Gio.Cancellable"
        self.is_callback = type_name == "Gio.AsyncReadyCallback"
        self.default = _DEFAULTS.get(f"{info.get_container().get_name()}.{self.name}", _DEFAULTS.get(self.name, inspect.Parameter.empty))
        if info.may_be_null():
            self.default = None
        elif self.default is inspect.Parameter.empty and type(interface).__name__ == "EnumInfo" and interface.is_flags():
            self.default = getattr(Devbox, interface.get_name())(0)

    @property
    def is_made_easier(self):
        """Whether PyGObject itself takes less."""
        return self.convert is not None or self.default not in (inspect.Parameter.empty, None)

    def to_parameter(self):
        return inspect.Parameter(self.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=self.default)


def _arguments_of(info):
    arguments = []
    for argument in map(_Argument, info.get_arguments()):
        arguments.append(argument)
        if argument.is_callback:
            break  # what follows is its user data

    needed = False
    for argument in reversed(arguments):
        if needed:
            argument.default = inspect.Parameter.empty
        needed = argument.default is inspect.Parameter.empty
    return arguments


def _convert(arguments, values):
    return [argument.convert(value) if argument.convert else value for argument, value in zip(arguments, values)]


def _finish(method, info):
    """The end of an asynchronous method."""
    method = _with_info(method)

    def wrapper(*args):
        return _from_bytes(method(*args))

    _present(wrapper, method, info)
    return wrapper


def _present(wrapper, method, info, hint=""):
    """Gives a method that stands for another what help() shows of that one."""
    wrapper.__name__ = info.get_name()
    wrapper.__qualname__ = f"{info.get_container().get_name()}.{info.get_name()}"
    wrapper.__module__ = Devbox.__name__
    wrapper.__doc__ = method.__doc__ + hint


def _signature(info, arguments):
    parameters = [inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)] if info.is_method() else []
    parameters += [argument.to_parameter() for argument in arguments]
    return inspect.Signature(parameters)


def _split(info, values):
    """The instance, where there is one, and what is beside it; as lists."""
    return list(values[:info.is_method()]), list(values[info.is_method():])


def _blocking(method, info, arguments):
    """A method or function that may fail, or takes or returns bytes."""
    signature = _signature(info, arguments)
    method = _with_info(method)

    def wrapper(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        instance, values = _split(info, bound.args)
        return _from_bytes(method(*instance, *_convert(arguments, values)))

    _present(wrapper, method, info)
    wrapper.__signature__ = signature
    return wrapper


def _asynchronous(method, finish, info, arguments):
    """A method or function that takes a callback, or returns an awaitable if it gets none."""
    signature = _signature(info, arguments)
    signature = signature.replace(
        parameters=[*signature.parameters.values(), inspect.Parameter("user_data", inspect.Parameter.VAR_POSITIONAL)])
    cancellable_index = [argument.is_cancellable for argument in arguments].index(True)

    def wrapper(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        instance, values = _split(info, bound.args)
        values, user_data = values[:len(arguments)], values[len(arguments):]
        values = _convert(arguments, values)
        if values[-1] is not None:
            return method(*instance, *values, *user_data)

        loop = asyncio.get_running_loop()
        cancellable = values[cancellable_index] or Gio.Cancellable()
        values[cancellable_index] = cancellable
        call = _Call(cancellable, loop)
        if info.is_method():
            values[-1] = lambda source, result, *unused: call.end(finish, source, result)
        else:
            values[-1] = lambda source, result, *unused: call.end(finish, result)
        _Pump.of_loop(loop).call(method, *instance, *values)
        return call

    _present(wrapper, method, info, "\n\nWithout a callback it returns an awaitable.")
    wrapper.__signature__ = signature
    return wrapper


def _wrap_method(cls, methods, info):
    name = info.get_name()
    arguments = _arguments_of(info)
    finish_info = methods.get(name[:-len("_async")] + "_finish") if name.endswith("_async") else None

    if finish_info is not None and arguments and arguments[-1].is_callback:
        method, finish = getattr(cls, name), getattr(cls, finish_info.get_name())
        finish = _finish(finish, finish_info)
        _set(cls, finish_info, finish)
        _set(cls, info, _asynchronous(method, finish, info, arguments))
    elif name.endswith("_finish") and name[:-len("_finish")] + "_async" in methods:
        pass  # with its other half
    elif (info.can_throw_gerror() or any(argument.is_made_easier for argument in arguments)
          or _returns_bytes(info)):
        _set(cls, info, _blocking(getattr(cls, name), info, arguments))


def _set(cls, info, wrapper):
    setattr(cls, info.get_name(), wrapper if info.is_method() else staticmethod(wrapper))


def _returns_bytes(info):
    type_info = info.get_return_type()
    if type_info.get_tag_as_string() != "interface":
        return False
    interface = type_info.get_interface()
    return (interface.get_namespace(), interface.get_name()) == ("GLib", "Bytes")


def _wrap_init(cls):
    """Properties may be what arguments may be."""
    init = cls.__init__

    def wrapper(self, *args, **kwargs):
        for name in kwargs.keys() & _PROPERTY_CONVERSIONS.keys():
            kwargs[name] = _PROPERTY_CONVERSIONS[name](kwargs[name])
        init(self, *args, **kwargs)

    cls.__init__ = wrapper


def _wrap_classes():
    for name in dir(Devbox):
        cls = getattr(Devbox, name, None)
        if not (isinstance(cls, type) and issubclass(cls, GObject.Object)):
            continue
        methods = {info.get_name(): info for info in cls.__info__.get_methods()}
        for info in methods.values():
            _wrap_method(cls, methods, info)


class _Changes:
    """What a monitor tells, until somebody comes for it."""

    def __init__(self, monitor, loop):
        self._loop = loop
        self._waiter = None
        self._items = collections.deque()
        self._ended = monitor.is_cancelled()
        self._error = None
        self._handlers = [
            monitor.connect("changed", lambda monitor, path, old_path, event: self._add(monitor, (path, old_path, event))),
            monitor.connect("overflow", lambda monitor, path: self._add(monitor, (path, None, None))),
            monitor.connect("closed", lambda monitor, error: self._end(error)),
            monitor.connect("notify::cancelled", lambda monitor, pspec: self._end(None)),
        ]

    def disconnect_from(self, monitor):
        for handler in self._handlers:
            monitor.disconnect(handler)

    async def get(self):
        while not self._items:
            if self._error is not None:
                raise self._error
            if self._ended:
                return None
            self._waiter = self._loop.create_future()
            await self._waiter
        return self._items.popleft()

    def _add(self, monitor, item):
        if len(self._items) >= _QUEUE_LIMIT:
            self._items.clear()
            item = (monitor.get_path(), None, None)
        self._items.append(item)
        self._wake_up()

    def _end(self, error):
        self._ended = True
        self._error = error
        self._wake_up()

    def _wake_up(self):
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _iterate_monitor(self):
    changes = _Changes(self, asyncio.get_running_loop())
    try:
        while (item := await changes.get()) is not None:
            yield item
    finally:
        changes.disconnect_from(self)


async def _iterate_reader(self):
    while (entry := await self.next_entry_async()) is not None:
        yield entry


def _enter(self):
    return self


def _exit(self, *unused):
    self.close()


_wrap_classes()
_wrap_init(Devbox.Command)
_wrap_init(Devbox.InstanceSpec)
Devbox.Client.__enter__ = _enter
Devbox.Client.__exit__ = _exit
Devbox.FileMonitor.__aiter__ = _iterate_monitor
Devbox.LogReader.__aiter__ = _iterate_reader
