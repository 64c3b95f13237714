/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authenticators that are written in Vala, and kubeconfigs in its terms. */

const string TEXT = """
current-context: x
contexts: [{name: x, context: {user: u}}, {name: y, context: {user: v}}]
users: [{name: u, user: {token: t}}, {name: v, user: {token: t}}]
""";

class Authenticator : Object, Devbox.Authenticator {
	public string behaviour;
	public string? asked = null;

	public Authenticator (string behaviour) {
		this.behaviour = behaviour;
	}

	public void authenticate (Devbox.Authentication run) {
		asked = run.get_base_url ();
		if (behaviour == "fail")
			run.fail (new Devbox.Error.TOKEN_EXPIRED ("Not today"));
		else if (behaviour == "other")
			run.fail (new IOError.NOT_FOUND ("No keyring"));
		else if (behaviour == "later")
			Timeout.add (10, () => {
				run.complete ("Bearer mine");
				return Source.REMOVE;
			});
		else
			run.complete (behaviour);
	}
}

/* Nobody is there: what counts is with which error a call ends. */
Error? ask (string behaviour) {
	var loop = new MainLoop ();
	var authenticator = new Authenticator (behaviour);
	var client = (Devbox.Client) Object.new (typeof (Devbox.Client), "base-url", "http://127.0.0.1:1", "max-retries", 0);
	Error? error = null;

	client.set_authenticator (authenticator);
	client.test_auth_async.begin (null, (source, result) => {
		try {
			client.test_auth_async.end (result);
		} catch (Error e) {
			error = e;
		}
		loop.quit ();
	});
	loop.run ();
	assert_cmpstr (authenticator.asked, CompareOperator.EQ, "http://127.0.0.1:1");

	return error;
}

void test_authenticators () {
	assert_true (ask ("Bearer mine") is Devbox.Error.CONNECTION_FAILED);
	assert_true (ask ("later") is Devbox.Error.CONNECTION_FAILED);
	assert_true (ask ("fail") is Devbox.Error.TOKEN_EXPIRED);
	assert_true (ask ("other") is Devbox.Error.AUTHENTICATION_FAILED);
	assert_true (ask ("a\r\nX-Evil: 1") is Devbox.Error.VALIDATION_ERROR);
}

async void load (File file) {
	try {
		var kubeconfig = yield Devbox.Kubeconfig.load_file_async (file);

		assert_cmpstr (kubeconfig.user, CompareOperator.EQ, "u");
		assert_cmpstr (kubeconfig.with_context ("y").user, CompareOperator.EQ, "v");
		assert_cmpstr (kubeconfig.get_contexts ()[1], CompareOperator.EQ, "y");
		kubeconfig = Devbox.Kubeconfig.load_file_sync (file, "y", Devbox.KubeconfigFlags.ALLOW_EXEC);
		assert_cmpstr (kubeconfig.user, CompareOperator.EQ, "v");
	} catch (Error e) {
		error ("%s", e.message);
	}
}

void test_kubeconfigs () {
	var loop = new MainLoop ();

	try {
		FileIOStream stream;
		var file = File.new_tmp ("devbox-test-XXXXXX", out stream);

		stream.close ();
		file.replace_contents (TEXT.data, null, false, FileCreateFlags.NONE, null);
		load.begin (file, (source, result) => {
			load.end (result);
			loop.quit ();
		});
		loop.run ();
		file.delete ();
		new Devbox.Kubeconfig.from_bytes (new Bytes ("a: [".data));
		assert_not_reached ();
	} catch (Error e) {
		assert_true (e is Devbox.Error.INVALID_KUBECONFIG);
	}
}

int main (string[] args) {
	Test.init (ref args);

	Test.add_func ("/vala/authenticator/authenticators", test_authenticators);
	Test.add_func ("/vala/authenticator/kubeconfigs", test_kubeconfigs);

	return Test.run ();
}
