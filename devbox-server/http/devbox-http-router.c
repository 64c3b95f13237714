/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-http-router-private.h"

#include "devbox-http-replies-private.h"
#include "devbox-wire-error-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct
{
  const DevboxHttpRoute *route;
  gpointer user_data;
} Entry;

struct _DevboxHttpRouter
{
  DevboxHttpGuard *guard;
  GArray *entries; /* of Entry */
  const char *bare_prefix;
  GHashTable *literals; /* path → index of its first entry, for paths without "{}" */
};

DevboxHttpRouter *
devbox_http_router_new (DevboxHttpGuard *guard)
{
  DevboxHttpRouter *self = g_new0 (DevboxHttpRouter, 1);

  self->guard = guard;
  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->literals = g_hash_table_new (g_str_hash, g_str_equal);

  return self;
}

void
devbox_http_router_free (DevboxHttpRouter *self)
{
  g_array_unref (self->entries);
  g_hash_table_unref (self->literals);
  g_free (self);
}

void
devbox_http_router_add (DevboxHttpRouter *self, const DevboxHttpRoute *routes, gpointer user_data)
{
  for (const DevboxHttpRoute *route = routes; route->method != NULL; route++)
    {
      Entry entry = { route, user_data };

      if (strstr (route->path, "{}") == NULL && !g_hash_table_contains (self->literals, route->path))
        g_hash_table_insert (self->literals, (gpointer) route->path, GUINT_TO_POINTER (self->entries->len));
      g_array_append_val (self->entries, entry);
    }
}

void
devbox_http_router_set_bare_prefix (DevboxHttpRouter *self, const char *prefix)
{
  self->bare_prefix = prefix;
}

/* A component of a path, still percent-encoded. */
typedef struct
{
  const char *start;
  const char *end;
} Part;

/* Whether path fits the pattern; parts: what stands for each "{}". */
static gboolean
match_path (const char *pattern, const char *path, Part parts[DEVBOX_HTTP_ROUTE_MAX_ARGUMENTS], guint *n_parts)
{
  *n_parts = 0;
  for (;;)
    {
      if (pattern[0] == '{')
        {
          Part part = { path, strchrnul (path, '/') };

          if (part.end == part.start)
            return FALSE;
          parts[(*n_parts)++] = part;
          path = part.end;
          pattern += strlen ("{}");
        }
      else if (*pattern != *path)
        return FALSE;
      else if (*pattern == '\0')
        return TRUE;
      else
        {
          pattern++;
          path++;
        }
    }
}

/* NULL where an escape is broken, or stands for NUL. */
static GStrv
decode_parts (const Part *parts, guint n_parts)
{
  g_auto (GStrv) arguments = g_new0 (char *, n_parts + 1);

  for (guint i = 0; i < n_parts; i++)
    {
      arguments[i] = g_uri_unescape_segment (parts[i].start, parts[i].end, NULL);
      if (arguments[i] == NULL)
        return NULL;
    }

  return g_steal_pointer (&arguments);
}

static gboolean
method_fits (const DevboxHttpRoute *route, const char *method)
{
  return strcmp (route->method, method) == 0 || (strcmp (method, "HEAD") == 0 && strcmp (route->method, "GET") == 0);
}

typedef struct
{
  const Entry *entry; /* NULL: none has the method */
  GStrv arguments;    /* NULL: there are none */
  GString *allow;     /* NULL: none has the path */
  DevboxHttpRouteFlags path_flags;
} Match;

static void
find_route (DevboxHttpRouter *self, DevboxHttpExchange *exchange, Match *match)
{
  const char *method = devbox_http_exchange_get_method (exchange);
  const char *path = devbox_http_exchange_get_path (exchange);
  gpointer first = NULL;
  guint i = 0;

  if (g_hash_table_lookup_extended (self->literals, path, NULL, &first))
    i = GPOINTER_TO_UINT (first);

  for (; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      g_auto (GStrv) arguments = NULL;
      Part parts[DEVBOX_HTTP_ROUTE_MAX_ARGUMENTS];
      guint n_parts;

      if (!match_path (entry->route->path, path, parts, &n_parts))
        continue;
      if (n_parts > 0)
        {
          arguments = decode_parts (parts, n_parts);
          if (arguments == NULL)
            continue;
        }

      match->path_flags = entry->route->flags;
      if (method_fits (entry->route, method))
        {
          match->entry = entry;
          match->arguments = g_steal_pointer (&arguments);
          return;
        }

      if (match->allow == NULL)
        match->allow = g_string_new (NULL);
      g_string_append_printf (match->allow, "%s%s%s", match->allow->len > 0 ? ", " : "", entry->route->method,
                              strcmp (entry->route->method, "GET") == 0 ? ", HEAD" : "");
    }
}

static void
refuse_unknown_path (DevboxHttpExchange *exchange, DevboxHttpRouteFlags flags)
{
  g_autoptr (GError) error
      = g_error_new_literal (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_FILE_NOT_FOUND, _ ("There is no such route"));

  devbox_http_reply_refusal (exchange, 404, error, (flags & DEVBOX_HTTP_ROUTE_BARE) != 0);
}

static void
refuse_method (DevboxHttpExchange *exchange, const char *allow, DevboxHttpRouteFlags flags)
{
  g_autoptr (GError) error
      = g_error_new (DEVBOX_WIRE_ERROR, DEVBOX_WIRE_VALIDATION_ERROR, _ ("This route answers only to %s"), allow);

  devbox_http_exchange_add_header (exchange, "Allow", allow);
  devbox_http_reply_refusal (exchange, 405, error, (flags & DEVBOX_HTTP_ROUTE_BARE) != 0);
}

void
devbox_http_router_dispatch (DevboxHttpRouter *self, DevboxHttpExchange *exchange)
{
  Match match = { 0 };

  if (devbox_http_guard_answer_preflight (self->guard, exchange))
    return;

  find_route (self, exchange, &match);
  if (self->bare_prefix != NULL && g_str_has_prefix (devbox_http_exchange_get_path (exchange), self->bare_prefix))
    match.path_flags |= DEVBOX_HTTP_ROUTE_BARE;
  if (devbox_http_guard_admit (self->guard, exchange, match.path_flags))
    {
      if (match.entry != NULL)
        {
          devbox_http_exchange_take_arguments (exchange, g_steal_pointer (&match.arguments));
          match.entry->route->func (exchange, devbox_http_exchange_get_argument (exchange, 0), match.entry->user_data);
        }
      else if (match.allow != NULL)
        refuse_method (exchange, match.allow->str, match.path_flags);
      else
        refuse_unknown_path (exchange, match.path_flags);
    }

  g_strfreev (match.arguments);
  if (match.allow != NULL)
    g_string_free (match.allow, TRUE);
}
