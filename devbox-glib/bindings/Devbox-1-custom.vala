// SPDX-License-Identifier: LGPL-2.1-or-later
// What the GIR has as methods of an error domain, which Vala does not know.
namespace Devbox {
	[CCode (cname = "devbox_error_get_family")]
	public static Devbox.ErrorFamily error_get_family (int code);
	[CCode (cname = "devbox_error_to_string")]
	public static unowned string error_to_string (int code);
}
