/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Made for tests; nobody trusts them. The authority signed a server's, for the name platform.test alone, and a
 * client's. */
static const char test_authority[] = "-----BEGIN CERTIFICATE-----\n"
                                     "MIIBiTCCAS+gAwIBAgIUUoB2WgMa+9FRb9ph7ldzx9GIUqEwCgYIKoZIzj0EAwIw\n"
                                     "GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMDc1NjU5WhgPMjEy\n"
                                     "NjEwMzAwNzU2NTlaMBkxFzAVBgNVBAMMDnRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI\n"
                                     "zj0CAQYIKoZIzj0DAQcDQgAEzQ2apfmhAlLGKGtkDsV5sj2MdYnVPyaWXKC/9zfB\n"
                                     "OfVbF/krKN70lB43HzLRfQHxiJsfH0fRbSAVuOo/HtW9BKNTMFEwHQYDVR0OBBYE\n"
                                     "FHEMYc5ib0xuC/AyANkQLqfVyY2UMB8GA1UdIwQYMBaAFHEMYc5ib0xuC/AyANkQ\n"
                                     "LqfVyY2UMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhALU8dKg6\n"
                                     "ATprLI4qheOda1FOEelzzVk2h72z7lU/7SHEAiAJhYDv/CboDe41+cWN8QkD33Xm\n"
                                     "Hs7AGQ854uJTYqrDMA==\n"
                                     "-----END CERTIFICATE-----\n";
static const char test_server_certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                              "MIIBnjCCAUWgAwIBAgIUPE8h4NyoL6WY2Zis4UXlXteQHoMwCgYIKoZIzj0EAwIw\n"
                                              "GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMDc1NjU5WhgPMjEy\n"
                                              "NjEwMzAwNzU2NTlaMBExDzANBgNVBAMMBnNlcnZlcjBZMBMGByqGSM49AgEGCCqG\n"
                                              "SM49AwEHA0IABP4aoqHiMsxYMlO+OmcC3zcWDuycLcNcv5UFp9c21LsZBpFSJywS\n"
                                              "gmozr0XdWYg/PB6RXDvQUbiywgYqp5zhgaWjcTBvMBgGA1UdEQQRMA+CDXBsYXRm\n"
                                              "b3JtLnRlc3QwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFHFswABIqhiQ\n"
                                              "ylGUOfTSJ0bWkYWMMB8GA1UdIwQYMBaAFHEMYc5ib0xuC/AyANkQLqfVyY2UMAoG\n"
                                              "CCqGSM49BAMCA0cAMEQCIFeE7c5IbJ1tklaNItlFpxQ097uT9m9wUmApsvQXXpSS\n"
                                              "AiALb+B6ZRHcCkUEgpwor+Obki2QzaEqpdojsj73Q9ldyw==\n"
                                              "-----END CERTIFICATE-----\n";
static const char test_server_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7USg5fXTivwjay2p\n"
                                      "ZyA7Dhsho5KdN2J0VtPmpSFbL3KhRANCAAT+GqKh4jLMWDJTvjpnAt83Fg7snC3D\n"
                                      "XL+VBafXNtS7GQaRUicsEoJqM69F3VmIPzwekVw70FG4ssIGKqec4YGl\n"
                                      "-----END PRIVATE KEY-----\n";
static const char test_client_certificate[] = "-----BEGIN CERTIFICATE-----\n"
                                              "MIIBJTCBzAIUPE8h4NyoL6WY2Zis4UXlXteQHoQwCgYIKoZIzj0EAwIwGTEXMBUG\n"
                                              "A1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMDc1NjU5WhgPMjEyNjEwMzAw\n"
                                              "NzU2NTlaMBAxDjAMBgNVBAMMBWFsaWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcD\n"
                                              "QgAEszMxAiMkVjorT8tA0xX/0coDBMOj8IccbGf3mTNUigOjV5O2XFSuubldgCjk\n"
                                              "LhpVRj8ICM7zoP5cGgZYiHfRozAKBggqhkjOPQQDAgNIADBFAiBQV1qsCyeZ9iAI\n"
                                              "auq2svjO2zNfKuu/mq5xRys2tuKhFgIhALzkOgVmnYpQeT0EcaSCy5HTUV2SQmhk\n"
                                              "OCt7dlH2fqNZ\n"
                                              "-----END CERTIFICATE-----\n";
static const char test_client_key[] = "-----BEGIN PRIVATE KEY-----\n"
                                      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUJLVBdRBgViWq7ju\n"
                                      "ZxaCcjxoN67xtSLIzskR26Zjcy+hRANCAASzMzECIyRWOitPy0DTFf/RygMEw6Pw\n"
                                      "hxxsZ/eZM1SKA6NXk7ZcVK65uV2AKOQuGlVGPwgIzvOg/lwaBliId9Gj\n"
                                      "-----END PRIVATE KEY-----\n";
