/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every error code in Vala: the table of error_cases.py, matched by code. */

const int64 LATE_BY = 100 * 1000;
/* A busy machine may be late itself: the best of these counts. */
const int TRIES = 5;

KeyFile cases;

bool is_code (Error error, string name) {
	switch (name) {
	case "INTERNAL_ERROR":
		return error is Devbox.Error.INTERNAL_ERROR;
	case "AUTHENTICATION_FAILED":
		return error is Devbox.Error.AUTHENTICATION_FAILED;
	case "INVALID_KUBECONFIG":
		return error is Devbox.Error.INVALID_KUBECONFIG;
	case "CONNECTION_FAILED":
		return error is Devbox.Error.CONNECTION_FAILED;
	case "CONNECTION_TIMEOUT":
		return error is Devbox.Error.CONNECTION_TIMEOUT;
	case "CONNECTION_POOL_EXHAUSTED":
		return error is Devbox.Error.CONNECTION_POOL_EXHAUSTED;
	case "DEVBOX_NOT_FOUND":
		return error is Devbox.Error.DEVBOX_NOT_FOUND;
	case "DEVBOX_CREATION_FAILED":
		return error is Devbox.Error.DEVBOX_CREATION_FAILED;
	case "FILE_NOT_FOUND":
		return error is Devbox.Error.FILE_NOT_FOUND;
	case "FILE_TOO_LARGE":
		return error is Devbox.Error.FILE_TOO_LARGE;
	case "FILE_TRANSFER_FAILED":
		return error is Devbox.Error.FILE_TRANSFER_FAILED;
	case "PATH_TRAVERSAL_DETECTED":
		return error is Devbox.Error.PATH_TRAVERSAL_DETECTED;
	case "SERVER_UNAVAILABLE":
		return error is Devbox.Error.SERVER_UNAVAILABLE;
	case "HEALTH_CHECK_FAILED":
		return error is Devbox.Error.HEALTH_CHECK_FAILED;
	case "OPERATION_TIMEOUT":
		return error is Devbox.Error.OPERATION_TIMEOUT;
	case "VALIDATION_ERROR":
		return error is Devbox.Error.VALIDATION_ERROR;
	case "UNAUTHORIZED":
		return error is Devbox.Error.UNAUTHORIZED;
	case "INVALID_TOKEN":
		return error is Devbox.Error.INVALID_TOKEN;
	case "TOKEN_EXPIRED":
		return error is Devbox.Error.TOKEN_EXPIRED;
	case "INSUFFICIENT_PERMISSIONS":
		return error is Devbox.Error.INSUFFICIENT_PERMISSIONS;
	case "DEVBOX_NOT_READY":
		return error is Devbox.Error.DEVBOX_NOT_READY;
	case "DEVBOX_OPERATION_FAILED":
		return error is Devbox.Error.DEVBOX_OPERATION_FAILED;
	case "CONFLICT":
		return error is Devbox.Error.CONFLICT;
	case "PROCESS_NOT_FOUND":
		return error is Devbox.Error.PROCESS_NOT_FOUND;
	case "SESSION_NOT_FOUND":
		return error is Devbox.Error.SESSION_NOT_FOUND;
	case "DISK_FULL":
		return error is Devbox.Error.DISK_FULL;
	case "RATE_LIMITED":
		return error is Devbox.Error.RATE_LIMITED;
	case "PAYMENT_REQUIRED":
		return error is Devbox.Error.PAYMENT_REQUIRED;
	default:
		return false;
	}
}

class Case {
	public string name;
	private Devbox.Client client;
	private Devbox.Instance instance;

	public Case (string name) {
		this.name = name;
	}

	public string tell (string key) {
		try {
			return cases.get_string (name, key);
		} catch (KeyFileError error) {
			Test.message ("%s", error.message);
			assert_not_reached ();
		}
	}

	public uint count (string key) {
		return (uint) uint64.parse (tell (key));
	}

	/* Each call has a client of its own. */
	private void prepare () throws Error {
		var has_platform = tell ("platform") != "";

		client = has_platform ? new Devbox.Client.for_platform (tell ("platform"), tell ("token")) : new Devbox.Client ();
		client.set_header ("X-Case", name);
		client.timeout = count ("timeout");
		client.max_retries = count ("retries");
		client.retry_delay = 1;
		if (count ("pool-size") > 0)
			client.pool.max_size = count ("pool-size");
		if (count ("connection-timeout") > 0)
			client.pool.connection_timeout = count ("connection-timeout");

		instance = new Devbox.Instance.for_agent_with_client (client, has_platform ? "http://127.0.0.1:1" : tell ("agent"),
		                                                      tell ("token"));
		if (tell ("busy") == "true")
			instance.load_file_async.begin ("busy", null, (source, result) => {});
	}

	private Devbox.Command make_command () {
		return new Devbox.Command.for_shell (tell ("first")) { timeout = count ("second") };
	}

	private string path {
		owned get { return tell ("second") != "" ? tell ("second") : "a"; }
	}

