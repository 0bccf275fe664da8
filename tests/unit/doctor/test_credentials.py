"""Credentials: in the cluster, in Envoy, and as they are shown to clients."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from istio_ingress import rules
from istio_ingress.live.certificates import Chain
from istio_ingress.live.client import Answer
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.requests.sending import Result
from tests.unit.certificates import Authority
from tests.unit.doctor.patient import CREDENTIALS, POD, encoded

SECRET = "Secret"
HTTPBIN = "httpbin-credential"


def pair(patient, host="httpbin.example.com", *, authority=None, days=300):
    issued = (authority or patient.authority).issue(host, days=days)
    return {"tls.crt": issued.certificate, "tls.key": issued.key}


class TestInTheCluster:
    def test_one_that_is_well_says_subject_names_issuer_and_end(self, patient):
        (line,) = [line for line in patient.said("credentials") if line.subject.endswith(HTTPBIN)]
        assert line.seen.startswith("CN=httpbin.example.com for httpbin.example.com, issued by CN=the CA, ends 20")
        assert line.seen.endswith("(299 days left)")

    def test_one_that_is_missing(self, patient):
        patient.remove(SECRET, HTTPBIN)
        ((status, subject, seen),) = patient.complaints("credentials")
        assert (status, subject) == ("failed", f"Secret istio-system/{HTTPBIN}")
        assert seen == "it does not exist, and Gateway default/web-tls needs it for httpbin.example.com"

    def test_one_in_another_namespace_is_found_there(self, patient):
        patient.remove(SECRET, HTTPBIN)
        strays = {HTTPBIN: ["default"]}
        (line,) = [line for line in patient.said("credentials", stray_secrets=strays) if line.status.value != "ok"]
        assert line.seen.endswith("there is one in default, where the gateway does not look")
        assert line.next_step.startswith("Create it in istio-system")

    def test_one_that_is_named_with_the_gateways_own_namespace(self, patient):
        patient.find("Gateway", "web-tls")["spec"]["servers"][0]["tls"]["credentialName"] = f"istio-system/{HTTPBIN}"
        subjects = {line.subject for line in patient.said("credentials") if line.status.value == "ok"}
        assert f"Secret istio-system/{HTTPBIN}" in subjects

    def test_one_that_another_authority_issued(self, patient):
        patient.secret(HTTPBIN, pair(patient, authority=Authority("a stranger", days=900)))
        ((status, _, seen),) = patient.complaints("credentials")
        assert status == "failed"
        assert "issued by CN=a stranger" in seen
        assert "the stack's own CA, CN=the CA, did not issue it" in seen

    def test_one_that_an_intermediate_authority_issued_is_well_with_its_chain_and_not_without(self, patient):
        below = Authority("intermediate", above=patient.authority, days=900)
        leaf = below.issue("httpbin.example.com", days=300)
        patient.secret(HTTPBIN, {"tls.crt": leaf.certificate + below.certificate, "tls.key": leaf.key})
        assert patient.complaints("credentials") == []
        patient.secret(HTTPBIN, {"tls.crt": leaf.certificate, "tls.key": leaf.key})
        assert [status for status, _, _ in patient.complaints("credentials")] == ["failed"]

    def test_one_that_has_ended(self, patient):
        patient.secret(HTTPBIN, pair(patient, days=-2))
        ((status, subject, seen),) = patient.complaints("credentials")
        assert (status, subject) == ("failed", f"Secret istio-system/{HTTPBIN}")
        assert seen.endswith("[certificate-expired]")

    def test_one_that_ends_soon_is_a_warning(self, patient):
        patient.secret(HTTPBIN, pair(patient, days=3))
        ((status, _, seen),) = patient.complaints("credentials")
        assert status == "warning"
        assert seen.endswith("[certificate-due]")

    def test_one_for_another_host(self, patient):
        patient.secret(HTTPBIN, pair(patient, "coffee.example.com"))
        ((status, subject, seen),) = patient.complaints("credentials")
        assert (status, subject) == ("failed", "Gateway default/web-tls")
        assert seen.endswith("[certificate-host-uncovered]")

    def test_one_that_is_no_certificate(self, patient):
        patient.secret(HTTPBIN, {**pair(patient), "tls.crt": "nothing"})
        ((status, _, seen),) = patient.complaints("credentials")
        assert (status, "nothing" in seen) == ("failed", False)
        assert seen.endswith("[certificate-unreadable]")

    def test_one_that_is_no_certificate_is_not_called_well_even_where_the_rule_is_waived(self, patient):
        patient.secret(HTTPBIN, {**pair(patient), "tls.crt": "nothing"})
        waived = rules.Settings(complete=True, waivers={"certificate-unreadable": "tomorrow"})
        ((status, _, seen),) = patient.complaints("credentials", settings=waived)
        assert (status, seen) == ("failed", "it holds no certificate that can be read")

    def test_one_whose_lines_are_indented_is_read_as_envoy_reads_it(self, patient):
        good = pair(patient)
        patient.secret(HTTPBIN, {**good, "tls.crt": good["tls.crt"].replace("-----BEGIN", "  -----BEGIN")})
        ((status, subject, seen),) = patient.complaints("credentials")
        assert (status, subject) == ("failed", f"Secret istio-system/{HTTPBIN}")
        assert "cannot use 'tls.crt': it is a text in which '-----BEGIN CERTIFICATE-----' is not a line" in seen
        assert seen.endswith("[certificate-unreadable]")

    def test_one_with_the_key_of_another(self, patient):
        patient.secret(HTTPBIN, {**pair(patient), "tls.key": pair(patient)["tls.key"]})
        ((status, _, seen),) = patient.complaints("credentials")
        assert status == "failed"
        assert seen.endswith("[certificate-key-mismatch]")

    def test_one_without_the_authority_of_clients(self, patient):
        patient.secret("mutual-credential", pair(patient, "mutual.example.com"))
        ((status, _, seen),) = patient.complaints("credentials")
        assert status == "failed"
        assert seen.endswith("[mutual-ca-missing]")

    def test_one_whose_revocation_list_is_stale(self, patient):
        stale = patient.authority.revocations(end=datetime.now(UTC) - timedelta(days=1))
        patient.find(SECRET, "mutual-credential")["data"]["ca.crl"] = encoded(stale)
        ((status, subject, seen),) = patient.complaints("credentials")
        assert (status, subject) == ("failed", "Secret istio-system/mutual-credential")
        assert seen.endswith("[crl-stale]")
        assert patient.complaints("rules") == []

    def test_one_that_trusts_other_clients(self, patient):
        data = patient.find(SECRET, "mutual-credential")["data"]
        data["ca.crt"] = encoded(Authority("a stranger", days=900).certificate)
        ((status, subject, seen),) = patient.complaints("credentials")
        assert (status, subject) == ("failed", "client CA in istio-system/mutual-credential")
        assert "it trusts CN=a stranger, which did not issue the stack's client certificate" in seen

    def test_a_bundle_of_old_and_new_authorities_is_well(self, patient):
        data = patient.find(SECRET, "mutual-credential")["data"]
        data["ca.crt"] = encoded(Authority("the next CA", days=900).certificate + patient.authority.certificate)
        assert patient.complaints("credentials") == []

    def test_a_bundle_that_envoy_refuses_is_not_called_well_even_where_the_rule_is_waived(self, patient):
        data = patient.find(SECRET, "mutual-credential")["data"]
        both = Authority("the next CA", days=900).certificate.rstrip() + patient.authority.certificate
        data["ca.crt"] = encoded(both)
        waived = rules.Settings(complete=True, waivers={"ca-bundle-invalid": "tomorrow"})
        ((status, subject, seen),) = patient.complaints("credentials", settings=waived)
        assert (status, subject) == ("failed", "client CA in istio-system/mutual-credential")
        assert seen == "Envoy refuses it: 'ca.crt' is a text whose block 1 does not end with a line of its own"

    def test_where_secrets_are_denied_nothing_is_said_of_them(self, patient):
        ((status, _, seen),) = patient.complaints("credentials", denied={SECRET: LiveError("secrets is forbidden")})
        assert (status, seen) == ("unknown", "secrets is forbidden")


class TestInEnvoy:
    def test_each_certificate_and_the_clients_authority_is_looked_for(self, patient):
        lines = patient.said("delivery")
        assert all(line.seen.startswith("the gateway pod has") for line in lines)
        subjects = {line.subject for line in lines}
        assert subjects == {f"credential {name}" for name in [*CREDENTIALS, "mutual-credential-cacert"]}

    def test_one_that_was_not_given(self, patient):
        del patient.given[HTTPBIN]
        ((status, subject, seen),) = patient.complaints("delivery")
        assert (status, subject) == ("failed", f"credential {HTTPBIN}")
        assert seen == f"Envoy was not given it (in {POD}); Secret istio-system/{HTTPBIN} is there"

    def test_an_older_one(self, patient):
        patient.secret(HTTPBIN, pair(patient))
        ((status, _, seen),) = patient.complaints("delivery")
        assert (status, seen.split(" (in")[0]) == ("failed", "Envoy holds another certificate than the Secret")

    def test_one_that_envoy_refuses_although_it_was_given_it(self, patient):
        good = pair(patient)
        spelled = {
            "tls.crt": good["tls.crt"].rstrip() + patient.authority.certificate,
            "tls.key": good["tls.key"].replace("\n", " "),
        }
        for key, text in spelled.items():
            patient.secret(HTTPBIN, {**good, key: text})
            patient.given[HTTPBIN] = patient.find(SECRET, HTTPBIN)["data"]
            ((status, subject, seen),) = patient.complaints("delivery")
            assert (status, subject) == ("failed", f"credential {HTTPBIN}")
            why = f"{key!r} is a text whose block 1 does not end with a line of its own"
            assert seen == f"Envoy refuses Secret istio-system/{HTTPBIN}: {why}"

    def test_an_authority_whose_list_envoy_refuses(self, patient):
        patient.find(SECRET, "mutual-credential")["data"]["ca.crl"] = encoded("nothing")
        ((status, subject, seen),) = patient.complaints("delivery")
        assert (status, subject) == ("failed", "credential mutual-credential-cacert")
        assert seen.endswith("'ca.crl' is a text without '-----BEGIN X509 CRL-----'")

    def test_an_authority_that_was_not_given(self, patient):
        del patient.given["mutual-credential"]["ca.crt"]
        ((status, subject, _),) = patient.complaints("delivery")
        assert (status, subject) == ("failed", "credential mutual-credential-cacert")

    def test_of_two_certificates_of_a_listener_the_first_ones_name_leads_to_the_clients_authority(self, patient):
        patient.secret("mutual-rsa", pair(patient, "mutual.example.com"))
        patient.given["mutual-rsa"] = patient.find(SECRET, "mutual-rsa")["data"]
        tls = patient.find("Gateway", "mutual-mtls")["spec"]["servers"][0]["tls"]
        tls["credentialNames"] = [tls.pop("credentialName"), "mutual-rsa"]
        envoys = patient.facts().envoys
        envoys[POD].secrets["mutual-rsa"] = base64.b64decode(patient.given["mutual-rsa"]["tls.crt"])
        lines = patient.said("delivery", envoys=envoys)
        assert {line.status.value for line in lines} == {"ok"}
        assert "credential mutual-credential-cacert" in {line.subject for line in lines}
        subjects = [line.subject for line in patient.said("credentials", envoys=envoys)]
        assert [subject for subject in subjects if "client CA" in subject] == [
            "client CA in istio-system/mutual-credential"
        ]

    def test_one_whose_secret_is_gone_is_still_served(self, patient):
        patient.remove(SECRET, HTTPBIN)
        ((status, _, seen),) = patient.complaints("delivery")
        assert (status, seen) == ("warning", f"{POD} still serves the one it had; it loses it when it restarts")

    def test_a_host_without_a_filter_chain(self, patient):
        patient.find("Gateway", "web-tls")["spec"]["servers"][0]["hosts"].append("new.example.com")
        complaints = patient.complaints("delivery")
        assert [(status, subject) for status, subject, _ in complaints] == [("failed", "host new.example.com")]
        assert "Envoy has no TLS listener for it, though Gateway default/web-tls has the host" in complaints[0][2]


class TestAsShown:
    def test_one_that_is_not_the_secrets(self, patient):
        patient.shown["httpbin.example.com", 443] = Chain.read(pair(patient)["tls.crt"])
        ((status, subject, seen),) = patient.complaints("served")
        assert (status, subject) == ("failed", "https://httpbin.example.com")
        assert "but the Secret holds CN=httpbin.example.com" in seen

    def test_one_behind_the_gateway_that_has_ended(self, patient):
        patient.shown["nginx.example.com", 443] = Chain.read(pair(patient, "nginx.example.com", days=-1)["tls.crt"])
        ((status, subject, seen),) = patient.complaints("served")
        assert (status, subject) == ("failed", "https://nginx.example.com")
        assert seen.endswith("UTC: clients refuse it")

    def test_one_behind_the_gateway_for_another_host(self, patient):
        patient.shown["nginx.example.com", 443] = Chain.read(pair(patient, "apache.example.com")["tls.crt"])
        ((_, _, seen),) = patient.complaints("served")
        assert "which is not for this host" in seen

    def test_one_behind_the_gateway_of_another_authority(self, patient):
        strange = pair(patient, "nginx.example.com", authority=Authority("a stranger", days=900))
        patient.shown["nginx.example.com", 443] = Chain.read(strange["tls.crt"])
        ((_, _, seen),) = patient.complaints("served")
        assert "which the stack's CA CN=the CA did not issue" in seen

    def test_a_host_of_others_is_not_held_against_the_stacks_authority(self, patient):
        strange = Authority("a stranger", days=900).issue("theirs.example.com", days=300)
        patient.shown["theirs.example.com", 443] = Chain.read(strange.certificate)
        assert patient.complaints("served") == []

    def test_a_handshake_that_fails_and_one_that_was_not_tried(self, patient):
        patient.shown["httpbin.example.com", 443] = LiveError("connection reset")
        patient.shown["nginx.example.com", 443] = NotAskedError("there is no port 443")
        complaints = patient.complaints("served")
        assert [(status, subject) for status, subject, _ in complaints] == [
            ("failed", "https://httpbin.example.com"),
            ("unknown", "https://nginx.example.com"),
        ]
        assert "connection reset" in complaints[0][2]

    @pytest.mark.parametrize(
        ("breaks", "reason", "step"),
        [
            (
                lambda it: it.remove(SECRET, HTTPBIN),
                f"Secret istio-system/{HTTPBIN} does not exist",
                "create secret tls",
            ),
            (lambda it: it.given.pop(HTTPBIN), f"Envoy was not given {HTTPBIN}", "kubectl logs -n istio-system"),
            (lambda it: None, "", "openssl s_client -connect 10.77.0.2:31989 -servername httpbin.example.com"),
        ],
    )
    def test_a_handshake_that_fails_ends_in_a_command(self, patient, breaks, reason, step):
        breaks(patient)
        shown = {("httpbin.example.com", 443): LiveError("connection reset")}
        (line,) = patient.said("served", shown=shown)
        assert (line.status.value, reason in line.seen, step in line.next_step) == ("failed", True, True)

    def test_a_handshake_with_a_backend_that_a_policy_keeps_away(self, patient):
        spec = {"action": "DENY", "rules": [{"to": [{"operation": {"hosts": ["a.example.com"]}}]}]}
        metadata = {"name": "deny", "namespace": "istio-system"}
        patient.add(
            {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec}
        )
        (line,) = patient.said("served", shown={("nginx.example.com", 443): LiveError("EOF")})
        assert "AuthorizationPolicy istio-system/deny is for its pods" in line.seen
        assert line.next_step.startswith("kubectl get authorizationpolicies -n istio-system -o yaml")

    def test_a_handshake_with_a_backend_without_a_pod(self, patient):
        patient.find("EndpointSlice", "nginx")["endpoints"] = []
        (line,) = patient.said("served", shown={("nginx.example.com", 443): LiveError("EOF")})
        assert "Service default/nginx has no endpoint" in line.seen
        assert line.next_step.startswith("kubectl get pods -n default")

    def test_a_request_with_its_certificate_and_one_with_the_wrong_answer(self, patient):
        results = patient.results()
        wanted = [result.check.target.url for result in results].index("https://helloworld.example.com/hello")
        served = base64.b64decode(patient.find(SECRET, "helloworld-credential")["data"]["tls.crt"])
        answer = Answer(503, "HTTP/2", "no healthy upstream", certificate=served)
        results[wanted] = Result(results[wanted].check, answer, "curl --resolve …")
        (line,) = [line for line in patient.said("requests", results=results) if line.status.value != "ok"]
        assert line.seen.startswith("expected 200 HTTP/2, but got 503 HTTP/2 with CN=helloworld.example.com, ends 20")
        assert line.seen.endswith(": no healthy upstream")
        assert line.next_step == "curl --resolve …"

    def test_where_nothing_is_expected_there_is_nothing_to_ask(self, patient):
        ((status, _, seen),) = patient.complaints("requests", results=[])
        assert (status, seen) == ("unknown", "no object of the stack says what it expects.")
