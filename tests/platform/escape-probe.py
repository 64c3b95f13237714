# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs in a box and tries to get out of it: writes a line for each thing that went further than it should to "found".

Arguments: an address and port where the host listens, an abstract socket of the host, a file of the host.
"""
import ctypes
import errno
import os
import socket
import sys

CLONE_NEWUSER = 0x10000000
libc = ctypes.CDLL(None, use_errno=True)
host, port, abstract, secret = sys.argv[1:5]
found = []


def check(name, holds, detail=''):
    if not holds:
        found.append(f'{name}: {detail}')
    print(f'checked {name}', flush=True)


def refused(function, *codes):
    try:
        function()
    except OSError as error:
        return error.errno in codes
    return False


def call(name, *arguments):
    ctypes.set_errno(0)
    return -1 if getattr(libc, name)(*arguments) == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSPC, errno.EACCES) else 0


def writable(top):
    return [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names
            if os.access(os.path.join(folder, name), os.W_OK)]


def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


status = dict(line.split(':\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\t' in line)
capabilities = {status[name] for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')}
check('capabilities', capabilities == {'0' * 16} and status['NoNewPrivs'] == '1', capabilities)

pids = [name for name in os.listdir('/proc') if name.isdigit()]
check('processes of the host', len(pids) < 6, pids)

root = set(os.listdir('/'))
check('files of the host', root <= {'bin', 'dev', 'etc', 'home', 'lib', 'lib32', 'lib64', 'libx32', 'proc', 'run', 'sbin', 'tmp', 'usr',
                                    'var', 'workspace'} | set(os.environ['PROGRAM_TOPS'].split()), root)
check('homes of the host', os.listdir('/home') == ['devbox'], os.listdir('/home'))
check('a file of the host', not os.path.exists(secret), secret)

secrets = {'shadow', 'shadow-', 'gshadow', 'sudoers', 'sudoers.d', 'ssh', 'passwd-', 'machine-id', 'kubernetes', 'environment', 'apt'}
check('secrets in /etc', not secrets & set(os.listdir('/etc')), os.listdir('/etc'))
check('private keys', os.listdir('/etc/ssl').count('private') == 0, os.listdir('/etc/ssl'))
check('accounts', [line.split(':')[0] for line in open('/etc/passwd')] == ['root', 'devbox', 'nobody'])

check('a user namespace of its own', call('unshare', CLONE_NEWUSER) == -1)
check('mounts', call('mount', b'none', b'/tmp', b'tmpfs', 0, None) == -1)
check('the host name', call('sethostname', b'other', 5) == -1 and socket.gethostname() == 'my-box', socket.gethostname())
check('device nodes', refused(lambda: os.mknod('/tmp/device', 0o60600, os.makedev(7, 0)), errno.EPERM))

check('network interfaces', [name for _, name in socket.if_nameindex()] == ['lo'], socket.if_nameindex())
check('its own name', socket.gethostbyname('my-box') == '127.0.1.1')
check('an address of the host', refused(lambda: socket.create_connection((host, int(port)), 1).close(), errno.ECONNREFUSED))
check('a socket of the host', refused(lambda: socket.socket(socket.AF_UNIX).connect('\0' + abstract), errno.ECONNREFUSED))

for folder in ('/', '/usr', '/etc', '/dev', '/proc', '/run', '/home'):
    check(f'writing to {folder}', refused(lambda: create(os.path.join(folder, 'new')), errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT))
check('settings of the kernel', not writable('/proc/sys'), writable('/proc/sys')[:5])
check('the way core files go', refused(lambda: os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY), errno.EROFS, errno.EACCES))
check('the rest of /proc', not os.path.exists('/proc/sysrq-trigger') or not os.path.getsize('/proc/sysrq-trigger'))
check('/sys', not os.path.exists('/sys'))

descriptors = [os.readlink(f'/proc/1/fd/{fd}') for fd in os.listdir('/proc/1/fd')]
check('the socket in other hands', not any(name.startswith('socket:') for name in descriptors), descriptors)
check('the environment', set(os.environ) <= set(os.environ['ALLOWED'].split()), sorted(os.environ))

create('/tmp/new')
create('/dev/shm/new')
create('/workspace/new')
create('/home/devbox/new')

with open('found', 'w') as file:
    file.write('\n'.join(found))
