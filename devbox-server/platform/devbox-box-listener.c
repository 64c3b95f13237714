/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-channel-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-wire-error-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define BACKLOG 1024
#define FIRST_UNPRIVILEGED_PORT 1024
#define MAX_TRIES 16

/* -1 with errno */
static int
try_port (GInetAddress *address, guint16 wanted, guint16 *port)
{
  g_autoptr (GSocketAddress) wanted_address = g_inet_socket_address_new (address, wanted);
  g_autoptr (GSocketAddress) bound_address = NULL;
  struct sockaddr_storage native;
  socklen_t size = g_socket_address_get_native_size (wanted_address);
  devbox_auto_descriptor int fd = -1;
  int one = 1;

  g_socket_address_to_native (wanted_address, &native, sizeof native, NULL);
  fd = socket (native.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0
      || bind (fd, (struct sockaddr *) &native, size) != 0 || listen (fd, BACKLOG) != 0)
    return -1;

  size = sizeof native;
  if (getsockname (fd, (struct sockaddr *) &native, &size) != 0)
    return -1;
  bound_address = g_socket_address_new_from_native (&native, size);
  *port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound_address));

  return g_steal_fd (&fd);
}

/* The system's range of free ports can begin anywhere. */
static int
try_any_port (GInetAddress *address, guint16 *port)
{
  for (guint i = 0; i < MAX_TRIES; i++)
    {
      int fd = try_port (address, 0, port);

      if (fd < 0 || *port >= FIRST_UNPRIVILEGED_PORT)
        return fd;
      devbox_auto_descriptor_clear (&fd);
    }

  errno = EADDRNOTAVAIL;
  return -1;
}

int
devbox_box_listener_open (const char *address, guint16 wanted, guint16 *port, GError **error)
{
  g_autoptr (GInetAddress) inet_address = g_inet_address_new_from_string (address);
  int fd;

  g_return_val_if_fail (inet_address != NULL, -1);

  fd = wanted > 0 ? try_port (inet_address, wanted, port) : -1;
  if (wanted == 0 || (fd < 0 && (errno == EADDRINUSE || errno == EACCES)))
    fd = try_any_port (inet_address, port);
  if (fd < 0)
    devbox_wire_set_file_error (error, errno, _ ("Cannot listen at %s"), address);

  return fd;
}
