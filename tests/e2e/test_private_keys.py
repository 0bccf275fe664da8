"""Private keys after every kind of update: encrypted in the state, and nowhere else.

What is searched is the keys themselves, not words about them: see `keys.py`.
"""

import base64
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.keys import ProcessArguments, leaks, private_keys
from tests.unit.certificates import Authority

PROGRAM = """
from pathlib import Path
import pulumi
from istio_ingress import CertificateAuthority, MutualTlsGateway, Rollover, TlsGateway

config = pulumi.Config()
namespace = config.require("namespace")
files = Path(config.require("files"))
backend = {"service": "httpbin", "port": 8000}
authority = CertificateAuthority("ca", {
    "generation": config.get_int("ca_generation") or 1,
    "rollover": Rollover(config.get("rollover") or "trust"),
})
given = {
    "host": f"given.{namespace}.example.com",
    "backend": backend,
    "given_certificate": {"certificate": config.get("certificate"), "private_key": config.get_secret("key")},
}
issued = {"host": f"issued.{namespace}.example.com", "backend": backend}
web = TlsGateway("web", {
    "namespace": namespace,
    "authority": authority.issuer,
    "leaf_generation": config.get_int("leaf_generation") or 1,
    "hosts": [issued, given] if config.get("certificate") else [issued],
})
# A key as plain text, which is what a person writes who has not read about secrets.
own = {"certificate": (files / "ca.pem").read_text(), "private_key": (files / "ca-key.pem").read_text()}
mutual = MutualTlsGateway("mutual", {
    "namespace": namespace,
    "authority": authority.issuer,
    "client_authority": own,
    "hosts": [{"host": f"mutual.{namespace}.example.com", "backend": backend}],
    "clients": [{"name": "good"}, {"name": "lost"}],
    "revoked": {"clients": config.get_object("revoked") or []},
})
pulumi.export("ca", authority.bundle)
pulumi.export("crl", mutual.crl)
pulumi.export("keys", mutual.client_keys)
pulumi.export("client_key", mutual.client_keys["good"])
"""
OWN = Authority("own", days=3650)


class Watched:
    """A stack whose every update is looked at from all sides."""

    def __init__(self, stack, namespace, files):
        self.stack, self.namespace = stack, namespace
        self.keys, self.texts = {OWN.key}, []
        (files / "ca.pem").write_text(OWN.certificate)
        (files / "ca-key.pem").write_text(OWN.key)
        self.config = {"namespace": namespace, "files": str(files)}

    def up(self, **config):
        """Update with all that Pulumi says at -v=3; what leaked, and the keys that are new since."""
        self.config |= config
        options = [word for key, value in self.config.items() for word in ("--config", f"{key}={value}")]
        return self._look(["up", "--yes", "--diff", *options])

    def destroy(self):
        return self._look(["destroy", "--yes"])

    def give(self, pair):
        """Put a certificate and its key into the configuration, as the docs say: the key over standard input."""
        self.configure(pair.certificate, "certificate")
        self.configure(pair.key, "key", "--secret")
        self.keys.add(pair.key)

    def configure(self, value, *options):
        command = ["pulumi", "config", "set", *options]
        subprocess.run(
            command, input=value, text=True, cwd=self.stack.directory, env=self.stack.environment, check=True
        )

    def _look(self, command):
        before = set(self.keys)
        with ProcessArguments() as arguments:
            done = self.stack.run(*command, "--logtostderr", "--logflow", "-v=3")
            with ThreadPoolExecutor(4) as pool:
                said = [done.stdout, done.stderr, *pool.map(self._say, SAYS)]
        assert done.returncode == 0, done.stdout
        assert '"level":"INFO"' in done.stderr, "there is no log"
        self.keys |= private_keys(self.stack)
        made = {key for key in self.keys - before if "BEGIN EC PRIVATE KEY" in key}
        return leaks(self.stack, self.keys, *said) + arguments.leaks(self.keys), made

    def _say(self, command):
        done = self.stack.run(*command)
        return done.stdout + done.stderr


