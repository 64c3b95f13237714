/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-box-record-private.h"

#include "devbox-random-private.h"
#include "devbox-secret-private.h"

#define FIRST_ADDRESS 0x7f010001 /* 127.1.0.1 */
#define LAST_ADDRESS 0x7ffefffe  /* 127.254.255.254 */

DevboxBoxPort *
devbox_box_port_new (guint16 number, const char *name, const char *protocol)
{
  DevboxBoxPort *self = g_new0 (DevboxBoxPort, 1);

  self->number = number;
  self->name = name != NULL ? g_strdup (name) : g_strdup_printf ("port-%u", number);
  self->protocol = g_strdup (protocol != NULL ? protocol : "HTTP");

  return self;
}

DevboxBoxPort *
devbox_box_port_copy (const DevboxBoxPort *self)
{
  DevboxBoxPort *copy = devbox_box_port_new (self->number, self->name, self->protocol);

  copy->outer = self->outer;

  return copy;
}

void
devbox_box_port_free (DevboxBoxPort *self)
{
  g_free (self->name);
  g_free (self->protocol);
  g_free (self);
}

static char *
draw_address (void)
{
  guint32 address = FIRST_ADDRESS + devbox_random_below (LAST_ADDRESS - FIRST_ADDRESS + 1);

  return g_strdup_printf ("%u.%u.%u.%u", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff, address & 0xff);
}

DevboxBoxRecord *
devbox_box_record_new (void)
{
  DevboxBoxRecord *self = g_new0 (DevboxBoxRecord, 1);

  self->uid = devbox_random_hex (DEVBOX_BOX_UID_LENGTH / 2);
  self->token = devbox_random_token ();
  self->address = draw_address ();
  self->ports = g_ptr_array_new_with_free_func ((GDestroyNotify) devbox_box_port_free);
  self->environment = g_new0 (char *, 1);
  self->created = g_get_real_time ();

  return self;
}

static gpointer
copy_port (gconstpointer port, gpointer user_data)
{
  return devbox_box_port_copy (port);
}

DevboxBoxRecord *
devbox_box_record_copy (const DevboxBoxRecord *self)
{
  DevboxBoxRecord *copy = g_memdup2 (self, sizeof *self);

  copy->uid = g_strdup (self->uid);
  copy->owner = g_strdup (self->owner);
  copy->name = g_strdup (self->name);
  copy->runtime = g_strdup (self->runtime);
  copy->ports = g_ptr_array_copy (self->ports, copy_port, NULL);
  copy->environment = g_strdupv (self->environment);
  copy->startup_command = g_strdup (self->startup_command);
  copy->release = g_strdup (self->release);
  copy->reason = g_strdup (self->reason);
  copy->token = g_strdup (self->token);
  copy->address = g_strdup (self->address);
  copy->cgroups = g_strdupv (self->cgroups);
  copy->idempotency_key = g_strdup (self->idempotency_key);
  copy->request_digest = g_strdup (self->request_digest);

  return copy;
}

void
devbox_box_record_free (DevboxBoxRecord *self)
{
  devbox_secret_free (self->token);

  g_free (self->uid);
  g_free (self->owner);
  g_free (self->name);
  g_free (self->runtime);
  g_clear_pointer (&self->ports, g_ptr_array_unref);
  g_strfreev (self->environment);
  g_free (self->startup_command);
  g_free (self->release);
  g_free (self->reason);
  g_free (self->address);
  g_strfreev (self->cgroups);
  g_free (self->idempotency_key);
  g_free (self->request_digest);
  g_free (self);
}

DevboxReleaseRecord *
devbox_release_record_new (void)
{
  DevboxReleaseRecord *self = g_new0 (DevboxReleaseRecord, 1);

  self->uid = devbox_random_hex (DEVBOX_BOX_UID_LENGTH / 2);
  self->created = g_get_real_time ();

  return self;
}

DevboxReleaseRecord *
devbox_release_record_copy (const DevboxReleaseRecord *self)
{
  DevboxReleaseRecord *copy = g_memdup2 (self, sizeof *self);

  copy->uid = g_strdup (self->uid);
  copy->owner = g_strdup (self->owner);
  copy->box_name = g_strdup (self->box_name);
  copy->tag = g_strdup (self->tag);
  copy->description = g_strdup (self->description);
  copy->runtime = g_strdup (self->runtime);
  copy->reason = g_strdup (self->reason);

  return copy;
}

void
devbox_release_record_free (DevboxReleaseRecord *self)
{
  g_free (self->uid);
  g_free (self->owner);
  g_free (self->box_name);
  g_free (self->tag);
  g_free (self->description);
  g_free (self->runtime);
  g_free (self->reason);
  g_free (self);
}

DevboxUserRecord *
devbox_user_record_copy (const DevboxUserRecord *self)
{
  DevboxUserRecord *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  copy->token_digest = g_strdup (self->token_digest);

  return copy;
}

void
devbox_user_record_free (DevboxUserRecord *self)
{
  g_free (self->name);
  g_free (self->token_digest);
  g_free (self);
}
