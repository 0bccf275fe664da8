"""Programs in other languages, made and run as docs/languages.md says, in a clean folder outside the repository."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest

from istio_ingress.live.client import Identity
from tests.e2e import people
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.keys import leaks, private_keys
from tests.e2e.people import LANGUAGES, PAGE, Person, commands
from tests.e2e.stacks import Stack

# The SDKs are fetched, and built, once a run.
# It builds a language host and an SDK for each language, which takes longer than `make test` may.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def hosts() -> str:
    """The directory of the language hosts, built unless the cache has them."""
    return people.language_hosts()


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, as somebody gets it who clones it."""
    return people.clone(tmp_path_factory.mktemp("languages"))


@pytest.fixture(params=LANGUAGES)
def person(request, hosts: str, cloned: Path, namespace: str):
    """Somebody with a program in this language, whose stack is destroyed after all."""
    folder, language = cloned.parent, request.param
    own = people.environment(hosts, folder / f"state-{language}")
    domain = f"{LANGUAGES[language]}-{uuid.uuid4().hex[:6]}.example.com"
    person = Person(folder, own, domain, namespace, language)
    person.begin()
    yield person
    person.run("pulumi destroy")


def of_refused(stack: Stack) -> list[str]:
    """What of the three components that are told a generation is in the state."""
    deployment = json.loads(stack.pulumi("stack", "export"))["deployment"]
    urns = [one["urn"] for one in deployment.get("resources") or []]
    return [urn for urn in urns if re.search(":index:(TlsGateway|MutualTlsGateway|PassthroughNginx)", urn)]


def test_a_program_is_refused_created_rotated_and_destroyed_as_the_page_says(person, requests):
    stack, web, mutual = person.stack, f"httpbin.{person.domain}", f"mutual.{person.domain}"
    up, mistake, preview, right, destroy = (commands("From then on")[index] for index in (1, 2, 3, 4, 5))
    (sentence,) = re.findall(r'^error: TlsGateway "web": (.*)$', PAGE, re.MULTILINE)  # or another component's

    person.type(mistake)
    for line in (preview, "pulumi up --skip-preview"):
        refused = person.run(line)
        assert refused.returncode != 0
        assert sentence in " ".join((refused.stdout + refused.stderr).split())
        assert "Traceback" not in refused.stdout + refused.stderr
    assert of_refused(stack) == []

    person.type("pulumi config set leafGeneration 1")
    # The SDK of Node.js itself writes every value that it is given into such logs, as the page says.
    logs = "" if person.language == "TypeScript" else "--logtostderr --logflow -v=3 --debug"
    created = person.run(f"{up} {logs}")
    assert created.returncode == 0, created.stdout
    outputs = stack.outputs()
    ca, identity = outputs["caCertificate"], Identity(outputs["clientCertificate"], outputs["clientKey"])

    def ask(host, path="/status/418", **options):
        return requests.https(host, path, ca=ca, **options)

    eventually(lambda: requests.http(web, "/status/200"), lambda answer: answer.status == 200)
    eventually(lambda: ask(web), lambda answer: answer.status == 418)
    eventually(lambda: ask(mutual, identity=identity), lambda answer: answer.status == 418)
    eventually(lambda: ask(f"helloworld.{person.domain}", "/hello"), lambda answer: answer.status == 200)
    eventually(lambda: ask(f"nginx.{person.domain}", "/"), lambda answer: answer.status == 200)
    assert ask(mutual).refused

    keys = private_keys(stack)
    assert len(keys) >= 6, "an authority's, three servers', nginx's and a client's"
    said = [person.run(line) for line in ("pulumi stack export", "pulumi stack output --json", "pulumi preview --diff")]
    texts = [created.stdout, created.stderr, *(one.stdout + one.stderr for one in said)]
    assert leaks(stack, keys, *texts) == []
    assert stack.planned() == {}

    person.type(right, up)
    renewed = stack.outputs()
    assert renewed["clientKey"] != outputs["clientKey"]
    assert renewed["caCertificate"] == ca
    identity = Identity(renewed["clientCertificate"], renewed["clientKey"])
    eventually(lambda: ask(mutual, identity=identity), lambda answer: answer.status == 418)
    assert private_keys(stack) - keys

    person.type(destroy)
    kinds = "gateways.networking.istio.io,virtualservices.networking.istio.io,deployments,services,secrets"
    assert kubectl("get", kinds, f"--namespace={person.namespace}", "--output=name").split() == []
    left = kubectl("get", "secrets", "--namespace=istio-system", "--output=name")
    assert person.domain.replace(".", "-") not in left
