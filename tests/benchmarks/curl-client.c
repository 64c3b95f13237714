/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl-client URL TOKEN: libcurl, one handle that is used again. */
#include "config.h"

#include "contestant.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  CURL *handle;
  struct curl_slist *headers;
  struct curl_slist *upload_headers;
  char *read_url;
  char *write_url;
} Curl;

/* As our client does with what is small, into memory. */
static size_t
gather (char *data, size_t size, size_t n, void *user_data)
{
  g_byte_array_append (user_data, (guint8 *) data, (guint) (size * n));

  return size * n;
}

static size_t
count (char *data, size_t size, size_t n, void *user_data)
{
  *(gsize *) user_data += size * n;

  return size * n;
}

static size_t
give_zeros (char *room, size_t size, size_t n, void *user_data)
{
  gsize *left = user_data;
  gsize n_given = MIN (size * n, *left);

  memset (room, 0, n_given);
  *left -= n_given;

  return n_given;
}

static void
start (Curl *self, const char *base, const char *path)
{
  g_autofree char *url = g_strconcat (base, path, NULL);

  curl_easy_reset (self->handle); /* keeps its connections */
  curl_easy_setopt (self->handle, CURLOPT_URL, url);
  curl_easy_setopt (self->handle, CURLOPT_HTTPHEADER, self->headers);
  curl_easy_setopt (self->handle, CURLOPT_FAILONERROR, 1L);
}

static void
perform (Curl *self)
{
  CURLcode code = curl_easy_perform (self->handle);

  if (code != CURLE_OK)
    g_error ("%s", curl_easy_strerror (code));
}

static void
read_one_by_one (gpointer contestant, char **arguments, GString *figures)
{
  Curl *self = contestant;
  guint n_reads = contestant_parse_count (arguments[0]);

  for (guint i = 0; i < n_reads; i++)
    {
      g_autoptr (GByteArray) body = g_byte_array_new ();

      start (self, self->read_url, SMALL_FILE);
      curl_easy_setopt (self->handle, CURLOPT_WRITEFUNCTION, gather);
      curl_easy_setopt (self->handle, CURLOPT_WRITEDATA, body);
      perform (self);
      g_assert_cmpuint (body->len, ==, SMALL_SIZE);
    }
}

static void
download (gpointer contestant, char **arguments, GString *figures)
{
  Curl *self = contestant;
  gsize n_read = 0;

  start (self, self->read_url, arguments[0]);
  curl_easy_setopt (self->handle, CURLOPT_BUFFERSIZE, (long) PIECE_SIZE);
  curl_easy_setopt (self->handle, CURLOPT_WRITEFUNCTION, count);
  curl_easy_setopt (self->handle, CURLOPT_WRITEDATA, &n_read);
  perform (self);
  contestant_add_figure (figures, "bytes", (double) n_read);
}

static void
upload (gpointer contestant, char **arguments, GString *figures)
{
  Curl *self = contestant;
  guint size = contestant_parse_count (arguments[1]);
  gsize left = size;
  gsize n_read = 0;

  start (self, self->write_url, arguments[0]);
  curl_easy_setopt (self->handle, CURLOPT_HTTPHEADER, self->upload_headers);
  curl_easy_setopt (self->handle, CURLOPT_POST, 1L);
  curl_easy_setopt (self->handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) size);
  curl_easy_setopt (self->handle, CURLOPT_UPLOAD_BUFFERSIZE, (long) PIECE_SIZE);
  curl_easy_setopt (self->handle, CURLOPT_READFUNCTION, give_zeros);
  curl_easy_setopt (self->handle, CURLOPT_READDATA, &left);
  curl_easy_setopt (self->handle, CURLOPT_WRITEFUNCTION, count);
  curl_easy_setopt (self->handle, CURLOPT_WRITEDATA, &n_read);
  perform (self);
  contestant_add_figure (figures, "bytes", size);
}

int
main (int argc, char *argv[])
{
  static const ContestantOperation operations[] = {
    { "reads", 1, read_one_by_one },
    { "download", 1, download },
    { "upload", 2, upload },
  };
  Curl self = { 0 };
  g_autofree char *authorization = NULL;

  g_assert_cmpint (argc, ==, 3);
  authorization = g_strconcat ("Authorization: Bearer ", argv[2], NULL);
  curl_global_init (CURL_GLOBAL_DEFAULT);
  self.handle = curl_easy_init ();
  self.headers = curl_slist_append (NULL, authorization);
  self.upload_headers = curl_slist_append (NULL, authorization);
  self.upload_headers = curl_slist_append (self.upload_headers, "Content-Type: application/octet-stream");
  self.read_url = g_strconcat (argv[1], "/api/v1/files/read?path=", NULL);
  self.write_url = g_strconcat (argv[1], "/api/v1/files/write?path=", NULL);
  contestant_serve (&self, operations, G_N_ELEMENTS (operations));

  g_free (self.read_url);
  g_free (self.write_url);
  curl_slist_free_all (self.headers);
  curl_slist_free_all (self.upload_headers);
  curl_easy_cleanup (self.handle);
  curl_global_cleanup ();

  return EXIT_SUCCESS;
}
