/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-packet-private.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

gboolean
devbox_packet_send (int socket, const void *data, gsize size, const int *fds, gsize n_fds)
{
  union
  {
    struct cmsghdr align;
    char bytes[CMSG_SPACE (DEVBOX_PACKET_MAX_DESCRIPTORS * sizeof (int))];
  } rights = { 0 };
  struct iovec vector = { .iov_base = (gpointer) data, .iov_len = size };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  gssize sent;

  g_return_val_if_fail (n_fds <= DEVBOX_PACKET_MAX_DESCRIPTORS, FALSE);

  if (n_fds > 0)
    {
      struct cmsghdr *header;

      message.msg_control = &rights;
      message.msg_controllen = CMSG_SPACE (n_fds * sizeof (int));
      header = CMSG_FIRSTHDR (&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN (n_fds * sizeof (int));
      memcpy (CMSG_DATA (header), fds, n_fds * sizeof (int));
    }

  do
    sent = sendmsg (socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);

  return sent == (gssize) size;
}