SAYS = [
    ("preview", "--diff"),
    ("preview", "--json"),
    ("stack", "output"),
    ("stack", "output", "--json"),
    ("stack", "export"),
    ("stack", "history", "--json"),
    ("config", "--json"),
]


@pytest.fixture(scope="module")
def watched(new_stack, namespace, tmp_path_factory):
    return Watched(new_stack(PROGRAM), namespace, tmp_path_factory.mktemp("given"))


def test_after_the_first_update(watched):
    leaking, new = watched.up()
    assert leaking == []
    assert len(new) == 5, "an authority's, two servers' and two clients'"


def test_a_clients_key_is_shown_only_to_who_asks_for_secrets(watched):
    assert watched.stack.pulumi("stack", "output", "client_key").strip() == "[secret]"
    assert watched.stack.pulumi("stack", "output", "client_key", "--show-secrets").strip() in watched.keys


def test_after_a_rotation_of_the_leaves(watched):
    leaking, new = watched.up(leaf_generation=2)
    assert leaking == []
    assert len(new) == 1


def test_after_a_new_authority_is_trusted(watched):
    leaking, new = watched.up(ca_generation=2)
    assert leaking == []
    assert len(new) == 1


def test_after_a_leaf_was_given(watched):
    shop = OWN.issue(f"given.{watched.namespace}.example.com")
    watched.give(shop)
    leaking, _ = watched.up()
    assert leaking == []
    assert shop.key.strip() in private_keys(watched.stack)


def test_after_a_given_leaf_whose_key_does_not_fit_was_refused(watched):
    host = f"given.{watched.namespace}.example.com"
    right, wrong = OWN.issue(host), OWN.issue(host)
    watched.give(wrong)
    watched.configure(right.certificate, "certificate")
    said = watched.stack.fails("preview", "--diff", "--logtostderr", "-v=3")
    assert "private_key is another certificate's" in said
    assert leaks(watched.stack, watched.keys, said) == []
    watched.give(right)


def test_after_a_client_was_revoked(watched):
    leaking, new = watched.up(revoked='["lost"]')
    assert leaking == []
    assert len(watched.stack.outputs()["crl"]) > 100
    assert new == set()


def test_after_the_end(watched):
    leaking, _ = watched.destroy()
    assert leaking == []


PLANTED = """
import base64
import pulumi
from istio_ingress import CertificateAuthority

key = pulumi.Output.unsecret(CertificateAuthority("ca", {}).private_key)
pulumi.export("planted", key if pulumi.Config().require("how") == "plain" else key.apply(
    lambda text: base64.b64encode(f"{pulumi.Config().require('how')}{text}".encode()).decode()
))
"""


@pytest.fixture(scope="module")
def leaking_stack(new_stack):
    return new_stack(PLANTED)


@pytest.mark.parametrize("how", ["plain", "", "x", "xx"], ids=["pem", "base64", "base64+1", "base64+2"])
def test_a_planted_leak_is_found(leaking_stack, how):
    said = leaking_stack.pulumi("up", "--yes", "--config", f"how={how or ' '}")
    keys = private_keys(leaking_stack)
    assert len([key for key in keys if "BEGIN EC PRIVATE KEY" in key]) == 1
    found = leaks(leaking_stack, keys, said, leaking_stack.pulumi("stack", "output", "--json"), "nothing here")
    assert {"state/.pulumi/stacks/e2e/test.json", "text 0", "text 1"} <= set(found)
    assert "text 2" not in found


def test_a_planted_key_among_a_processs_arguments_is_found():
    key = OWN.key
    with ProcessArguments() as arguments:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)", key], check=True)
    assert arguments.leaks({key}) == [sys.executable]
    assert arguments.leaks({Authority("other").key}) == []


def test_keys_are_found_in_a_states_secrets_in_base64(leaking_stack):
    assert private_keys(leaking_stack) == private_keys(_Encoded(leaking_stack))


class _Encoded:
    """A stack whose state holds its keys only as a Kubernetes Secret does."""

    def __init__(self, stack):
        self._keys = private_keys(stack)

    def pulumi(self, *_):
        return "".join(f'{{"tls.key": "{base64.b64encode(key.encode()).decode()}"}}' for key in self._keys)
