"""The example of a platform's stack and a team's: two environments, each stack with rights of its own."""

import json
import os
import shutil
import time
from contextlib import ExitStack

import pytest

from tests.e2e.accounts import kubeconfig, may
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.load import Load
from tests.e2e.stacks import REPOSITORY, Stack

EXAMPLE = REPOSITORY / "examples" / "platform"
SUFFIXES = {"dev": "", "staging": "-staging"}
SERVED_SECONDS = 3.0
CART = """
apiVersion: v1
kind: Service
metadata: {name: cart}
spec: {selector: {app: cart}, ports: [{name: http, port: 8000, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, labels: {app: cart}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: httpbin, image: "lab.local/go-httpbin:1", imagePullPolicy: IfNotPresent}]
"""
OTHER_TEAM = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: checkout}
spec:
  hosts: [cart.dev.shop.example]
  gateways: [platform/shop]
  http: [{directResponse: {status: 200}}]
"""


def changes(stack):
    """What an update would change; the stack that is referred to is read each time."""
    return {operation: names for operation, names in stack.planned().items() if operation != "read"}


class Environment:
    """Both stacks of one environment on one backend, each as a service account that may do what it needs."""

    def __init__(self, folder, name, requests):
        self.name, self.requests = name, requests
        self.namespaces = {part: part + SUFFIXES[name] for part in ("platform", "cart")}
        self.rights = "\n---\n".join(self._rights(part) for part in ("platform", "cart"))
        for namespace in self.namespaces.values():
            kubectl("create", "namespace", namespace)
        kubectl("apply", "--filename=-", stdin=self.rights)
        kubectl("apply", f"--namespace={self.namespaces['cart']}", "--filename=-", stdin=CART)
        self.kubeconfigs = {
            part: kubeconfig(folder / f"{namespace}.kubeconfig", namespace, f"{namespace}-stack")
            for part, namespace in self.namespaces.items()
        }
        self.platform = self._stack(folder, "platform", "platform")
        self.team = self._stack(folder, "team", "cart")

    def _rights(self, part):
        file = {"platform": "platform.yaml", "cart": "team.yaml"}[part]
        return (EXAMPLE / "rights" / file).read_text().replace(part, self.namespaces[part])

    def _stack(self, folder, part, owner):
        directory = folder / self.name / part
        shutil.copytree(EXAMPLE / part, directory)
        (folder / "state").mkdir(exist_ok=True)
        environment = os.environ | {
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_STACK": self.name,
            "KUBECONFIG": str(self.kubeconfigs[owner]),
        }
        stack = Stack(directory, self.name, environment)
        stack.pulumi("stack", "init", self.name)
        return stack

    @property
    def bundle(self):
        return self.platform.outputs()["gateway"]["ca_certificate"]

    def ask(self, host, ca):
        return self.requests.https(host, "/status/418", ca=ca)

    def load(self, host, ca):
        """Ten new connections a second."""
        return Load(lambda: self.requests.https(host, "/get", ca=ca, http2=False), per_second=10)

    def is_served(self, host):
        ca = self.bundle
        return eventually(lambda: self.ask(host, ca), lambda answer: answer.status == 418)

    def end(self):
        for stack in (self.team, self.platform):
            stack.destroy()
        kubectl("delete", "--filename=-", "--wait=false", stdin=self.rights)
        kubectl("delete", "namespace", *self.namespaces.values(), "--wait=false")


@pytest.fixture(scope="module")
def environments(tmp_path_factory, requests):
    folder = tmp_path_factory.mktemp("platform")
    with ExitStack() as ends:
        made = {}
        for name in SUFFIXES:
            made[name] = Environment(folder, name, requests)
            ends.callback(made[name].end)
            made[name].platform.up()
            made[name].team.up()
        yield made


@pytest.fixture
def dev(environments):
    return environments["dev"]


def test_each_environment_has_its_own_hosts_and_its_own_authority(environments):
    dev, staging = environments["dev"], environments["staging"]
    for environment in (dev, staging):
        assert environment.is_served(f"cart.{environment.name}.shop.example").protocol == "HTTP/2"
        nobody = environment.ask(f"blog.{environment.name}.shop.example", environment.bundle)
        assert nobody.body == "no team has this host\n"
        assert changes(environment.platform) == changes(environment.team) == {}
    assert dev.is_served("basket.dev.example")
    assert dev.ask("cart.dev.shop.example", staging.bundle).refused


def test_a_team_may_touch_neither_secrets_nor_gateways_and_its_stack_holds_no_key(dev):
    team, platform = dev.kubeconfigs["cart"], dev.kubeconfigs["platform"]
    writes = ("create", "patch", "delete")
    for where in ("cart", "platform", "istio-system"):
        assert not any(may(team, verb, "gateways.networking.istio.io", f"--namespace={where}") for verb in writes)
        assert not any(may(team, verb, "secrets", f"--namespace={where}") for verb in ("get", "list", *writes))
    assert may(platform, "create", "secrets", "--namespace=istio-system")
    assert not may(platform, "create", "virtualservices.networking.istio.io", "--namespace=cart")
    held = dev.team.pulumi("stack", "export", "--show-secrets")
    assert "cart.dev.shop.example" in held
    assert "PRIVATE KEY" not in held


def test_another_authority_takes_over_and_no_request_of_the_teams_hosts_is_lost(dev):
    hosts = ("cart.dev.shop.example", "basket.dev.example")
    first = dev.bundle
    for step in ("trust", "issue", "finished"):
        trusted = dev.bundle
        loads = [dev.load(host, trusted) for host in hosts]
        with ExitStack() as running:
            for load in loads:
                running.enter_context(load)
            dev.platform.up(ca_generation=2, ca_rollover=step)
            assert changes(dev.team) == {}
            time.sleep(SERVED_SECONDS)
        assert [load.lost(200) for load in loads] == [[], []]
        assert min(len(load.answers) for load in loads) > 10 * SERVED_SECONDS / 2
    assert dev.ask(hosts[0], first).refused
    assert dev.is_served(hosts[0])


def test_a_team_is_told_when_its_gateway_has_another_name_and_follows_with_an_update(dev):
    before = (EXAMPLE / "platform" / "__main__.py").read_text()
    dev.platform.rewrite(before.replace('"gateway_name": "shop"', '"gateway_name": "front"'))
    dev.platform.up()
    assert changes(dev.team) == {"update": ["cart-cart-dev-shop-example-routes"]}
    shown = dev.team.preview("--diff")
    assert "platform/shop" in shown
    assert "platform/front" in shown
    dev.team.up()
    dev.is_served("cart.dev.shop.example")
    dev.platform.rewrite(before)
    dev.platform.up()
    dev.team.up()
    dev.is_served("cart.dev.shop.example")


def test_a_team_is_refused_a_host_that_the_platform_no_longer_has(dev):
    dev.platform.up(domain="eu.shop.example")
    said = json.loads(dev.team.run("preview", "--json").stdout)["diagnostics"]
    assert any(
        "HostRoutes \"cart\": hosts[0].host is 'cart.dev.shop.example', but must be a name that the Gateway "
        "platform/shop admits for routes in cart: *.eu.shop.example, basket.dev.example." in one["message"]
        for one in said
    )
    dev.platform.up(domain="dev.shop.example")
    assert changes(dev.team) == {}
    dev.is_served("cart.dev.shop.example")


def test_a_team_whose_service_is_not_there_is_told_under_its_own_rights(dev):
    before = (dev.team.directory / "__main__.py").read_text()
    dev.team.rewrite(before.replace('"service": "cart"', '"service": "card"'))
    said = dev.team.fails("preview", "--config", "istio-ingress:with_cluster=true")
    dev.team.rewrite(before)
    assert "not read: pods: " in said
    assert "There is no Service 'card' in 'cart'" in said
    assert "route-service-missing" not in dev.team.preview(**{"istio-ingress:with_cluster": True})


def test_a_team_that_takes_a_host_of_another_is_told_by_its_own_preview(dev):
    config = {"istio-ingress:with_cluster": True}
    assert "Held against what lives in the cluster at https://" in (calm := dev.team.preview(**config))
    assert "not read: pods: " in calm
    kubectl("apply", "--namespace=platform", "--filename=-", stdin=OTHER_TEAM)
    said = dev.team.preview(**config)
    assert "cart.dev.shop.example" in said
    assert "VirtualService platform/checkout" in said
    kubectl("delete", "--namespace=platform", "--filename=-", stdin=OTHER_TEAM)
    assert "platform/checkout" not in dev.team.preview(**config)