	private void call () throws Error {
		var first = tell ("first");

		switch (tell ("call")) {
		case "load-file":
			instance.load_file_sync (first);
			break;
		case "replace-file":
			instance.replace_file_sync (first, new Bytes (tell ("second").data));
			break;
		case "delete-file":
			instance.delete_file_sync (first);
			break;
		case "move":
			instance.move_sync (first, tell ("second"));
			break;
		case "run":
			instance.run_sync (make_command ());
			break;
		case "get-process-status":
			instance.get_process_status_sync (int.parse (first));
			break;
		case "get-session":
			instance.get_session_sync (first);
			break;
		case "get-agent-info":
			instance.get_agent_info_sync ();
			break;
		case "wait-ready":
			instance.wait_ready_sync (count ("first"));
			break;
		case "get-instance":
			client.get_instance_sync (first);
			break;
		case "create-instance":
			client.create_instance_sync (new Devbox.InstanceSpec (first, "bash"));
			break;
		case "start-instance":
			client.start_instance_sync (first);
			break;
		case "delete-instance":
			client.delete_instance_sync (first);
			break;
		case "load-file-of":
			client.load_file_sync (first, path);
			break;
		case "load-kubeconfig":
			Devbox.Kubeconfig.load_file_sync (File.new_for_path (first));
			break;
		default:
			assert_not_reached ();
		}
	}

	private async void call_async () throws Error {
		var first = tell ("first");

		switch (tell ("call")) {
		case "load-file":
			yield instance.load_file_async (first);
			break;
		case "replace-file":
			yield instance.replace_file_async (first, new Bytes (tell ("second").data));
			break;
		case "delete-file":
			yield instance.delete_file_async (first);
			break;
		case "move":
			yield instance.move_async (first, tell ("second"));
			break;
		case "run":
			yield instance.run_async (make_command ());
			break;
		case "get-process-status":
			yield instance.get_process_status_async (int.parse (first));
			break;
		case "get-session":
			yield instance.get_session_async (first);
			break;
		case "get-agent-info":
			yield instance.get_agent_info_async ();
			break;
		case "wait-ready":
			yield instance.wait_ready_async (count ("first"));
			break;
		case "get-instance":
			yield client.get_instance_async (first);
			break;
		case "create-instance":
			yield client.create_instance_async (new Devbox.InstanceSpec (first, "bash"));
			break;
		case "start-instance":
			yield client.start_instance_async (first);
			break;
		case "delete-instance":
			yield client.delete_instance_async (first);
			break;
		case "load-file-of":
			yield client.load_file_async (first, path);
			break;
		case "load-kubeconfig":
			yield Devbox.Kubeconfig.load_file_async (File.new_for_path (first));
			break;
		default:
			assert_not_reached ();
		}
	}

	private void call_and_wait () throws Error {
		var loop = new MainLoop ();
		Error? caught = null;

		call_async.begin ((source, result) => {
			try {
				call_async.end (result);
			} catch (Error error) {
				caught = error;
			}
			loop.quit ();
		});
		loop.run ();
		if (caught != null)
			throw caught;
	}

	/* The error, and how many microseconds it took to come. */
	public Error fail (bool is_async, out int64 took) {
		var start = get_monotonic_time ();

		took = 0;
		try {
			prepare ();
			start = get_monotonic_time ();
			if (is_async)
				call_and_wait ();
			else
				call ();
		} catch (Error error) {
			took = get_monotonic_time () - start;
			client.close ();
			return error;
		}
		Test.message ("%s: it worked", name);
		assert_not_reached ();
	}
}

void check (Error error, Case one) {
	var info = Devbox.ErrorInfo.from_error (error);

	if (!is_code (error, one.tell ("code")))
		Test.message ("%s: %s %d: %s", one.name, error.domain.to_string (), error.code, error.message);
	assert_true (is_code (error, one.tell ("code")));
	assert_cmpstr (Devbox.error_to_string (error.code), CompareOperator.EQ, one.tell ("code"));
	assert_cmpstr (Devbox.error_get_family (error.code).to_string (), CompareOperator.EQ, "DEVBOX_ERROR_FAMILY_" + one.tell ("family"));
	assert_cmpstr (info.code_name, CompareOperator.EQ, one.tell ("code-name"));
	assert_cmpuint (info.http_status, CompareOperator.EQ, one.count ("http-status"));
	assert_cmpuint (info.retry_after, CompareOperator.EQ, one.count ("retry-after"));
	if (one.tell ("path") != "")
		assert_cmpstr (info.path, CompareOperator.EQ, one.tell ("path"));
	if (one.tell ("value") != "")
		assert_cmpstr (info.value, CompareOperator.EQ, one.tell ("value"));
	if (one.tell ("sent") == "true") {
		assert_true (Regex.match_simple ("^[0-9a-f]{32}$", info.trace_id));
		if (one.tell ("request-id") != "")
			assert_cmpstr (info.request_id, CompareOperator.EQ, one.tell ("request-id"));
		else
			assert_nonnull (info.request_id);
	}
	if (one.tell ("attempts") != "-1")
		assert_cmpuint (info.n_attempts, CompareOperator.EQ, one.count ("attempts"));
}

void run_case (string name, bool is_async) {
	var one = new Case (name);
	int64 took;

	check (one.fail (is_async, out took), one);
	if (one.tell ("deadline") != "true")
		return;

	int64 late = took - one.count ("timeout") * 1000;
	for (var i = 0; i < TRIES && late >= LATE_BY; i++) {
		one.fail (is_async, out took);
		late = took - one.count ("timeout") * 1000;
	}
	Test.message ("%s: %.1f ms late", name, late / 1000.0);
	assert_true (late >= 0 && late < LATE_BY);
}

int main (string[] args) {
	Test.init (ref args);

	cases = new KeyFile ();
	try {
		cases.load_from_file (args[1], KeyFileFlags.NONE);
	} catch (Error error) {
		printerr ("%s\n", error.message);
		return 1;
	}
	foreach (var name in cases.get_groups ()) {
		Test.add_data_func (@"/vala/errors/$(name)/sync", () => run_case (name, false));
		Test.add_data_func (@"/vala/errors/$(name)/async", () => run_case (name, true));
	}

	return Test.run ();
}
