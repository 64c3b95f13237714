/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Path policies and metrics that are written in Vala. */

class Policy : Devbox.PathPolicy {
	public override bool check_path (string path) throws GLib.Error {
		if (path == "own")
			throw new Devbox.Error.INSUFFICIENT_PERMISSIONS ("Mine");
		if (path == "io")
			throw new IOError.READ_ONLY ("Hands off");
		return path != "no" && base.check_path (path);
	}
}

class Metrics : Devbox.Metrics {
	public string told = "";

	public override void record_connection () {
		told += "connection ";
		base.record_connection ();
	}

	public override void record_operation (uint64 latency_us, bool succeeded) {
		told += @"operation $latency_us $succeeded ";
		base.record_operation (latency_us, succeeded);
	}

	public override void record_transfer (uint n_files, uint64 n_bytes, uint64 latency_us) {
		told += @"transfer $n_files $n_bytes $latency_us ";
		base.record_transfer (n_files, n_bytes, latency_us);
	}

	public override void record_error (int code) {
		told += @"error $code";
		base.record_error (code);
	}
}

Error? refusal_of (Devbox.PathPolicy policy, string path) {
	try {
		assert_true (policy.check_path (path));
		return null;
	} catch (Error error) {
		assert_cmpstr (Devbox.ErrorInfo.from_error (error).get_value (), CompareOperator.EQ, path);
		return error;
	}
}

void test_default_policy () {
	var policy = (Devbox.PathPolicy) Object.new (typeof (Devbox.PathPolicy));

	assert_true (refusal_of (policy, "a/../b") == null);
	assert_true (refusal_of (policy, "/workspace/a") == null);
	assert_true (refusal_of (policy, "..") is Devbox.Error.PATH_TRAVERSAL_DETECTED);
	assert_true (refusal_of (policy, "") is Devbox.Error.VALIDATION_ERROR);
	assert_true (refusal_of (new Devbox.PathPolicy (), "/workspace/a") is Devbox.Error.PATH_TRAVERSAL_DETECTED);
	assert_true (refusal_of (new Devbox.PathPolicy ("/srv"), "/srv/a") == null);
}

void test_derived_policy () {
	var policy = new Policy ();
	Error error;

	assert_true (refusal_of (policy, "a") == null);
	assert_true (refusal_of (policy, "..") is Devbox.Error.PATH_TRAVERSAL_DETECTED);
	assert_true (refusal_of (policy, "no") is Devbox.Error.VALIDATION_ERROR);

	error = refusal_of (policy, "own");
	assert_true (error is Devbox.Error.INSUFFICIENT_PERMISSIONS);
	assert_cmpstr (error.message, CompareOperator.EQ, "Mine");

	error = refusal_of (policy, "io");
	assert_true (error is Devbox.Error.VALIDATION_ERROR);
	assert_true (Devbox.ErrorInfo.from_error (error).get_cause () is IOError.READ_ONLY);
}

void test_metrics () {
	var metrics = new Metrics ();

	metrics.record_connection ();
	metrics.record_operation (1000, true);
	metrics.record_operation (4000, false);
	metrics.record_transfer (3, 5000, 1000);
	metrics.record_error (Devbox.Error.CONFLICT);

	assert_cmpstr (metrics.told, CompareOperator.EQ,
	               "connection operation 1000 true operation 4000 false transfer 3 5000 1000 error 22");
	assert_true (metrics.operations == 2 && metrics.average_latency == 2.5);
	assert_true (metrics.get_snapshot ().bytes_transferred == 5000);
	metrics.reset ();
	assert_true (metrics.operations == 0);
}

int main (string[] args) {
	Test.init (ref args);

	Test.add_func ("/vala/hooks/default-policy", test_default_policy);
	Test.add_func ("/vala/hooks/derived-policy", test_derived_policy);
	Test.add_func ("/vala/hooks/metrics", test_metrics);

	return Test.run ();
}
