/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-protocol-private.h"

#include "devbox-auto-descriptor-private.h"
#include "devbox-packet-private.h"
#include "devbox-wire-json-private.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/socket.h>

static gboolean
set_socket_error (GError **error, int saved_errno)
{
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               /* Translators: the socket between the platform and a devbox; %s is the system's reason */
               _ ("The socket of the devbox failed: %s"), g_strerror (saved_errno));

  return FALSE;
}

static void
set_packet_error (GError **error, const char *message)
{
  g_set_error_literal (error, DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, message);
}

gboolean
devbox_box_protocol_open (int *platform_fd, int *box_fd, GError **error)
{
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    return set_socket_error (error, errno);

  *platform_fd = pair[0];
  *box_fd = pair[1];
  return TRUE;
}

gboolean
devbox_box_protocol_send (int socket_fd, const char *json, gsize size, int fd, GError **error)
{
  g_return_val_if_fail (size < DEVBOX_BOX_MAX_PACKET, FALSE);

  return devbox_packet_send (socket_fd, json, size, &fd, fd >= 0 ? 1 : 0) || set_socket_error (error, errno);
}

/* The alignment of control messages leaves room for more descriptors than were asked for. */
static guint
take_descriptors (struct msghdr *message, int *fd)
{
  guint n = 0;

  for (struct cmsghdr *header = CMSG_FIRSTHDR (message); header != NULL; header = CMSG_NXTHDR (message, header))
    {
      gsize n_fds = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);

      if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        continue;
      for (gsize i = 0; i < n_fds; i++, n++)
        {
          devbox_auto_descriptor_clear (fd);
          memcpy (fd, CMSG_DATA (header) + i * sizeof (int), sizeof (int));
        }
    }

  return n;
}

static JsonObject *
parse_packet (const char *data, gsize size, const struct msghdr *message, guint n_fds, GError **error)
{
  /* Where there was room for one, none came because this process can have no more. */
  gboolean lost = message->msg_flags & MSG_CTRUNC && (message->msg_control == NULL || n_fds > 0);

  if (message->msg_flags & MSG_TRUNC || size >= DEVBOX_BOX_MAX_PACKET)
    set_packet_error (error, _ ("A packet is too large"));
  else if (lost || n_fds > 1)
    set_packet_error (error, _ ("A packet has too many descriptors"));
  else
    return devbox_wire_json_parse_object (data, size, error);

  return NULL;
}

JsonObject *
devbox_box_protocol_receive (int socket_fd, int *fd, GError **error)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (sizeof (int))];
  } rights;
  g_autofree char *buffer = g_malloc (DEVBOX_BOX_MAX_PACKET);
  struct iovec vector = { .iov_base = buffer, .iov_len = DEVBOX_BOX_MAX_PACKET };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  devbox_auto_descriptor int taken = -1;
  JsonObject *object;
  gssize size;
  guint n_fds;

  if (fd != NULL)
    {
      *fd = -1;
      message.msg_control = &rights;
      message.msg_controllen = sizeof rights;
    }

  do
    size = recvmsg (socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (size < 0 && errno == EINTR);
  if (size == 0 || (size < 0 && errno == ECONNRESET))
    return NULL;
  if (size < 0)
    {
      set_socket_error (error, errno);
      return NULL;
    }

  n_fds = take_descriptors (&message, &taken);
  object = parse_packet (buffer, size, &message, n_fds, error);
  explicit_bzero (buffer, size);
  if (object != NULL && fd != NULL)
    *fd = g_steal_fd (&taken);

  return object;
}
