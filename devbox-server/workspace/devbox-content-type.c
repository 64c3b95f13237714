/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "devbox-content-type-private.h"

#include <stdlib.h>
#include <string.h>

#define TEXT(subtype) "text/" subtype "; charset=utf-8"
#define PLAIN TEXT ("plain")

typedef struct
{
  const char *key;
  const char *content_type;
} Entry;

/* Both sorted. */

static const Entry by_name[] = {
  { "authors", PLAIN },    { "changelog", PLAIN }, { "containerfile", PLAIN }, { "copying", PLAIN },
  { "dockerfile", PLAIN }, { "gemfile", PLAIN },   { "justfile", PLAIN },      { "license", PLAIN },
  { "makefile", PLAIN },   { "news", PLAIN },      { "procfile", PLAIN },      { "rakefile", PLAIN },
  { "readme", PLAIN },     { "todo", PLAIN },      { "vagrantfile", PLAIN },
};

static const Entry by_extension[] = {
  { "3gp", "video/3gpp" },
  { "7z", "application/x-7z-compressed" },
  { "aac", "audio/aac" },
  { "adoc", PLAIN },
  { "apng", "image/apng" },
  { "avi", "video/x-msvideo" },
  { "avif", "image/avif" },
  { "bash", PLAIN },
  { "bat", PLAIN },
  { "bmp", "image/bmp" },
  { "bz2", "application/x-bzip2" },
  { "c", PLAIN },
  { "cc", PLAIN },
  { "cfg", PLAIN },
  { "cjs", TEXT ("javascript") },
  { "conf", PLAIN },
  { "cpp", PLAIN },
  { "cs", PLAIN },
  { "css", TEXT ("css") },
  { "csv", TEXT ("csv") },
  { "cxx", PLAIN },
  { "dart", PLAIN },
  { "diff", PLAIN },
  { "doc", "application/msword" },
  { "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
  { "env", PLAIN },
  { "eot", "application/vnd.ms-fontobject" },
  { "epub", "application/epub+zip" },
  { "flac", "audio/flac" },
  { "gif", "image/gif" },
  { "go", PLAIN },
  { "gradle", PLAIN },
  { "graphql", PLAIN },
  { "gz", "application/gzip" },
  { "h", PLAIN },
  { "heic", "image/heic" },
  { "hpp", PLAIN },
  { "htm", TEXT ("html") },
  { "html", TEXT ("html") },
  { "ico", "image/vnd.microsoft.icon" },
  { "ics", TEXT ("calendar") },
  { "ini", PLAIN },
  { "jar", "application/java-archive" },
  { "java", PLAIN },
  { "jpeg", "image/jpeg" },
  { "jpg", "image/jpeg" },
  { "js", TEXT ("javascript") },
  { "json", "application/json" },
  { "jsonc", PLAIN },
  { "jsonl", PLAIN },
  { "jsonld", "application/ld+json" },
  { "jsx", TEXT ("javascript") },
  { "kt", PLAIN },
  { "less", PLAIN },
  { "lock", PLAIN },
  { "log", PLAIN },
  { "lua", PLAIN },
  { "m4a", "audio/mp4" },
  { "map", "application/json" },
  { "markdown", TEXT ("markdown") },
  { "md", TEXT ("markdown") },
  { "mid", "audio/midi" },
  { "mjs", TEXT ("javascript") },
  { "mkv", "video/x-matroska" },
  { "mov", "video/quicktime" },
  { "mp3", "audio/mpeg" },
  { "mp4", "video/mp4" },
  { "mpeg", "video/mpeg" },
  { "odp", "application/vnd.oasis.opendocument.presentation" },
  { "ods", "application/vnd.oasis.opendocument.spreadsheet" },
  { "odt", "application/vnd.oasis.opendocument.text" },
  { "oga", "audio/ogg" },
  { "ogg", "audio/ogg" },
  { "ogv", "video/ogg" },
  { "opus", "audio/ogg" },
  { "otf", "font/otf" },
  { "patch", PLAIN },
  { "pdf", "application/pdf" },
  { "php", PLAIN },
  { "pl", PLAIN },
  { "png", "image/png" },
  { "ppt", "application/vnd.ms-powerpoint" },
  { "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
  { "properties", PLAIN },
  { "proto", PLAIN },
  { "ps1", PLAIN },
  { "py", PLAIN },
  { "r", PLAIN },
  { "rar", "application/vnd.rar" },
  { "rb", PLAIN },
  { "rs", PLAIN },
  { "rst", PLAIN },
  { "rtf", "application/rtf" },
  { "sass", PLAIN },
  { "scala", PLAIN },
  { "scss", PLAIN },
  { "sh", PLAIN },
  { "sql", PLAIN },
  { "svelte", PLAIN },
  { "svg", "image/svg+xml" },
  { "swift", PLAIN },
  { "tar", "application/x-tar" },
  { "tgz", "application/gzip" },
  { "tif", "image/tiff" },
  { "tiff", "image/tiff" },
  { "toml", "application/toml" },
  { "ts", PLAIN },
  { "tsv", TEXT ("tab-separated-values") },
  { "tsx", PLAIN },
  { "ttf", "font/ttf" },
  { "txt", PLAIN },
  { "vala", PLAIN },
  { "vtt", TEXT ("vtt") },
  { "vue", PLAIN },
  { "wasm", "application/wasm" },
  { "wav", "audio/wav" },
  { "weba", "audio/webm" },
  { "webm", "video/webm" },
  { "webmanifest", "application/manifest+json" },
  { "webp", "image/webp" },
  { "woff", "font/woff" },
  { "woff2", "font/woff2" },
  { "xhtml", "application/xhtml+xml" },
  { "xls", "application/vnd.ms-excel" },
  { "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
  { "xml", TEXT ("xml") },
  { "xz", "application/x-xz" },
  { "yaml", PLAIN },
  { "yml", PLAIN },
  { "zip", "application/zip" },
  { "zsh", PLAIN },
  { "zst", "application/zstd" },
};

static int
compare_key (const void *key, const void *entry)
{
  return g_ascii_strcasecmp (key, ((const Entry *) entry)->key);
}

const char *
devbox_content_type_for_name (const char *name)
{
  const char *slash = strrchr (name, '/');
  const char *base = slash != NULL ? slash + 1 : name;
  const char *dot = strrchr (base, '.');
  const Entry *entry;

  if (dot != NULL)
    entry = bsearch (dot + 1, by_extension, G_N_ELEMENTS (by_extension), sizeof (Entry), compare_key);
  else
    entry = bsearch (base, by_name, G_N_ELEMENTS (by_name), sizeof (Entry), compare_key);

  return entry != NULL ? entry->content_type : "application/octet-stream";
}
