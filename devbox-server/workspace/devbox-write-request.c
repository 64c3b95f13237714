/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-write-request-private.h"

struct _DevboxWriteRequest
{
  DevboxWireJsonReader *reader;
  DevboxWriteItem *item;
};

DevboxWriteRequest *
devbox_write_request_new (DevboxWorkspace *workspace, goffset max_size)
{
  DevboxWriteRequest *self = g_new0 (DevboxWriteRequest, 1);

  self->item = devbox_write_item_new (workspace, max_size);
  self->reader = devbox_wire_json_reader_new (&devbox_write_item_handler, self->item);

  return self;
}

void
devbox_write_request_free (DevboxWriteRequest *self)
{
  devbox_wire_json_reader_free (self->reader);
  devbox_write_item_free (self->item);
  g_free (self);
}

gboolean
devbox_write_request_feed (DevboxWriteRequest *self, const char *data, gsize size, GError **error)
{
  return devbox_wire_json_reader_feed (self->reader, data, size, error);
}

gboolean
devbox_write_request_finish (DevboxWriteRequest *self, GError **error)
{
  return devbox_wire_json_reader_finish (self->reader, error) && devbox_write_item_commit (self->item, error);
}

const char *
devbox_write_request_get_path (DevboxWriteRequest *self)
{
  return devbox_write_item_get_path (self->item);
}

goffset
devbox_write_request_get_size (DevboxWriteRequest *self)
{
  return devbox_write_item_get_size (self->item);
}

guint
devbox_write_request_get_n_old_links (DevboxWriteRequest *self)
{
  return devbox_write_item_get_n_old_links (self->item);
}
