/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devbox-kubeconfig.h"

G_BEGIN_DECLS

/* Whatever is secret holds this, and no error may. */
#define MARKER "s3cr3t-mark"

DevboxKubeconfig *test_kubeconfig_new (const char *text, GError **error);
DevboxKubeconfig *test_kubeconfig_load (const char *path, DevboxKubeconfigFlags flags, GError **error);
/* With nothing secret in it. */
void test_kubeconfig_assert_invalid (const GError *error);

/* A folder for one test. */
typedef struct
{
  char *path;
} TestFolder;

void test_folder_set_up (TestFolder *self, gconstpointer data);
void test_folder_tear_down (TestFolder *self, gconstpointer data);
/* Makes the folders of the file, too; returns its path. */
char *test_folder_write (TestFolder *self, const char *name, const char *text);

#define TEST_KUBECONFIG_ADD(name, function)                                                                            \
  g_test_add ("/client/kubeconfig/" name, TestFolder, NULL, test_folder_set_up, function, test_folder_tear_down)

G_END_DECLS
