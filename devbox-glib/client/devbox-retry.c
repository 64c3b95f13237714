/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-retry-private.h"

#include "devbox-error-private.h"

#define TOO_MANY_REQUESTS 429 /* SoupStatus has no name for it */
#define MAX_DELAY_MS (60 * 1000)
#define JITTER 0.25
#define MAX_RETRY_AFTER_S (24 * 60 * 60)

/* So that clients which failed together do not come back together. */
static guint
compute_delay (const DevboxRetryRules *rules, guint n_retries)
{
  guint64 delay_ms = MIN ((guint64) rules->first_delay_ms << MIN (n_retries, 16), MAX_DELAY_MS);

  return (guint) ((double) delay_ms * g_random_double_range (1 - JITTER, 1 + JITTER));
}

static gboolean
may_retry (const DevboxRetryRules *rules, DevboxRequest *request, guint n_retries)
{
  return !request->tries_once && n_retries < rules->max_retries;
}

guint
devbox_retry_parse_after (SoupMessageHeaders *headers)
{
  const char *value = soup_message_headers_get_one (headers, "Retry-After");
  g_autoptr (GDateTime) date = NULL;
  g_autoptr (GDateTime) now = NULL;
  guint64 seconds;

  if (value == NULL)
    return 0;
  if (g_ascii_string_to_unsigned (value, 10, 0, MAX_RETRY_AFTER_S, &seconds, NULL))
    return (guint) seconds * 1000;

  date = soup_date_time_new_from_http_string (value);
  now = g_date_time_new_now_utc ();

  return date != NULL ? (guint) CLAMP (g_date_time_difference (date, now) / 1000, 0, MAX_RETRY_AFTER_S * 1000) : 0;
}

/* A server that is too busy, or a gateway that did not reach it, has not begun with the request. */
gboolean
devbox_retry_after_reply (const DevboxRetryRules *rules,
                          DevboxRequest *request,
                          guint n_retries,
                          const DevboxReply *reply,
                          guint *delay_ms)
{
  gboolean was_refused = reply->status == TOO_MANY_REQUESTS;
  gboolean is_transient = reply->status == SOUP_STATUS_BAD_GATEWAY || reply->status == SOUP_STATUS_SERVICE_UNAVAILABLE
                          || reply->status == SOUP_STATUS_GATEWAY_TIMEOUT;

  if (!may_retry (rules, request, n_retries)
      || !(was_refused || (is_transient && devbox_request_is_idempotent (request))) || !devbox_request_rewind (request))
    return FALSE;

  *delay_ms = MAX (compute_delay (rules, n_retries), devbox_retry_parse_after (reply->headers));
  return TRUE;
}

/* A certificate that is not trusted is not so a second later. */
static gboolean
is_transient_error (const GError *error)
{
  DevboxErrorInfo *info = devbox_error_get_info (error);
  const GError *cause = info != NULL ? devbox_error_info_get_cause (info) : NULL;

  return (g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_FAILED)
          || g_error_matches (error, DEVBOX_ERROR, DEVBOX_ERROR_CONNECTION_TIMEOUT))
         && (cause == NULL || cause->domain != G_TLS_ERROR || cause->code == G_TLS_ERROR_EOF)
         && (cause == NULL || cause->domain != SOUP_SESSION_ERROR)
         && (cause == NULL || !g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_INVALID_DATA));
}

gboolean
devbox_retry_after_error (const DevboxRetryRules *rules,
                          DevboxRequest *request,
                          guint n_retries,
                          const GError *error,
                          gboolean was_sent,
                          guint *delay_ms)
{
  if (!may_retry (rules, request, n_retries) || !is_transient_error (error)
      || (was_sent && !devbox_request_is_idempotent (request)) || !devbox_request_rewind (request))
    return FALSE;

  *delay_ms = compute_delay (rules, n_retries);
  return TRUE;
}
