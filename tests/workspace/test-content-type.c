/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-content-type-private.h"

static void
test_names (void)
{
  static const struct
  {
    const char *name;
    const char *expected;
  } cases[] = {
    { "a.txt", "text/plain; charset=utf-8" },
    { "A.TXT", "text/plain; charset=utf-8" },
    { "dir.html/a.png", "image/png" },
    { "index.html", "text/html; charset=utf-8" },
    { "x.js", "text/javascript; charset=utf-8" },
    { "x.mjs", "text/javascript; charset=utf-8" },
    { "x.json", "application/json" },
    { "x.tar.gz", "application/gzip" },
    { "x.3gp", "video/3gpp" },
    { "x.zst", "application/zstd" },
    { "x.py", "text/plain; charset=utf-8" },
    { ".env", "text/plain; charset=utf-8" },
    { "src/Makefile", "text/plain; charset=utf-8" },
    { "Dockerfile", "text/plain; charset=utf-8" },
    { "Vagrantfile", "text/plain; charset=utf-8" },
    { "authors", "text/plain; charset=utf-8" },
    { "a.out", "application/octet-stream" },
    { "program", "application/octet-stream" },
    { "dir.txt/program", "application/octet-stream" },
    { "trailing.", "application/octet-stream" },
    { "", "application/octet-stream" },
    { "\xff\xfe.txt", "text/plain; charset=utf-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (devbox_content_type_for_name (cases[i].name), ==, cases[i].expected);
}

/* A table that is out of order hides entries from the search; these are neighbours all over it. */
static void
test_order (void)
{
  static const char *const extensions[] = {
    "3gp", "7z",   "aac", "adoc", "apng", "avi",   "avif", "bash", "bat", "bmp",         "bz2", "c",    "cc",  "cfg",
    "cjs", "conf", "cpp", "cs",   "css",  "csv",   "doc",  "docx", "gif", "go",          "gz",  "h",    "htm", "html",
    "ico", "jpeg", "jpg", "js",   "json", "jsonl", "md",   "mp3",  "mp4", "odp",         "ods", "odt",  "ogg", "pdf",
    "php", "pl",   "png", "py",   "r",    "rar",   "rb",   "rs",   "svg", "tar",         "tgz", "toml", "ts",  "tsx",
    "ttf", "txt",  "vtt", "vue",  "wasm", "wav",   "webm", "webp", "xml", "webmanifest", "xz",  "yaml", "zip", "zst",
  };

  for (guint i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      g_autofree char *name = g_strconcat ("name.", extensions[i], NULL);

      g_assert_cmpstr (devbox_content_type_for_name (name), !=, "application/octet-stream");
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/content-type/names", test_names);
  g_test_add_func ("/content-type/order", test_order);

  return g_test_run ();
}
